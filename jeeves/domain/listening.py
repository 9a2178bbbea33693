"""The mails of a conversation, heard one after the other: which meetings they speak of.

A model's verdict says that a mail asks to meet; the remarks say what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from jeeves.domain.conversation import Conversation, State, Turn
from jeeves.domain.draft import Draft
from jeeves.domain.meaning import ANY, CALL, SHORT, same_day, somewhere_sure
from jeeves.domain.remark import Act, Remark, Sign
from jeeves.domain.when import When

_COUNTED = re.compile(
    r"^\W*(?:no\.? ?|number |#)?([1-5])[).:]?\s+(?:is|stands|works|yes|no|ok|fine|off)\b",
    re.IGNORECASE,
)
_MONTHS = "january february march april june july august september october november december"
#: Words that tell nothing of what a meeting is about.
_COMMON = frozenset(
    f"""
    the and for you your with that this have has had are was were will would can could should shall
    not but from our all any one two out get got let lets how what when where who which there here
    then than them they his her its about just also only very too some more most other into over
    please thanks thank hello dear know see say think want need like love good great fine sure okay
    yes works work time day week next today tomorrow tonight morning afternoon evening noon monday
    tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun {_MONTHS}
    after before around until still back come meet meeting hour hours minutes way make
    """.split()
)


def fold(turns: Iterable[Turn]) -> Conversation:
    """What is known after ``turns``, in the order in which they were sent."""
    known = Conversation()
    for known in unfold(turns):  # noqa: B007  # the last one counts
        pass
    return known


def unfold(turns: Iterable[Turn]) -> Iterator[Conversation]:
    """What is known after each of ``turns``."""
    listening = _Listening()
    order: dict[str, int] = {}
    for number, turn in enumerate(turns):
        order.setdefault(turn.id, number)
        listening.hear(turn)
        meetings = tuple(draft.meeting() for draft in listening.drafts)
        settled = [one for one in meetings if one.settled_by]
        last = max(settled, key=lambda one: order[one.settled_by or ""], default=None)
        yield Conversation(meetings, last.number if last else 0)


class _Listening:
    """The meetings of one conversation while it is read."""

    def __init__(self) -> None:
        self.heard = 0
        #: A mail spoke of a meeting of other people, or of one that has been.
        self.of_others = False
        self.drafts: list[Draft] = []
        self.current: Draft | None = None

    def hear(self, turn: Turn) -> None:
        """Take a mail."""
        wanted = {draft.number for draft in self.drafts if draft.wanted}
        if not self.drafts and not turn.bulk and (quoted := turn.quoted()):
            # What was said before Jeeves listened. Nobody is told of it as news.
            self._take(turn, quoted, earlier=True)
        self._take(turn, turn.remarks, earlier=False)
        self.heard += 1
        self.of_others = self.of_others or _not_ours(turn.remarks)
        if turn.said is not None:
            self._obey(turn, wanted)
        for draft in self.drafts:
            draft.close(turn)

    def _obey(self, turn: Turn, wanted: Collection[int]) -> None:
        """Let the owner's word about a mail stand over what was made of it.

        ``wanted`` are the meetings for which a place was wanted before it.
        """
        if not turn.said:
            for draft in self.drafts:
                draft.wanted = draft.wanted and draft.number in wanted
        elif all(draft.state is not State.OPEN for draft in self.drafts):
            meant = [draft for draft in self.drafts if draft.proposed_by == turn.id]
            draft = (meant or [self.current or self._add(turn, Remark(turn.why, Act.PROPOSES))])[0]
            draft.insist()
            self.current = draft

    def _take(self, turn: Turn, remarks: Sequence[Remark], *, earlier: bool) -> None:
        touched: dict[int, list[Remark]] = {}
        before: list[Remark] = []
        self.current = self._likeliest()
        if not self.drafts and turn.needs_location and not earlier and not turn.bulk:
            bears = not self.heard or any(map(_bears, remarks))
            asks = any(Act.PROPOSES in remark.acts for remark in remarks)
            ours = not _not_ours(remarks) and (asks or not self.of_others)
            if not any(map(_begins, remarks)) and bears and ours:
                # The model has read a wish to meet where no single sentence tells of one.
                self.current = self._add(turn, Remark(turn.why, Act.PROPOSES))
        adds = len({r.paragraph for r in remarks if r.headed}) > 1
        day_told = hour_told = False
        for remark in remarks:
            if turn.bulk and not remark.calendar:
                continue
            # "One more thing." stands before what it announces.
            adds = adds or Act.ADDS in remark.acts
            begins = _begins(remark, day_told=day_told, hour_told=hour_told, adds=adds)
            day_told = day_told or bool(remark.when and remark.when.day)
            hour_told = hour_told or bool(remark.when and remark.when.at)
            draft = self._meant(turn, remark, touched, begins=begins, adds=adds)
            if draft is None:
                before.append(remark)
                continue
            if not touched and len(self.drafts) == 1 and draft.proposed_by == turn.id:
                touched[draft.number] = [
                    one for one in before if not one.places or one.paragraph == remark.paragraph
                ]
            self.current = draft
            if draft.proposed_by == turn.id:
                draft.topic |= _topic(remark)
            touched.setdefault(draft.number, []).append(remark)
        if not earlier and not turn.bulk:
            self._take_verdict(turn)
        for draft in self.drafts:
            if draft.number in touched:
                draft.hear(turn, touched[draft.number], earlier=earlier)

    def _likeliest(self) -> Draft | None:
        """The meeting that a mail speaks of unless it says otherwise."""
        for state in (State.OPEN, State.SETTLED, State.NONE, State.CANCELLED):
            if found := [draft for draft in self.drafts if draft.state is state]:
                return self.current if self.current in found else found[-1]
        return None

    def _meant(
        self,
        turn: Turn,
        remark: Remark,
        touched: Mapping[int, Sequence[Remark]],
        *,
        begins: bool,
        adds: bool,
    ) -> Draft | None:
        """The meeting that a remark speaks of; a new one where it proposes one; or None."""
        if not self.drafts:
            return self._add(turn, remark) if begins else None
        refuses = remark.acts & (Act.REFUSES_PLACE | Act.SHUTS)
        if Act.PAST in remark.acts and not (remark.when or refuses or Act.PROPOSES in remark.acts):
            return None
        current = self.current or self.drafts[-1]
        if counted := self._counted(remark):
            return counted
        if begins and self._is_new(turn, remark, current, touched, adds=adds):
            return self._add(turn, remark)
        likeness = {d.number: _likeness(d, remark, current, _when(d, touched)) for d in self.drafts}
        best = max(self.drafts, key=lambda draft: likeness[draft.number])
        if (
            Act.CANCELS in remark.acts
            and not remark.calendar
            and len(self.drafts) > 1
            and remark.when
            and best.when
            and remark.when.day
            and best.when.day
            and not same_day(best.when, remark.when)
        ):
            # Something else is off on that day.
            return None
        told = Act.PROPOSES in remark.acts or (best.kind == "" and remark.when)
        if told and best.kind in ANY and remark.kind not in ANY and remark.kind != CALL:
            best.kind = remark.kind
        return best

    def _counted(self, remark: Remark) -> Draft | None:
        """The meeting that an answer means by its number in a list: "2 is off"."""
        listed = [draft for draft in self.drafts if draft.headed]
        found = _COUNTED.match(remark.words) if len(listed) > 1 else None
        number = int(found[1]) if found else 0
        return listed[number - 1] if 0 < number <= len(listed) else None

    def _is_new(
        self,
        turn: Turn,
        remark: Remark,
        current: Draft,
        touched: Mapping[int, Sequence[Remark]],
        *,
        adds: bool,
    ) -> bool:
        """Whether a remark speaks of one more meeting."""
        kind = CALL if remark.online and remark.kind in ANY else remark.kind
        if any(same_day(_when(d, touched), remark.when) for d in self.drafts):
            return False
        spoken_of = _when(current, touched)
        known = bool(spoken_of and spoken_of.day and remark.when and remark.when.day)
        other_day = known and not same_day(spoken_of, remark.when)
        if remark.calendar:
            return other_day
        same_kind = any(d.kind == kind for d in self.drafts)
        same_mail = current.proposed_by == turn.id
        apart = not same_mail or current.paragraph != remark.paragraph or Act.ADDS in remark.acts
        placed = bool(current.place) or any(
            place.sign is not Sign.BARE and not place.refused
            for one in touched.get(current.number, ())
            for place in one.places
        )
        proposes = Act.PROPOSES in remark.acts
        moves = remark.acts & (Act.REPLACES | Act.MOVES | Act.CANCELS)
        if moves and not (Act.ADDS in remark.acts or (placed and same_mail and proposes)):
            return False
        dated = bool(remark.when and remark.when.day)
        if kind in ANY and current.kind == CALL and kind:
            return proposes
        if kind in ANY:
            fresh = proposes or (adds and dated)
            return (
                bool(kind or remark.places)
                and fresh
                and placed
                and apart
                and (adds or (same_mail and bool(remark.when or remark.places)))
            )
        if same_kind:
            return adds and apart and other_day and Act.ADDS in remark.acts
        if kind == CALL or current.kind == CALL:
            listed = adds and apart and same_mail
            return listed or other_day or (current.kind == CALL and proposes)
        if current.kind == "meeting" and not placed and not moves:
            return other_day and proposes and apart
        if current.kind in ANY and not placed:
            return adds and other_day and apart
        return (proposes or dated) and (
            (adds and apart)
            or other_day
            or (placed and proposes and (same_mail or turn.needs_location))
        )

    def _add(self, turn: Turn, remark: Remark) -> Draft:
        others = [one for one in turn.others if one.address] or [turn.sender]
        online = remark.online and remark.kind in ANY and not remark.places
        draft = Draft(
            number=len(self.drafts) + 1,
            kind=CALL if online else remark.kind,
            who=others[0] if turn.own else turn.sender,
            proposed_by=turn.id,
            by=turn.sender.address,
            paragraph=remark.paragraph,
            headed=remark.headed,
            meant=not remark.calendar and (somewhere_sure(remark) or _comes(remark)),
        )
        self.drafts.append(draft)
        return draft

    def _take_verdict(self, turn: Turn) -> None:
        """The model has read the whole mail; it knows nothing of the conversation."""
        if not turn.needs_location or _not_ours(turn.remarks):
            return
        for draft in self.drafts:
            if draft.proposed_by == turn.id and draft.kind != CALL:
                draft.wanted = True
                draft.why = draft.why or turn.why


def _when(draft: Draft, touched: Mapping[int, Sequence[Remark]]) -> When | None:
    """When a meeting is to be, by what was heard so far of the mail that is being heard, too."""
    said = (one.when for one in touched.get(draft.number, ()) if one.when and one.when.day)
    return next(said, None) or draft.when


def _likeness(draft: Draft, remark: Remark, current: Draft, at: When | None) -> float:
    """How much speaks for ``remark`` being about ``draft``."""
    kind = CALL if remark.online and remark.kind in ANY else remark.kind
    kinds = kind not in ANY and draft.kind not in ANY
    open_ = draft.state is State.OPEN
    return (
        4 * same_day(at, remark.when)
        + (3 if kinds and kind == draft.kind else 0)
        - (2 if kinds and kind != draft.kind and Act.REPLACES not in remark.acts else 0)
        + 1.5 * min(len(draft.topic & _topic(remark)), 2)
        + (1 if draft is current else 0)
        + (3 if draft.place and Act.SHUTS in remark.acts and draft.speaks_of_place(remark) else 0)
        + (0.5 if open_ and (remark.places or Act.ASKS_PLACE in remark.acts) else 0)
    )


def _topic(remark: Remark) -> set[str]:
    words = set(re.findall(r"[^\W\d_]{3,}", remark.words.lower()))
    return words - _COMMON


def _begins(
    remark: Remark, *, day_told: bool = False, hour_told: bool = False, adds: bool = False
) -> bool:
    """Whether a remark speaks of a meeting to come, so that one may be meant at all.

    ``day_told``, ``hour_told``: the mail named one before it. ``adds``: it speaks of several
    things.
    """
    if Act.OTHERS in remark.acts and Act.PROPOSES not in remark.acts:
        return False
    if Act.PAST in remark.acts and not (remark.when or Act.PROPOSES in remark.acts):
        return False
    if remark.calendar or remark.labelled:
        return True
    day = bool(remark.when and remark.when.day)
    at = bool(remark.when and remark.when.at)
    timed = at and (day or (day_told and bool(remark.places)))
    brief = len(remark.words.split()) <= SHORT
    if adds and day and (remark.kind or (at and remark.headed)):
        return True
    if remark.kind or remark.online:
        return bool(
            Act.PROPOSES in remark.acts
            or (Act.AGREES in remark.acts and (remark.when or remark.places))
            or timed
            or (remark.when and len(remark.words.split()) <= SHORT)
        )
    sure = somewhere_sure(remark)
    booked = Act.AGREES in remark.acts and day and bool(remark.places)
    proposed = at and (
        booked or (Act.PROPOSES in remark.acts and bool(remark.places or (day and brief)))
    )
    return (sure and (timed or (brief and day_told and hour_told))) or proposed


def _comes(remark: Remark) -> bool:
    """Whether somebody says when and where they will come."""
    timed = bool(remark.when and remark.when.day and remark.when.at)
    return timed and Act.PROPOSES in remark.acts and bool(remark.places)


def _bears(remark: Remark) -> bool:
    """Whether a remark bears on meeting at all."""
    return bool(remark.kind or remark.when or remark.online or Act.ASKS_PLACE in remark.acts)


def _not_ours(remarks: Sequence[Remark]) -> bool:
    """Whether all that a mail says of meeting is said of other people, or of what has been."""
    spoken = [remark for remark in remarks if _bears(remark)]
    return any(remark.acts & (Act.OTHERS | Act.PAST) for remark in spoken) and not any(
        remark.acts & (Act.PROPOSES | Act.AGREES) for remark in spoken
    )

"""One conversation: which meetings it speaks of, and whether each has a place.

The words are read elsewhere (``mail.proposal``): here what they say is folded, mail by mail, into
a state. A model's verdict says that a mail asks to meet; the remarks say what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from jeeves.domain.message import Address
from jeeves.domain.remark import Act, Place, Remark, Sign
from jeeves.domain.when import When

#: The kind of a meeting that needs no place.
CALL = "call"
#: The kind of a meeting of which nothing more is known.
ANY = frozenset({"", "meeting"})
#: An answer of at most so many words may be a place and nothing else.
_SHORT = 8
_SMALL_WORDS = frozenset(
    "the a an at in on of to my your our his her their by and or place office usual same no not".split()
)


class State(StrEnum):
    """How a meeting, or a conversation, stands."""

    #: Nothing asks for a place; calls and video meetings need none.
    NONE = "none"
    #: A meeting is wanted and no place stands.
    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Turn:
    """One mail of a conversation, read."""

    #: By which the caller knows it.
    id: str
    sender: Address
    #: To whom it was sent, the sender left out.
    others: tuple[Address, ...]
    own: bool
    #: Sent to many by a machine.
    bulk: bool
    remarks: tuple[Remark, ...]
    #: What the mails that it quotes said.
    quoted: tuple[Remark, ...] = ()
    #: A model's verdict: it asks to meet and names no place.
    needs_location: bool = False
    #: Words of the mail that made the verdict so, or "".
    why: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a conversation, after some of its mails."""

    #: 1 for the first of its conversation.
    number: int
    #: "lunch", "coffee", "visit" ... or "" where it is just a meeting.
    kind: str
    state: State
    when: When | None
    #: In the words of the mail; "" where none stands.
    place: str
    #: The other person: who asked, or who was asked by the owner.
    who: Address
    #: Message that first proposed it.
    proposed_by: str
    #: Message with which an alert was due for the first time; None where it never was.
    alert_at: str | None
    #: Message that first named the place that stands.
    settled_by: str | None
    #: How often it has become open: a place that falls through opens it again.
    opened: int
    #: Whether the owner has the next word.
    owner_owes: bool
    #: Words of the mail that say why it is open.
    why: str = ""
    #: Whether people meet by phone or video, so that ``place`` is none to go to.
    online: bool = False

    @property
    def question(self) -> str:
        """Identity of the open question within the conversation."""
        return f"{self.number}.{self.opened}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation after its mails so far."""

    meetings: tuple[Meeting, ...] = ()

    @property
    def state(self) -> State:
        """Open if any meeting is, else settled if any is, else cancelled if any was."""
        states = {meeting.state for meeting in self.meetings}
        for state in (State.OPEN, State.SETTLED, State.CANCELLED):
            if state in states:
                return state
        return State.NONE

    @property
    def open_meetings(self) -> tuple[Meeting, ...]:
        """The meetings for which a place is wanted, the first one first."""
        return tuple(one for one in self.meetings if one.state is State.OPEN)

    @property
    def settled(self) -> Meeting | None:
        """The meeting that was settled last; None where none stands settled."""
        settled = [one for one in self.meetings if one.state is State.SETTLED]
        return settled[-1] if settled else None

    @property
    def alert_at(self) -> str | None:
        """Message with which the first alert was due."""
        return next((one.alert_at for one in self.meetings if one.alert_at), None)


def fold(turns: Sequence[Turn]) -> Conversation:
    """What is known after ``turns``, in the order in which they were sent."""
    thread = _Thread()
    for turn in turns:
        thread.hear(turn)
    return Conversation(tuple(draft.meeting() for draft in thread.drafts))


@dataclass(slots=True)
class _Draft:
    """A meeting while the conversation is read."""

    number: int
    kind: str
    who: Address
    proposed_by: str
    when: When | None = None
    place: str = ""
    #: The place that was to be before the last one was refused.
    online: str = ""
    wanted: bool = False
    #: Somebody spoke of it as of something that the reader takes part in.
    meant: bool = False
    cancelled: bool = False
    opened: int = 0
    was_open: bool = False
    alert_at: str | None = None
    settled_by: str | None = None
    owner_owes: bool = False
    why: str = ""
    #: Where in the mail that proposes it.
    paragraph: int = -1
    #: Somebody asked where, and nobody has said so yet.
    asked: bool = False
    #: The message that first named each place, by its words.
    mentions: dict[frozenset[str], str] = field(default_factory=dict)
    refused: list[frozenset[str]] = field(default_factory=list)

    @property
    def state(self) -> State:
        if self.cancelled:
            return State.CANCELLED
        if self.kind == CALL and not self.place:
            return State.NONE
        if (self.place and (self.wanted or self.meant)) or (self.online and self.was_open):
            return State.SETTLED
        if self.online:
            return State.NONE
        return State.OPEN if self.wanted else State.NONE

    def meeting(self) -> Meeting:
        settled = self.state is State.SETTLED
        return Meeting(
            number=self.number,
            kind="" if self.kind == "meeting" else self.kind,
            state=self.state,
            when=self.when,
            place=(self.place or self.online) if settled else "",
            who=self.who,
            proposed_by=self.proposed_by,
            alert_at=self.alert_at,
            settled_by=self.settled_by if settled else None,
            opened=self.opened,
            owner_owes=self.owner_owes,
            why=self.why,
            online=settled and not self.place,
        )

    def settle(self, place: str, said_by: str) -> None:
        words = _words(place)
        known = next((one for one in self.mentions if _same(one, words)), None)
        if known is None:
            self.mentions[words] = said_by
            known = words
        self.place, self.online = place, ""
        self.settled_by = self.mentions[known]
        self.asked = False

    def unsettle(self) -> None:
        self.refused.append(_words(self.place))
        self.place, self.settled_by = "", None
        self.wanted = True


class _Thread:
    """The meetings of one conversation while it is read."""

    def __init__(self) -> None:
        self.heard = 0
        self.drafts: list[_Draft] = []
        self.current: _Draft | None = None

    def hear(self, turn: Turn) -> None:
        if not self.drafts and turn.quoted and not turn.bulk:
            # What was said before Jeeves listened. Nobody is told of it as news.
            self._take(turn, turn.quoted, earlier=True)
        self._take(turn, turn.remarks, earlier=False)
        if not turn.bulk:
            self._take_verdict(turn)
        self.heard += 1
        for draft in self.drafts:
            self._close(draft, turn)

    def _take(self, turn: Turn, remarks: Sequence[Remark], *, earlier: bool) -> None:
        touched: dict[int, list[Remark]] = {}
        before: list[Remark] = []
        self.current = self._likeliest()
        if not self.drafts and turn.needs_location and not earlier and not turn.bulk:
            bears = not self.heard or any(map(_bears, remarks))
            if not any(map(_begins, remarks)) and bears and not _of_others(remarks):
                # The model has read a wish to meet where no single sentence tells of one.
                self.current = self._add(turn, Remark(turn.why, Act.PROPOSES))
        adds = False
        for remark in remarks:
            if turn.bulk and not remark.calendar:
                continue
            # "One more thing." stands before what it announces.
            adds = adds or Act.ADDS in remark.acts
            draft = self._meant(turn, remark, touched, adds=adds)
            if draft is None:
                before.append(remark)
                continue
            if not touched and len(self.drafts) == 1 and draft.proposed_by == turn.id:
                touched[draft.number] = before
            if (
                Act.CANCELS in remark.acts
                and len(self.drafts) > 1
                and remark.when
                and draft.when
                and not _same_day(draft.when, remark.when)
            ):
                continue
            self.current = draft
            draft.paragraph = remark.paragraph if draft.proposed_by == turn.id else -1
            touched.setdefault(draft.number, []).append(remark)
        for draft in self.drafts:
            if draft.number in touched:
                _apply(draft, turn, touched[draft.number], earlier=earlier)

    def _likeliest(self) -> _Draft | None:
        """The meeting that a mail speaks of unless it says otherwise."""
        for state in (State.OPEN, State.SETTLED, State.NONE, State.CANCELLED):
            if found := [draft for draft in self.drafts if draft.state is state]:
                return self.current if self.current in found else found[-1]
        return None

    def _meant(
        self, turn: Turn, remark: Remark, touched: Mapping[int, Sequence[Remark]], *, adds: bool
    ) -> _Draft | None:
        """The meeting that a remark speaks of; a new one where it proposes one; or None."""
        kind = CALL if remark.online and remark.kind in ANY else remark.kind
        if not self.drafts:
            return self._add(turn, remark) if _begins(remark) else None
        if Act.PAST in remark.acts and not remark.when:
            return None
        same_day = [d for d in self.drafts if _same_day(d.when, remark.when)]
        same_kind = [d for d in self.drafts if d.kind == kind]
        current = self.current or self.drafts[-1]
        proposes = bool(remark.acts & (Act.PROPOSES | Act.AGREES)) or remark.calendar
        dated = bool(kind and remark.when and remark.when.day)
        if remark.calendar and dated and not same_day and current.when and current.when.day:
            return self._add(turn, remark)
        other_day = bool(remark.when and current.when and not _same_day(current.when, remark.when))
        placed = bool(current.place) or any(
            place.sign is not Sign.BARE and not place.refused
            for one in touched.get(current.number, ())
            for place in one.places
        )
        elsewhere = current.proposed_by != turn.id or current.paragraph != remark.paragraph
        elsewhere = elsewhere or Act.ADDS in remark.acts
        proposes = proposes or (adds and dated)
        if adds and kind and proposes and _begins(remark) and not same_day and elsewhere:
            if Act.REPLACES not in remark.acts and (placed if kind in ANY else not same_kind):
                return self._add(turn, remark)
        same_mail = current.proposed_by == turn.id
        if kind in ANY:
            if same_day:
                return same_day[-1]
            fresh = remark.acts & (Act.PROPOSES | Act.REPLACES | Act.MOVES) is Act.PROPOSES
            further = kind and same_mail and placed and fresh and not remark.places
            return self._add(turn, remark) if further else current
        if same_kind:
            by_day = [d for d in same_kind if d in same_day]
            return (by_day or same_kind)[-1]
        if Act.REPLACES in remark.acts and Act.ADDS not in remark.acts:
            return current
        if kind == CALL or current.kind == CALL:
            distinct = adds or other_day or (current.kind == CALL and proposes)
            return self._add(turn, remark) if distinct and _begins(remark) else current
        if current.kind in ANY and not (other_day and adds):
            if proposes:
                current.kind = kind
            return current
        apart = adds or other_day or (placed and same_mail and Act.PROPOSES in remark.acts)
        return self._add(turn, remark) if proposes and _begins(remark) and apart else current

    def _add(self, turn: Turn, remark: Remark) -> _Draft:
        others = [one for one in turn.others if one.address] or [turn.sender]
        draft = _Draft(
            number=len(self.drafts) + 1,
            kind=CALL
            if remark.online and remark.kind in ANY and not remark.places
            else remark.kind,
            who=others[0] if turn.own else turn.sender,
            proposed_by=turn.id,
        )
        self.drafts.append(draft)
        return draft

    def _take_verdict(self, turn: Turn) -> None:
        """The model has read the whole mail; it knows nothing of the conversation."""
        if not turn.needs_location:
            return
        for draft in self.drafts:
            if draft.proposed_by == turn.id and draft.kind != CALL and not _of_others(turn.remarks):
                draft.wanted = True
                draft.why = draft.why or turn.why

    @staticmethod
    def _close(draft: _Draft, turn: Turn) -> None:
        """What follows for ``draft`` from the mail as a whole."""
        if draft.state is not State.OPEN:
            draft.was_open = draft.was_open and draft.state is not State.CANCELLED
            return
        if not draft.was_open:
            draft.was_open = True
            draft.opened += 1
        if not turn.own and not turn.bulk and draft.alert_at is None:
            draft.alert_at = turn.id


def _begins(remark: Remark) -> bool:
    """Whether a remark speaks of a meeting to come, so that one may be meant at all."""
    if Act.OTHERS in remark.acts and Act.PROPOSES not in remark.acts:
        return False
    if Act.PAST in remark.acts and not remark.when:
        return False
    if remark.calendar:
        return True
    if remark.labelled:
        return True
    timed = bool(remark.when and remark.when.day and remark.when.at)
    if remark.kind or remark.online:
        return bool(
            Act.PROPOSES in remark.acts
            or (Act.AGREES in remark.acts and (remark.when or remark.places))
            or timed
            or (remark.when and len(remark.words.split()) <= _SHORT)
        )
    sure = any(place.sign is Sign.SURE and not place.refused for place in remark.places)
    proposed = Act.PROPOSES in remark.acts and bool(
        remark.when and remark.when.at and remark.places
    )
    return (sure and timed) or proposed


def _of_others(remarks: Sequence[Remark]) -> bool:
    """Whether all that a mail says of meeting is said of other people."""
    spoken = [remark for remark in remarks if _bears(remark)]
    return any(Act.OTHERS in remark.acts for remark in spoken) and not any(
        remark.acts & (Act.PROPOSES | Act.AGREES) for remark in spoken
    )


def _bears(remark: Remark) -> bool:
    """Whether a remark bears on meeting at all."""
    return bool(remark.kind or remark.when or remark.online or Act.ASKS_PLACE in remark.acts)


def _apply(draft: _Draft, turn: Turn, remarks: Sequence[Remark], *, earlier: bool) -> None:
    """What the remarks of one mail make of a meeting."""
    acts = Act.NOTHING
    for remark in remarks:
        acts |= remark.acts
        if remark.when is not None and _dates(draft, remark):
            draft.when = _joined(draft.when, remark.when)
    offers = any(
        Act.PROPOSES in r.acts and (r.when or Act.MOVES in r.acts) and not r.calendar
        for r in remarks
        if Act.CANCELS not in r.acts or r.when is not None
    )
    if any(r.calendar and Act.CANCELS in r.acts for r in remarks):
        offers = False
    invited = any(r.calendar and Act.PROPOSES in r.acts for r in remarks)
    off = not invited and any(Act.CANCELS in r.acts for r in remarks)
    if off and not offers:
        draft.cancelled = True
        return
    if draft.cancelled and any(
        r.calendar or r.acts & (Act.PROPOSES | Act.AGREES) and (r.when or r.places) for r in remarks
    ):
        draft.cancelled = False
    _apply_places(draft, turn, remarks)
    _apply_online(draft, turn, remarks)
    dated = any(remark.when for remark in remarks)
    draft.meant = draft.meant or any(map(_means, remarks))
    if draft.kind != CALL and any(_wants(remark, dated=dated) for remark in remarks):
        draft.wanted = True
    if Act.ASKS_PLACE in acts and not draft.place:
        draft.asked = True
        draft.wanted = draft.wanted or draft.kind != CALL
        draft.owner_owes = not turn.own
    elif not earlier and not turn.own:
        draft.owner_owes = True
    elif turn.own:
        draft.owner_owes = False


def _apply_places(draft: _Draft, turn: Turn, remarks: Sequence[Remark]) -> None:
    """Take the place that a mail names, and forget the one that it refuses."""
    answered = draft.asked
    named: Place | None = None
    for remark in remarks:
        for place in remark.places:
            words = _words(place.words)
            if draft.place and place.words.lower().startswith(("same ", "the same ")):
                continue
            if place.refused:
                if draft.place and _same(_words(draft.place), words):
                    draft.unsettle()
                draft.refused.append(words)
            elif (named is None or Act.REPLACES in remark.acts) and _counts(
                draft, remark, place, answered=answered
            ):
                if any(_same(one, words) for one in draft.refused) and not remark.calendar:
                    continue
                named = place
        if (
            Act.REFUSES_PLACE in remark.acts
            and draft.place
            and named is None
            and not any(p.refused for p in remark.places)
        ):
            draft.unsettle()
    if named is None:
        return
    if draft.place and not _same(_words(draft.place), _words(named.words)):
        replaced = any(
            named in r.places
            and (r.calendar or r.acts & (Act.REPLACES | Act.PROPOSES | Act.MOVES | Act.AGREES))
            for r in remarks
        )
        if not replaced:
            return
    if draft.kind == CALL and not draft.wanted:
        draft.kind = ""
    draft.settle(named.words, turn.id)


def _counts(draft: _Draft, remark: Remark, place: Place, *, answered: bool) -> bool:
    """Whether words for a place, found in ``remark``, say where the meeting is."""
    if remark.calendar:
        return True
    if Act.OTHERS in remark.acts and not remark.acts & (Act.PROPOSES | Act.AGREES):
        return False
    if Act.PAST in remark.acts and not remark.acts & (Act.PROPOSES | Act.AGREES):
        return False
    if place.sign is Sign.BARE:
        return answered or (draft.wanted and "?" in remark.words)
    short = len(remark.words.split()) <= _SHORT
    moves = Act.PROPOSES | Act.AGREES | Act.REPLACES | Act.MOVES
    meets = bool(remark.acts & moves or remark.when or (remark.kind and short))
    looked_for = short or (draft.state is State.OPEN and len(remark.words.split()) <= 2 * _SHORT)
    offered = "?" in remark.words and draft.state is State.OPEN
    return answered or meets or offered or (place.sign is Sign.SURE and looked_for)


def _apply_online(draft: _Draft, turn: Turn, remarks: Sequence[Remark]) -> None:
    for remark in remarks:
        if not remark.online or draft.place:
            continue
        in_person = remark.kind not in ("", "meeting", CALL)
        if in_person and Act.REPLACES not in remark.acts:
            continue
        if (
            remark.acts & (Act.PROPOSES | Act.AGREES | Act.REPLACES | Act.MOVES)
            or remark.when
            or remark.calendar
        ):
            draft.online = remark.online
            draft.settled_by = turn.id


def _dates(draft: _Draft, remark: Remark) -> bool:
    """Whether the time that a remark names is the meeting's."""
    if Act.PAST in remark.acts and not (remark.when and remark.when.at):
        return False
    answers = Act.PROPOSES | Act.AGREES | Act.MOVES | Act.REPLACES
    short = len(remark.words.split()) <= _SHORT
    return (
        draft.when is None or remark.calendar or bool(remark.acts & answers or remark.kind) or short
    )


def _means(remark: Remark) -> bool:
    """Whether a remark speaks of a meeting as of something that is to be."""
    if remark.calendar or remark.labelled:
        return True
    if Act.OTHERS in remark.acts or Act.PAST in remark.acts:
        return False
    somewhere = any(place.sign is Sign.SURE and not place.refused for place in remark.places)
    spoken = bool(remark.kind and remark.kind != CALL) or somewhere
    return (
        spoken
        and bool(remark.when or somewhere)
        and bool(remark.acts & (Act.PROPOSES | Act.AGREES) or (remark.when and remark.when.at))
    )


def _wants(remark: Remark, *, dated: bool) -> bool:
    """Whether a remark, in a mail that names a time, shows that somebody wants to meet."""
    if remark.kind == CALL or (remark.online and not remark.calendar):
        return False
    if remark.calendar:
        return Act.PROPOSES in remark.acts and not remark.online
    if remark.acts & (Act.PAST | Act.OTHERS | Act.VAGUE | Act.CANCELS):
        return False
    return Act.PROPOSES in remark.acts and bool(remark.kind) and dated


def _joined(known: When | None, said: When) -> When:
    if known is None:
        return said
    near = known.day and said.day and known.day.weekday() == said.day.weekday()
    if (
        near
        and known.day
        and said.day
        and -14 < (said.day - known.day).days <= 7
        and said.day != known.day
    ):
        # "Wednesday at four, then", of the Wednesday that was agreed on.
        return When(known.day, said.at or known.at, said.zone or known.zone)
    return known.joined(said)


def _same_day(one: When | None, two: When | None) -> bool:
    if not (one and two and one.day and two.day):
        return False
    # "Thursday", said on the Thursday itself, is read as the next one.
    return one.day == two.day or (two.day - one.day).days == 7


def _words(place: str) -> frozenset[str]:
    words = re.findall(r"[\w'’]+", place.lower())
    return frozenset(word for word in words if word not in _SMALL_WORDS) or frozenset(words)


def _same(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether two ways to say a place mean the same one."""
    return bool(one and two) and (one <= two or two <= one or len(one & two) >= 2)

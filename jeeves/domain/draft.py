"""A meeting while its conversation is read: what each mail makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from jeeves.domain.conversation import Meeting, State, Turn
from jeeves.domain.meaning import (
    CALL,
    LONG,
    SHORT,
    SMALL_WORDS,
    calls_off,
    joined,
    means,
    offers,
    same,
    wants,
    words_of,
)
from jeeves.domain.message import Address
from jeeves.domain.remark import Act, Place, Remark, Sign
from jeeves.domain.when import When

_DETAIL = re.compile(
    r"(?:\d{1,3}(?:st|nd|rd|th) floor|(?:the |your |our )?(?:main |side |front |back )?(?:entrance|"
    r"reception|lobby|"
    r"door|gate|desk|corner|foyer|car ?park|parking lot|bar|building|garden|terrace|office))",
    re.IGNORECASE,
)
_GO_ON = Act.PROPOSES | Act.AGREES | Act.REPLACES | Act.MOVES


@dataclass(slots=True)
class Draft:
    """A meeting while the conversation is read."""

    number: int
    kind: str
    who: Address
    proposed_by: str
    #: Address of whoever proposed it.
    by: str = ""
    when: When | None = None
    place: str = ""
    online: str = ""
    wanted: bool = False
    #: Somebody spoke of it as of something that the reader takes part in.
    meant: bool = False
    cancelled: bool = False
    #: How often it became open, and whether it is.
    opened: int = 0
    was_open: bool = False
    alert_at: str | None = None
    due_at: str | None = None
    settled_by: str | None = None
    owner_owes: bool = False
    why: str = ""
    #: Where in the mail that proposes it; -1 after that mail.
    paragraph: int = -1
    #: Whether it stood in a list.
    headed: bool = False
    #: Words beside which it was spoken of.
    topic: set[str] = field(default_factory=set)
    #: Somebody asked where, and nobody has said so yet.
    asked: bool = False
    #: The message that first named each place, by its words.
    mentions: dict[frozenset[str], str] = field(default_factory=dict)
    refused: list[frozenset[str]] = field(default_factory=list)

    @property
    def state(self) -> State:
        """How it stands."""
        if self.cancelled:
            return State.CANCELLED
        if self.place and (self.wanted or self.meant):
            return State.SETTLED
        if self.kind == CALL:
            return State.NONE
        if self.online:
            return State.SETTLED if self.opened else State.NONE
        return State.OPEN if self.wanted else State.NONE

    def meeting(self) -> Meeting:
        """What is known of it now."""
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
            due_at=self.due_at if self.state is State.OPEN else None,
            settled_by=self.settled_by if settled else None,
            opened=self.opened,
            owner_owes=self.owner_owes,
            why=self.why,
            online=settled and not self.place,
        )

    def hear(self, turn: Turn, remarks: Sequence[Remark], *, earlier: bool) -> None:
        """Take what ``remarks`` of a mail say; ``earlier``: of a mail that it quotes."""
        for remark in remarks:
            if remark.when is not None and self._dates(remark):
                self.when = joined(self.when, remark.when)
        was = self.wanted or self.meant or bool(self.place)
        if calls_off(remarks) and not (offers(remarks) or self._moves_online(remarks)):
            self.cancelled = was
            return
        if self._declined(turn, remarks):
            self.cancelled = True
            return
        if self.cancelled and any(
            r.calendar or (r.acts & _GO_ON and (r.when or r.places)) for r in remarks
        ):
            self.cancelled = False
        self._hear_places(turn, remarks)
        self._hear_online(turn, remarks)
        dated = any(remark.when for remark in remarks)
        self.meant = self.meant or any(map(means, remarks))
        if self.kind != CALL and any(wants(remark, dated=dated) for remark in remarks):
            self.wanted = True
        asks = any(Act.ASKS_PLACE in remark.acts for remark in remarks)
        if asks and not self.place:
            self.asked = True
            self.wanted = self.wanted or (self.kind != CALL and (self.meant or bool(self.kind)))
        if turn.own:
            self.owner_owes = False
        elif asks or not earlier:
            self.owner_owes = True

    def insist(self) -> None:
        """The owner says that it has no place, and needs one."""
        self.kind = "" if self.kind == CALL else self.kind
        self.place, self.online, self.settled_by = "", "", None
        self.wanted, self.cancelled = True, False

    def close(self, turn: Turn) -> None:
        """What follows from a mail as a whole."""
        if self.state is not State.OPEN:
            self.was_open = False
            return
        if not self.was_open:
            self.was_open = True
            self.opened += 1
            self.due_at = None
        if not turn.own and not turn.bulk and self.due_at is None:
            self.due_at = turn.id
            self.alert_at = self.alert_at or turn.id

    def _declined(self, turn: Turn, remarks: Sequence[Remark]) -> bool:
        """Whether whoever was asked says no, and nothing else."""
        if self.place or not self.wanted or self.proposed_by == turn.id:
            return False
        no = any(Act.DECLINES in r.acts and r.when is None for r in remarks)
        on = Act.PROPOSES | Act.AGREES | Act.MOVES | Act.ASKS_PLACE | Act.REFUSES_PLACE
        on |= Act.REPLACES
        goes_on = any(r.acts & on or r.places or (r.when and r.when.at) for r in remarks)
        return no and not goes_on and (turn.sender.address != self.by)

    def _dates(self, remark: Remark) -> bool:
        """Whether the time that a remark names is the meeting's."""
        if Act.PAST in remark.acts and not (remark.when and remark.when.at):
            return False
        short = len(remark.words.split()) <= SHORT
        return (
            self.when is None
            or remark.calendar
            or bool(remark.acts & _GO_ON or (remark.kind and remark.kind == self.kind))
            or short
        )

    def _moves_online(self, remarks: Sequence[Remark]) -> bool:
        return any(
            r.online
            and (r.acts & _GO_ON or (Act.CANCELS in r.acts and r.kind not in ("", "meeting")))
            for r in remarks
        )

    def _hear_places(self, turn: Turn, remarks: Sequence[Remark]) -> None:
        """Take the place that a mail names, and forget the one that it refuses."""
        elsewhere = False
        found: list[tuple[int, Place, Remark]] = []
        for remark in remarks:
            self._refuse(remark)
            if Act.REFUSES_PLACE in remark.acts and not any(p.refused for p in remark.places):
                elsewhere = True
                if self.place and not any(self._counts(remark, p) for p in remark.places):
                    self.unsettle()
            for place in remark.places:
                if self.place and place.words.lower().startswith(("same ", "the same ")):
                    continue
                if self._refused(place, remark) or not self._counts(remark, place):
                    continue
                if elsewhere and not remark.acts & (_GO_ON) and "?" not in remark.words:
                    continue
                found.append((self._worth(remark, place), place, remark))
        found = [one for one in found if not self._refused(one[1], one[2])]
        if not found:
            return
        # The first of the best.
        _, named, remark = max(found, key=lambda one: one[0])
        known = words_of(self.place)
        if self.place and not same(known, words_of(named.words)):
            changes = Act.PROPOSES | Act.REPLACES | Act.MOVES
            if _DETAIL.fullmatch(named.words) and Act.REPLACES not in remark.acts:
                # "The side entrance", of the place that stands.
                return
            meets = remark.words.lower().startswith(("see you", "let's", "meet"))
            if not (remark.calendar or remark.acts & changes or meets):
                return
        if self.kind == CALL and not self.wanted:
            if named.sign is not Sign.SURE or Act.PROPOSES not in remark.acts:
                return
            self.kind = ""
        self.settle(named.words, turn.id)

    def _refuse(self, remark: Remark) -> None:
        for place in remark.places:
            if place.refused:
                words = words_of(place.words)
                if self.place and same(words_of(self.place), words):
                    self.unsettle()
                self.refused.append(words)
        if self.place and Act.SHUTS in remark.acts and self.speaks_of_place(remark):
            known = words_of(self.place)
            again = remark.acts & _GO_ON and any(
                not p.refused and same(words_of(p.words), known) for p in remark.places
            )
            if not again:
                self.refused += [words_of(p.words) for p in remark.places]
                self.unsettle()

    def speaks_of_place(self, remark: Remark) -> bool:
        """Whether a remark holds a word of the place that stands."""
        said = set(re.findall(r"[\w'.]+", remark.words.lower()))
        known = set(re.findall(r"[\w'.]+", self.place.lower())) - SMALL_WORDS
        return bool(known & said)

    def _refused(self, place: Place, remark: Remark) -> bool:
        if place.refused:
            return True
        words = words_of(place.words)
        return not remark.calendar and any(same(one, words) for one in self.refused)

    def _counts(self, remark: Remark, place: Place) -> bool:
        """Whether words for a place, found in ``remark``, say where the meeting is."""
        if remark.calendar or remark.labelled:
            return True
        timed = bool(remark.when and remark.when.day and remark.when.at)
        beside = place.aside and not (timed and Act.PAST not in remark.acts)
        if place.refused or (beside and not remark.acts & Act.REPLACES):
            return False
        if Act.CANCELS in remark.acts and not remark.acts & (_GO_ON & ~Act.AGREES):
            # "We won't be able to meet at the Mitre."
            return False
        away = Act.OTHERS | Act.PAST
        told = self.asked and remark.when is not None
        if remark.acts & away and not (remark.acts & (Act.PROPOSES | Act.AGREES) or told):
            return False
        count = len(remark.words.split())
        offered = "?" in remark.words and self.state is State.OPEN
        if place.sign is Sign.BARE:
            return self.asked or offered
        if remark.acts & _GO_ON or (remark.when and remark.when.at):
            return True
        known_open = self.state is State.OPEN and self.opened > 0
        if remark.when or (remark.kind not in ("", CALL) and (known_open or count <= SHORT)):
            sure = place.sign is Sign.SURE and bool(remark.when and remark.when.day)
            return sure or count <= LONG or known_open
        looking = self.asked or known_open
        brief = count <= SHORT and place.sign is Sign.SURE
        return brief or (offered and known_open) or (looking and count <= LONG) or self.asked

    @staticmethod
    def _worth(remark: Remark, place: Place) -> int:
        """How well words for a place say where the meeting is, beside others of the mail."""
        return (
            8 * (remark.calendar or remark.labelled)
            + 4 * (Act.REPLACES in remark.acts)
            + 3 * bool(remark.acts & (Act.PROPOSES | Act.AGREES))
            + 2 * bool(remark.when or remark.kind)
            + int(place.sign)
        )

    def settle(self, place: str, said_by: str) -> None:
        """``place`` stands from now on."""
        words = words_of(place)
        known = next((one for one in self.mentions if same(one, words)), None)
        if known is None:
            self.mentions[words] = said_by
            known = words
        self.place, self.online = place, ""
        self.settled_by = self.mentions[known]
        self.asked = False

    def unsettle(self) -> None:
        """The place that stands will not do."""
        self.refused.append(words_of(self.place))
        self.place, self.settled_by = "", None
        self.wanted = True

    def _hear_online(self, turn: Turn, remarks: Sequence[Remark]) -> None:
        for remark in remarks:
            if not remark.online or self.place or Act.PAST in remark.acts:
                continue
            instead = remark.acts & (Act.REPLACES | Act.CANCELS)
            if remark.kind not in ("", "meeting", CALL) and not (instead or remark.calendar):
                continue
            brief = len(remark.words.split()) <= LONG
            if remark.acts & (_GO_ON | Act.CANCELS) or remark.when or remark.calendar or brief:
                if not self.online:
                    self.settled_by = turn.id
                self.online = remark.online

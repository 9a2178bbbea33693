"""What one sentence of a mail says about a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from jeeves.domain.when import When


class Act(Flag):
    """What a sentence does, beside naming things; it may do several at once."""

    NOTHING = 0
    #: Proposes to meet, or asks for a time to.
    PROPOSES = auto()
    #: Takes a proposal, or confirms what was agreed.
    AGREES = auto()
    #: Says no to a proposal, or cannot come.
    DECLINES = auto()
    #: Calls off what was agreed.
    CANCELS = auto()
    #: Another time, which may or may not be named.
    MOVES = auto()
    ASKS_PLACE = auto()
    #: The place that was named will not do.
    REFUSES_PLACE = auto()
    #: Instead of what was said before.
    REPLACES = auto()
    #: Speaks of what has been.
    PAST = auto()
    #: Polite, with no intention that can be acted on.
    VAGUE = auto()
    #: Of a meeting of other people.
    OTHERS = auto()
    #: One more meeting beside that which was spoken of.
    ADDS = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Words for a place, as they stand in a mail."""

    words: str
    #: Named as one that will not do.
    refused: bool = False
    #: Certainly a place to meet by its words alone; others count where one is looked for.
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence, as far as it bears on meeting."""

    words: str
    acts: Act
    #: "lunch", "call" ... or "".
    kind: str = ""
    when: When | None = None
    places: tuple[Place, ...] = ()
    #: "Zoom", "call" ... where it says that people meet without coming together; or "".
    online: str = ""
    #: From the mail's calendar part.
    calendar: bool = False

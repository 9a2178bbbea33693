"""What one sentence of a mail says about a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, IntEnum, auto

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
    #: Some place will not do; which one, its words tell.
    SHUTS = auto()


class Sign(IntEnum):
    """How much its words tell that something is a place to meet."""

    #: A name that stands by itself: a place where one was asked for.
    BARE = 0
    #: Where people look for one: "how about ...", "... works".
    LIKELY = 1
    #: Wherever people speak of meeting: "at ...", "my office", an address.
    SURE = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Words for a place, as they stand in a mail."""

    words: str
    #: Named as one that will not do.
    refused: bool = False
    sign: Sign = Sign.SURE
    #: Told of something else: "my glove is at the rink".
    aside: bool = False


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
    #: A line such as "Where: the library", in a mail that tells the day, too.
    labelled: bool = False
    #: Number of its paragraph: people change the subject between two of them.
    paragraph: int = 0
    #: Its paragraph is a point of a list, or begins with a heading.
    headed: bool = False

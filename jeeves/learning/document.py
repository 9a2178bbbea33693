"""What both training and serving read of a mail; of the standard library and our own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

from jeeves.domain.message import Message
from jeeves.learning.frames import GATHERING, frames_of, terms_of
from jeeves.learning.pairs import pairs_of
from jeeves.learning.tokens import Sentence, sentences
from jeeves.mail.invitation import EVENT

#: Raised whenever ``document`` answers differently for any mail: models made before are refused.
DOCUMENT_VERSION = 4
#: Characters of own words that are read at most, from their top and from their end: what asks to
#: meet opens a mail or closes it. To read 4,000 from the top took longer and judged no better.
TOP_LIMIT = 1_500
END_LIMIT = 500
TEXT_LIMIT = TOP_LIMIT + END_LIMIT
#: Characters of the answered or forwarded mail that are read below own words.
QUOTED_LIMIT = 400
#: Below own words that are longer than this nothing is looked for.
_SEARCHED = 8_000
#: Own words shorter than this are a bare forward: the forwarded mail speaks instead.
BARE_FORWARD = 20

_ANSWER_MARKS = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|sv|tr|rv|r|i|antw|vs|ynt|odp|res|enc|vb|fw)\s*(?:\[\d+\])?\s*:\s*)+",
    re.IGNORECASE,
)
NO_PLACE = "an invitation without a place"
PLACE = "an invitation with a place"
LINK = "an invitation with a link"
CANCELLED = "a cancelled invitation"
ANSWER = "an answer to an invitation"
#: All that calendar entries can say.
FACTS = (NO_PLACE, PLACE, LINK, CANCELLED, ANSWER)

#: Words of a sentence that speaks of a meeting; what is set apart in ``Document.meeting``.
MEETING = frozenset(
    "meet meeting meetings lunch dinner breakfast coffee drink drinks beer beers interview visit "
    "mtg mtgs".split()
)
MEETING_PAIRS = frozenset(
    {
        *(("get", "together"), ("happy", "hour"), ("come", "by"), ("stop", "by"), ("see", "you")),
        *(("join", "us"), ("join", "me"), ("join", "you")),
    }
)
_FIRST = frozenset(first for first, _ in MEETING_PAIRS)


@dataclass(frozen=True, slots=True)
class Document:
    """A mail as it is vectorized: tokens joined by blanks."""

    #: Subject and own words.
    text: str
    #: The sentences that speak of a meeting, of these and of the head of the quoted mail.
    meeting: str
    #: Conjunctions of frames in all of them, each once; see ``frames``.
    frames: str
    #: The same of subject and own words alone: what a quoted mail asks is not asked again.
    own_frames: str
    #: Pairs of words near each other in subject and own words; see ``pairs``.
    pairs: str
    #: What its calendar entries say, by name, where it holds.
    facts: Mapping[str, float]
    #: Words that stand in the mail as names, in lower case: not to be learned.
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reading:
    """A mail taken apart, before it is made a Document."""

    #: Subject, own words, the head of the quoted mail.
    sentences: tuple[Sentence, ...]
    #: How many of them are no quotation.
    own: int
    #: Calendar events: (kind, whether a place is named, whether a link is).
    events: tuple[tuple[str, bool, bool], ...]

    @cached_property
    def masks(self) -> tuple[int, ...]:
        """The frames of each sentence."""
        return tuple(frames_of(one.tokens) for one in self.sentences)

    @property
    def tokens(self) -> list[str]:
        """The tokens of subject and own words, in order."""
        return list(chain.from_iterable(one.tokens for one in self.sentences[: self.own]))

    @cached_property
    def meeting(self) -> list[str]:
        """The tokens of the sentences that speak of a meeting."""
        spoken = (one.tokens for one in self.sentences if speaks_of_meeting(one.tokens))
        return list(chain.from_iterable(spoken))

    @property
    def frames(self) -> tuple[set[str], set[str]]:
        """The conjunctions of frames in all of it, and those in subject and own words."""
        whole = terms_of(self.masks)
        return whole, whole if self.own == len(self.masks) else terms_of(self.masks[: self.own])

    @property
    def pairs(self) -> list[str]:
        """The pairs of words in the sentences of subject and own words that tell of a gathering."""
        return list(chain.from_iterable(self.paired))

    @cached_property
    def paired(self) -> list[list[str]]:
        """The same of each sentence of subject and own words; none where it tells of none."""
        own = zip(self.sentences[: self.own], self.masks, strict=False)
        return [pairs_of(one.tokens) if mask & GATHERING else [] for one, mask in own]

    @property
    def names(self) -> frozenset[str]:
        """The words that stand as names, in lower case."""
        return frozenset(
            part
            for one in self.sentences
            for token, word in zip(one.tokens, one.words, strict=True)
            if token in ("xxname", "xxabbr")
            for part in word.lower().split()
        )

    @property
    def facts(self) -> dict[str, float]:
        """What the calendar entries of the mail say, where it holds: 1."""
        asked = [event for event in self.events if event[0] in ("Invitation", "Other proposal")]
        somewhere = any(place for _, place, _ in asked)
        online = any(link for _, _, link in asked) and not somewhere
        kinds = {kind for kind, _, _ in self.events}
        return {
            name: 1.0
            for name, holds in (
                (NO_PLACE, bool(asked) and not somewhere and not online),
                (PLACE, somewhere),
                (LINK, online),
                (CANCELLED, "Cancelled" in kinds),
                (ANSWER, "Answer" in kinds),
            )
            if holds
        }


def document(message: Message) -> Document:
    """What the model reads of ``message``; at most ``TEXT_LIMIT`` characters of its own words."""
    reading = read(message)
    frames, own_frames = reading.frames
    return Document(
        text=" ".join(reading.tokens),
        meeting=" ".join(reading.meeting),
        frames=" ".join(sorted(frames)),
        own_frames=" ".join(sorted(own_frames)),
        pairs=" ".join(reading.pairs),
        facts=reading.facts,
        names=reading.names,
    )


def read(message: Message) -> Reading:
    """The sentences of ``message`` with what they speak of."""
    own = message.own_words[:_SEARCHED].strip()
    below = _below(message.body[: 2 * _SEARCHED], own) if len(own) < _SEARCHED else ""
    own, events = _without_events(own)
    if not events:
        below, events = _without_events(below)
    subject = _ANSWER_MARKS.sub("", message.subject[:500])
    if len(own) < BARE_FORWARD:
        words, quoted = f"{own}\n\n{below}"[:TEXT_LIMIT], ""
    else:
        words, quoted = _top_and_end(own), below[:QUOTED_LIMIT]
    written = (*sentences(subject), *sentences(words))
    found = (*written, *sentences(quoted))
    return Reading(
        sentences=found,
        own=len(written),
        events=tuple(events),
    )


def speaks_of_meeting(tokens: Sequence[str]) -> bool:
    """Whether a sentence of these tokens speaks of a meeting."""
    if not MEETING.isdisjoint(tokens):
        return True
    if _FIRST.isdisjoint(tokens):
        return False
    return any(pair in MEETING_PAIRS for pair in pairwise(tokens))


def _without_events(text: str) -> tuple[str, list[tuple[str, bool, bool]]]:
    """``text`` without the lines that tell of calendar events, but with their titles."""
    events: list[tuple[str, bool, bool]] = []

    def told(found: re.Match[str]) -> str:
        lines = found["lines"]
        events.append((found["kind"], "\nWhere: " in lines, "\nLink: " in lines))
        return found["summary"]

    if any(line in text for line in ("\nWhen: ", "\nWhere: ", "\nLink: ")):
        text = EVENT.sub(told, text)
    return text, events


def _top_and_end(own: str) -> str:
    if len(own) <= TEXT_LIMIT:
        return own
    return f"{own[:TOP_LIMIT]}\n\n{own[-END_LIMIT:]}"


def _below(body: str, own: str) -> str:
    """What ``body`` holds beside the own words."""
    if not own:
        return body.strip()
    before, found, after = body.partition(own)
    if found:
        return f"{before}\n{after}".strip()
    written = {line.strip() for line in own.splitlines()}
    return "\n".join(line for line in body.splitlines() if line.strip() not in written).strip()

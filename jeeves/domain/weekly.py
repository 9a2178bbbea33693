"""The weekly digest: what it says on each channel.

It says of a mail only what its channel was told before: the alerts of the week. Mails of which
Jeeves is unsure were never told, so they are counted and nothing more; `jeeves ask` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jeeves.domain.alert import Channel
from jeeves.domain.outbox import LEAST_HEAD, MOST_SEGMENTS
from jeeves.domain.sms import EACH_SEGMENT, segments, shortened
from jeeves.domain.watching import ToldText, counted

#: As many as two segments hold at most.
MOST_CHARACTERS = MOST_SEGMENTS * EACH_SEGMENT
#: One that could not be made for so long, by a machine that slept, is not made any more; one that
#: was made has until then to arrive, and a night more.
OF_USE = timedelta(hours=36)
EXPIRES = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class WeekTold:
    """What a digest tells."""

    #: The line about the week (`jeeves.domain.watching.Watch.line`), or why there is none.
    line: str
    #: The alerts of the week on the channel of the digest, oldest first.
    alerts: Sequence[ToldText]
    #: Mails of the week of which Jeeves is unsure and the owner has said nothing.
    unsure: int


def weekly_text(told: WeekTold, channel: Channel, reference: str) -> str:
    """What the digest says on a channel.

    A text message has at most two segments, the reference last; ALERT_URLS take all alerts in full;
    aloud it is counts alone.
    """
    # no letter of the alphabet of text messages, and nothing to be said aloud
    line = told.line.replace("`", "")
    asked = f"{counted(told.unsure, 'mail')} unsure: jeeves ask" if told.unsure else "none unsure"
    head = f"Your {line}; {asked}."
    if channel is Channel.SPEECH:
        return head
    texts = [alert.words for alert in told.alerts]
    if channel is Channel.URL:
        return "\n".join([head, *(f"- {text}" for text in texts), reference])
    ways = _by_length(head, texts, reference)
    return next(text for text in ways if segments(text) <= MOST_SEGMENTS)


def _by_length(head: str, texts: Sequence[str], reference: str) -> Iterator[str]:
    """The ways to say it in one text message, the fullest first."""
    longest = min(max(map(len, texts), default=0), MOST_CHARACTERS)
    for each in range(max(longest, LEAST_HEAD), LEAST_HEAD - 1, -1):
        listed = f" Told: {_listed(texts, each)}" if texts else ""
        yield f"{head}{listed} {reference}"
    for count in range(len(texts) - 1, 0, -1):
        rest = f"; and {len(texts) - count} more"
        yield f"{head} Told: {_listed(texts[:count], LEAST_HEAD)}{rest} {reference}"
    for length in range(min(len(head), MOST_CHARACTERS), 0, -1):
        yield f"{shortened(head, length)} {reference}"
    yield reference


def _listed(texts: Iterable[str], each: int) -> str:
    return "; ".join(shortened(text, each) for text in texts)

"""How the model does on the mail of now: drift, what the owner says of its alerts, what it missed.

Nothing here is of a mail but ids and counts. Only mail from other people counts, mass mail left
out, and what was imported from disk; its time is when it was received.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Protocol

from jeeves.domain.alert import Channel
from jeeves.domain.drift import Drift, Scores, Words
from jeeves.domain.message import Message
from jeeves.domain.verdict import Label

WEEK = timedelta(days=7)
#: What a week is compared with: as long before it.
BEFORE = timedelta(weeks=12)
#: How far back answers to alerts count, and meetings that were missed.
ANSWERED_WITHIN = timedelta(days=90)
MISSED_WITHIN = timedelta(days=30)
#: Mails of either side of which the words are looked up.
SAMPLED = 300
#: Name of the heartbeat that a week's line writes; the line is its detail.
WATCHED_BEAT = "watched"
ADVICE = "`jeeves ask` and `jeeves retrain` help"


@dataclass(frozen=True, slots=True)
class SaidAlert:
    """A message of which the owner was told that it needs a place."""

    message_id: int
    said_at: datetime
    #: What the owner says of it now; None where nothing is said.
    label: Label | None


@dataclass(frozen=True, slots=True)
class ToldText:
    """An alert as it was told."""

    reference: str
    text: str

    @property
    def words(self) -> str:
        """Without the reference, and without the link behind it."""
        return " ".join(self.text.partition(self.reference)[0].split())


@dataclass(frozen=True, slots=True)
class Answers:
    """What the owner says of alerts, each message counted once."""

    alerts: int
    right: int
    #: Short ids of the messages that need no place.
    needless: tuple[int, ...] = ()

    @classmethod
    def of(cls, said: Iterable[SaidAlert]) -> Answers:
        """Of these alerts."""
        said = list(said)
        return cls(
            alerts=len(said),
            right=sum(one.label is Label.NEEDS_LOCATION for one in said),
            needless=tuple(one.message_id for one in said if one.label is Label.OTHER),
        )

    @property
    def answered(self) -> int:
        """Alerts of which the owner says anything."""
        return self.right + len(self.needless)

    @property
    def precision(self) -> float | None:
        """Of the answered ones the share that is right; None where none is answered.

        Whoever answers chooses which, so it is not that of all alerts.
        """
        return self.right / self.answered if self.answered else None

    def in_words(self) -> str:
        """One clause."""
        if not self.alerts:
            return "no alerts"
        told = f"{counted(self.alerts, 'alert')} ("
        if not self.answered:
            return f"{told}none answered)"
        return f"{told}{self.answered} answered: {self.right} right, {len(self.needless)} needless)"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "alerts": self.alerts,
            "unanswered": self.alerts - self.answered,
            "right": self.right,
            "needless": list(self.needless),
            "precision": self.precision,
        }


class FoundBy(StrEnum):
    """How it came out that a mail should have been told."""

    #: Its conversation settled on a place without an alert.
    MEETING = "meeting"
    #: The owner says so.
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Unalerted:
    """A conversation that may have been missed: nobody was told of it."""

    account: str
    thread_key: str
    found_by: FoundBy
    found_at: datetime
    #: The labelled message; None where the conversation settled.
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A message that should have been told and was not."""

    message_id: int
    found_by: FoundBy
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days beside the twelve weeks before."""

    until: datetime
    #: Mails with a verdict, of whichever model.
    judged: int
    answers: Answers
    #: How many missed ones were found.
    missed: int
    scores: Scores
    words: Words

    def counts(self) -> dict[str, Any]:
        """For a log: numbers only."""
        return {
            "judged": self.judged,
            "alerts": self.answers.alerts,
            "right": self.answers.right,
            "needless": len(self.answers.needless),
            "missed": self.missed,
            "scores": self.scores.drift.value,
            "words": self.words.drift.value,
        }


@dataclass(frozen=True, slots=True)
class Watch:
    """All figures, for the line of the week and for reports."""

    #: Version of the model whose scores and words are compared.
    model: str
    week: Week
    #: Of the alerts of ANSWERED_WITHIN.
    answers: Answers
    #: Found within MISSED_WITHIN, the newest first.
    missed: tuple[Missed, ...]
    #: Words of the week's mails that the model does not know, the most frequent first: they are
    #: the mail's, for the owner's eyes only, and no part of ``as_dict``.
    unknown: tuple[str, ...] = field(default=(), repr=False)

    def line(self, zone: tzinfo | None = None) -> str:
        """The week in one line of counts; ``zone``: the owner's, else this machine's."""
        week, until = self.week, self.week.until.astimezone(zone)
        parts = [
            f"{counted(week.judged, 'mail')} judged, {week.answers.in_words()}, "
            f"{week.missed} missed found later"
        ]
        if self.answers.answered:
            parts.append(
                f"{self.answers.right} of {counted(self.answers.answered, 'answer')} in "
                f"{ANSWERED_WITHIN.days} days right"
            )
        drift = f"{week.scores.in_words()}, {week.words.in_words()}"
        changed = Drift.CHANGED in (week.scores.drift, week.words.drift)
        parts.append(f"{drift}: {ADVICE}" if changed else drift)
        return f"week to {until.day} {until:%b}: {'; '.join(parts)}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON and reports: ids and counts."""
        return {
            "model": self.model,
            "until": self.week.until.isoformat(),
            "judged": self.week.judged,
            "answers_of_week": self.week.answers.as_dict(),
            "answers": self.answers.as_dict(),
            "missed_of_week": self.week.missed,
            "missed": [
                {
                    "message": one.message_id,
                    "found_by": one.found_by.value,
                    "found_at": one.found_at.isoformat(),
                }
                for one in self.missed
            ],
            "scores": self.week.scores.as_dict(),
            "words": self.week.words.as_dict(),
        }


def counted(number: int, thing: str) -> str:
    """A number of things: "1 mail", "2,300 mails"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


class WatchStore(Protocol):
    """The database as far as watching goes. ``account``: None for all."""

    def judged_between(
        self, account: str | None, since: datetime, until: datetime
    ) -> Mapping[str, Sequence[int]]:
        """Mails received then, by the model of their newest verdict, in each bin of CUTS."""
        ...

    def alerts_said(
        self, account: str | None, since: datetime, until: datetime
    ) -> Sequence[SaidAlert]:
        """The messages with alerts that were said then, the newest first, each once."""
        ...

    def told_between(
        self, account: str, channel: Channel, since: datetime, until: datetime
    ) -> Sequence[ToldText]:
        """The alerts that a channel said then, by itself or in a digest, the oldest first."""
        ...

    def unsure_between(self, account: str, since: datetime, until: datetime) -> int:
        """Mails received then of which the verdict is unsure and the owner says nothing."""
        ...

    def unalerted(
        self, account: str | None, since: datetime, until: datetime
    ) -> Sequence[Unalerted]:
        """Conversations nobody was told of, of mail received then, that may have been missed.

        Those that settled on a place, and those of which the owner labelled a mail; what was
        found out last comes first.
        """
        ...

    def sampled(
        self, account: str | None, since: datetime, until: datetime, limit: int
    ) -> Iterator[Message]:
        """Mails received then; of more than ``limit`` so many, evenly spread over the time."""
        ...

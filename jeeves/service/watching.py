"""Jeeves watches itself: the figures, and one line about them a week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

import structlog

from jeeves.domain.alert import why_withheld
from jeeves.domain.conversation import Meeting, State
from jeeves.domain.drift import CUTS, Scores, Vocabulary, Words
from jeeves.domain.listening import fold
from jeeves.domain.ports import Clock, Scorer, Store
from jeeves.domain.verdict import Label
from jeeves.domain.watching import (
    ANSWERED_WITHIN,
    BEFORE,
    MISSED_WITHIN,
    SAMPLED,
    WATCHED_BEAT,
    WEEK,
    Answers,
    FoundBy,
    Missed,
    Unalerted,
    Watch,
    Week,
)
from jeeves.errors import ModelError
from jeeves.service.deciding import turn
from jeeves.service.hearing import heard_of

log = structlog.get_logger()

#: How often a daemon looks whether a week is over.
LOOK_EVERY = timedelta(hours=1)
#: Unknown words that are kept.
WORDS_KEPT = 10


def watch(store: Store, scorer: Scorer, now: datetime, account: str | None = None) -> Watch:
    """All figures as they are now, of an account or of all.

    Raises:
        StoreError: the database cannot be read.
    """
    week_from = now - WEEK
    said = store.alerts_said(account, now - ANSWERED_WITHIN, now)
    missed = missed_within(store, now, account)
    judged = store.judged_between(account, week_from, now)
    judged_before = store.judged_between(account, week_from - BEFORE, week_from)
    seen: Counter[str] = Counter()
    words = Words(
        _vocabulary(store, scorer, account, week_from, now, seen),
        _vocabulary(store, scorer, account, week_from - BEFORE, week_from, Counter()),
    )
    week = Week(
        until=now,
        judged=sum(map(sum, judged.values())),
        answers=Answers.of(one for one in said if one.said_at > week_from),
        missed=sum(one.found_at > week_from for one in missed),
        scores=Scores(
            _bins(judged, scorer.version),
            _bins(judged_before, scorer.version),
            (_of_others(judged, scorer.version), _of_others(judged_before, scorer.version)),
        ),
        words=words,
    )
    unknown = tuple(word for word, _ in seen.most_common(WORDS_KEPT))
    return Watch(scorer.version, week, Answers.of(said), missed, unknown)


def missed_within(store: Store, now: datetime, account: str | None = None) -> tuple[Missed, ...]:
    """The mails of the last 30 days that should have been told and were not, newest first.

    They are those that the owner labelled so, and those with which somebody else proposed to meet
    in person, without a place, in a conversation that later settled on one. No alert of the
    conversation was said, is still to be, or was dropped because it was settled or muted: it failed
    or expired, or there was none.

    What it cannot see: meetings whose place was agreed on elsewhere, by phone or across a table;
    those whose conversation is not understood, or in which the first word of the meeting that is
    understood is the owner's, or names the place; a second meeting of a conversation that alerted
    about the first. What is taken for a place and is none is counted, wrongly.
    """
    found: dict[tuple[str, str], Missed] = {}
    for one in store.unalerted(account, now - MISSED_WITHIN, now):
        message_id = one.message_id or _proposed_by(store, one)
        key = (one.account, one.thread_key)
        if message_id is not None and (key not in found or one.found_by is FoundBy.LABEL):
            found[key] = Missed(message_id, one.found_by, one.found_at)
    return tuple(sorted(found.values(), key=lambda one: one.found_at, reverse=True))


def say_weekly(
    account: str,
    store: Store,
    load_scorer: Callable[[], Scorer],
    now: datetime,
    zone: tzinfo | None = None,
) -> str | None:
    """The line about an account if a week is over since the last one; it is logged, and kept.

    Of the first look only the time is kept: the first line comes a week later. Where no model can
    be served there is none yet; that is told elsewhere.

    Raises:
        StoreError: the database cannot be used; the next look tries again.
    """
    last = store.heartbeats().get((account, WATCHED_BEAT))
    if last is None:
        store.beat(account, WATCHED_BEAT, now)
        return None
    if abs(now - last[0]) < WEEK:
        return None
    try:
        scorer = load_scorer()
    except ModelError as exc:
        log.info("not watched", error=str(exc))
        return None
    found = watch(store, scorer, now, account)
    line = found.line(zone)
    # Another process may have said it meanwhile.
    if store.beat(account, WATCHED_BEAT, now, line) != last[0]:
        return None
    log.info("watched", line=line, **found.week.counts())
    return line


@dataclass(slots=True)
class Weekly:
    """The same for a process that goes on: the database is asked once an hour at most."""

    account: str
    clock: Clock
    zone: tzinfo | None = None
    _looked_at: datetime | None = field(init=False, default=None)

    def say_if_due(self, store: Store, scorer: Scorer) -> None:
        """As `say_weekly`."""
        now = self.clock()
        if self._looked_at is None or abs(now - self._looked_at) >= LOOK_EVERY:
            self._looked_at = now
            say_weekly(self.account, store, lambda: scorer, now, self.zone)


def _bins(judged: Mapping[str, Sequence[int]], model: str) -> tuple[int, ...]:
    return tuple(judged.get(model, [0] * (len(CUTS) + 1)))


def _of_others(judged: Mapping[str, Sequence[int]], model: str) -> int:
    return sum(sum(bins) for name, bins in judged.items() if name != model)


def _vocabulary(
    store: Store,
    scorer: Scorer,
    account: str | None,
    since: datetime,
    until: datetime,
    seen: Counter[str],
) -> Vocabulary:
    """Of a sample of mails; in how many of them each unknown word stands is added to ``seen``."""
    counts = []
    for message in store.sampled(account, since, until, SAMPLED):
        unknown, words = scorer.unknown(message)
        counts.append((len(unknown), words))
        seen.update(set(unknown))
    return Vocabulary.of(counts)


def _proposed_by(store: Store, one: Unalerted) -> int | None:
    """The mail of a settled conversation that should have been told; None where none should."""
    thread = store.thread(one.account, one.thread_key)
    stored = {str(mail.id): mail for mail in thread.messages}
    conversation = fold(
        turn(mail.message, str(mail.id), needs_location=mail.needs_location, said=mail.said)
        for mail in heard_of(thread)
    )
    for meeting in conversation.meetings:
        proposal = stored.get(meeting.proposed_by)
        if proposal is None or not _settled_later(meeting) or proposal.label is Label.OTHER:
            continue
        # What was old when it came may never be told.
        if why_withheld(proposal.message, proposal.message.received_at) is None:
            return proposal.id
    return None


def _settled_later(meeting: Meeting) -> bool:
    """Whether people meet in a place that another mail named than the one that proposed it."""
    settled = meeting.state is State.SETTLED and not meeting.online and bool(meeting.place)
    return settled and meeting.settled_by not in (None, meeting.proposed_by)

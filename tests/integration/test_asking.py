"""Which stored mails are asked about, on a real Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Message, Unreadable
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Label
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.scorer import TableScorer
from jeeves.learning.serving import Shelf, load_scorer
from jeeves.modelling import starter_models
from jeeves.service.asking import AGE, LATELY, choose
from tests.builders import ACCOUNT, a_message, a_verdict
from tests.model.small_corpus import NEEDS_LOCATION

#: What is labelled is dated by the database.
NOW = datetime.now(UTC)


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(migrated_url)) as store:
        yield store


@pytest.fixture(scope="module")
def scorer() -> TableScorer:
    return load_scorer([Shelf(starter_models(), Pin(STARTER_MANIFEST_SHA256))]).scorer


def judged(store: PostgresStore, *messages: Message) -> list[int]:
    """Ids of messages that are stored and judged, in their order."""
    store.ingest(ACCOUNT, messages, None)
    ids = [one.id for one in store.unjudged(ACCOUNT, 1000)]
    store.record([Judgement(one, a_verdict(0.1)) for one in ids])
    return ids


def mails(number: int) -> list[Message]:
    return [
        a_message(subject=subject, body=text, own_words=text, received_at=NOW)
        for subject, text in NEEDS_LOCATION[:number]
    ]


def said(message_id: int, label: Label | None = Label.OTHER) -> Word:
    return Word(message_id, label, Source.COMMAND)


def test_only_unlabelled_judged_mail_of_others_is_asked_about(
    store: PostgresStore, scorer: TableScorer
) -> None:
    asked_about = a_message(received_at=NOW)
    labelled, withdrawn, *_ = judged(
        store,
        a_message(received_at=NOW),
        a_message(received_at=NOW),
        a_message(received_at=NOW, own=True),
        a_message(received_at=NOW, bulk=True),
        a_message(received_at=NOW, body=" \n\t", own_words=""),
        asked_about,
    )
    store.teach([said(labelled), said(withdrawn)])
    store.teach([said(withdrawn, None)])
    unreadable = Unreadable(ACCOUNT, asked_about.origin, "INBOX", 9, 1, "99", "d", NOW, "broken")
    draft = a_message(received_at=NOW, labels=("\\Draft",))
    store.ingest(ACCOUNT, [unreadable, draft, a_message(received_at=NOW)], None)
    found = choose(store, scorer, NOW, 5)
    assert {one.id for one in found} == {withdrawn, withdrawn + 4}
    assert asked_about in [one.message for one in found]
    assert {one.verdict.score.model for one in found} == {scorer.version}


def test_without_any_mail_nothing_is_asked(store: PostgresStore, scorer: TableScorer) -> None:
    assert choose(store, scorer, NOW, 5) == []


def test_of_a_conversation_one_mail_is_asked_about(
    store: PostgresStore, scorer: TableScorer
) -> None:
    thread = [
        a_message(thread_key="gm:7", received_at=NOW, subject=subject, body=text, own_words=text)
        for subject, text in NEEDS_LOCATION[:8]
    ]
    judged(store, *thread)
    assert len(choose(store, scorer, NOW, 5)) == 1


def test_older_mail_is_asked_about_where_there_is_too_little(
    store: PostgresStore, scorer: TableScorer
) -> None:
    old = a_message(received_at=NOW - AGE - timedelta(days=1))
    judged(store, old, *mails(3))
    assert old not in [one.message for one in choose(store, scorer, NOW, 3)]
    assert old in [one.message for one in choose(store, scorer, NOW, 4)]


def test_conversations_labelled_lately_come_last(store: PostgresStore, scorer: TableScorer) -> None:
    several = [
        a_message(
            thread_key=f"gm:{number // 2}", received_at=NOW, subject=subject, body=text,
            own_words=text,
        )
        for number, (subject, text) in enumerate(NEEDS_LOCATION[:16])
    ]  # fmt: skip
    ids = judged(store, *several)
    store.teach([said(message_id) for message_id in ids[:8:2]])
    keys = [one.message.thread_key for one in choose(store, scorer, NOW, 6)]
    assert set(keys[:4]) == {f"gm:{number}" for number in range(4, 8)}
    assert set(keys[4:]) < {f"gm:{number}" for number in range(4)}
    later = NOW + LATELY + timedelta(days=1)
    assert {one.answered for one in store.unlabelled(None, later - LATELY, 100)} == {False}
    assert {one.answered for one in store.unlabelled(None, NOW - LATELY, 100)} == {False, True}


def test_what_was_chosen_is_chosen_again_until_it_is_labelled(
    store: PostgresStore, scorer: TableScorer
) -> None:
    judged(store, *mails(20))
    first = choose(store, scorer, NOW, 5)
    assert len(first) == 5
    assert choose(store, scorer, NOW, 5) == first
    store.teach([Word(one.id, Label.NEEDS_LOCATION, Source.ASKED) for one in first])
    assert not {one.id for one in first} & {one.id for one in choose(store, scorer, NOW, 5)}

"""What is erased is gone, stays gone, and takes nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jeeves.adapters.postgres.erasing import PostgresErasing
from jeeves.adapters.postgres.history import PostgresHistory
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.keeping import Erasure
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Address, Cursor, Listed, Message
from jeeves.domain.outbox import MuteKind
from jeeves.domain.verdict import Label
from jeeves.errors import StoreUnavailable
from tests.builders import ACCOUNT, NOW, a_message
from tests.integration.test_retention import SECRET, a_mail, dump, put, told

EVE = "eve@example.net"
OTHER = "other@example.org"


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(migrated_url)) as store:
        yield store


@pytest.fixture
def erasing(migrated_url: str) -> Iterator[PostgresErasing]:
    with closing(PostgresErasing(migrated_url)) as erasing:
        yield erasing


def from_eve(**changes: object) -> Message:
    return a_mail(NOW, sender=Address(f"Eve {SECRET}", EVE), **changes)


def count(store: PostgresStore, table: str) -> int:
    with store.connection.statement() as sql:
        sql.execute(f"select count(*) as rows from {table}")
        return next(int(row["rows"]) for row in sql.fetchall())


def test_no_word_of_an_erased_sender_is_left_and_others_lose_nothing(
    store: PostgresStore, erasing: PostgresErasing
) -> None:
    eves = from_eve()
    answer = a_mail(NOW, thread_key=eves.thread_key, own=True, subject=f"Re: {SECRET}")
    elsewhere = a_message()
    mail, _, _ = put(store, eves, answer, elsewhere)
    told(store, eves, mail)
    store.teach([Word(mail, Label.NEEDS_LOCATION, Source.COMMAND)])
    store.mute(ACCOUNT, MuteKind.SENDER, EVE, NOW)
    expected = Erasure(messages=1, labelled=1, answers=1, alerts=1, mutes=1)
    assert erasing.of_sender(EVE) == expected
    assert erasing.erase_sender(EVE, NOW) == expected
    left = dump(store)
    # the verdict about the mail of somebody else is not hers
    assert left.count(SECRET) == left.count(f"the {SECRET}") == 1
    assert EVE not in left
    assert elsewhere.body in left
    assert count(store, "messages") == 2


def test_erased_mail_does_not_come_back_however_it_is_read(
    store: PostgresStore, erasing: PostgresErasing, migrated_url: str
) -> None:
    gmails = from_eve()
    plain = from_eve(gmail_id=None)
    bare = from_eve(gmail_id=None, message_id="")
    put(store, gmails, plain, bare)
    erasing.erase_sender(EVE, NOW)
    seen_elsewhere = replace(gmails, gmail_id=None, uid=None)
    in_gmail_now = replace(plain, gmail_id="77")
    again = [gmails, plain, bare, seen_elsewhere, in_gmail_now]
    assert store.ingest(ACCOUNT, again, None).added == 0
    with closing(PostgresHistory(migrated_url)) as history:
        listed = [
            Listed(n, 1, NOW, one.gmail_id, None, one.message_id)
            for n, one in enumerate((gmails, plain), start=1)
        ]
        fresh = Listed(9, 1, NOW, "123", None, "fresh@example.org")
        found = history.compare(ACCOUNT, "INBOX", 1, [*listed, fresh])
        assert found.missing == (fresh,)
        assert history.place(ACCOUNT, "INBOX", 1, [*listed, fresh]).missing == (fresh,)


def test_new_mail_of_an_erased_sender_and_another_mail_with_its_message_id_are_stored(
    store: PostgresStore, erasing: PostgresErasing
) -> None:
    erased = from_eve()
    put(store, erased)
    erasing.erase_sender(EVE, NOW)
    # Two mails of Gmail with one Message-ID are two; another account has its own.
    twin = replace(erased, gmail_id="42", sender=Address("", "list@example.org"))
    assert store.ingest(ACCOUNT, [twin, from_eve()], None).added == 2
    assert store.ingest(OTHER, [replace(erased, account=OTHER)], None).added == 1


def test_a_digest_that_has_not_gone_is_made_anew_and_one_that_goes_now_is_waited_for(
    store: PostgresStore, erasing: PostgresErasing
) -> None:
    eves, others = from_eve(), a_message()
    first, second = put(store, eves, others)
    told(store, eves, first)
    told(store, others, second)
    with store.connection.transaction() as sql:
        sql.execute(
            "insert into alerts (reference, account, thread_key, kind, channel, state, body, "
            "created_at) values ('jv-D', %s, 'd', 'digest', 'sms', 'sending', 'both', now())",
            (ACCOUNT,),
        )
        sql.execute(
            "update alerts set state = 'digested', digest_reference = 'jv-D', receipt = null "
            "where kind = 'alert'"
        )
    with pytest.raises(StoreUnavailable, match=r"being sent just now.*Nothing was erased"):
        erasing.erase_sender(EVE, NOW)
    assert count(store, "messages") == 2
    with store.connection.statement() as sql:
        sql.execute("update alerts set state = 'pending' where reference = 'jv-D'")
    erasing.erase_sender(EVE, NOW)
    with store.connection.statement() as sql:
        sql.execute("select kind, state, body from alerts order by id")
        assert [tuple(row.values()) for row in sql.fetchall()] == [
            ("alert", "pending", f"Ana: the {SECRET}"),
            ("digest", "cancelled", ""),
        ]


def test_an_erased_account_leaves_nothing_and_others_stay(
    store: PostgresStore, erasing: PostgresErasing
) -> None:
    mail = a_mail(NOW)
    (number,) = put(store, mail)
    told(store, mail, number)
    store.teach([Word(number, Label.OTHER, Source.COMMAND)])
    cursor = Cursor("INBOX", 1, 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    for account in (ACCOUNT, OTHER):
        store.ingest(account, [a_message(account=account, to=())], cursor)
        store.beat(account, "read", NOW)
    assert erasing.of_account(ACCOUNT).messages == 2
    erasing.erase_account(ACCOUNT)
    assert ACCOUNT not in dump(store)
    assert erasing.of_account(OTHER).messages == 1
    assert count(store, "cursors") == count(store, "heartbeats") == 1


def test_all_is_all_but_the_schema(store: PostgresStore, erasing: PostgresErasing) -> None:
    put(store, a_mail(NOW))
    erasing.erase_all()
    assert erasing.of_all() == Erasure(0, 0, 0, 0, 0)
    assert store.ingest(ACCOUNT, [a_message()], None).added == 1

"""The History port on PostgreSQL: mail from before Jeeves, and what reading it cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date
from typing import Any

from psycopg2.extras import execute_values

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.erasing import erased_among_listed
from jeeves.adapters.postgres.rows import read_message
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.history import Backfill, Compared, StoredPlace, Window
from jeeves.domain.message import Listed, Message, Unreadable
from jeeves.domain.ports import Ingested, StoredMessage

PLACE = "(%s::bigint, %s, %s::bigint, %s::bigint, %s::text, %s::text)"


class PostgresHistory(HasConnection):
    """`jeeves.domain.ports.History`; one connection, one thread."""

    @in_transaction
    def window(self, sql: SqlCursor, account: str, mailbox: str) -> Window:
        """What was read of a mailbox, under whatever UIDVALIDITY."""
        where = {"account": account, "mailbox": mailbox}
        sql.execute(queries()["first_read"], where)
        row: Row = sql.fetchone() or {}
        first_read = row.get("first_read")
        sql.execute(queries()["backfills"], where)
        return Window(
            first_read=first_read.astimezone(UTC) if first_read else None,
            backfills=tuple(Backfill(**row) for row in sql.fetchall()),
        )

    @in_transaction
    def add(
        self,
        sql: SqlCursor,
        account: str,
        batch: Sequence[Message | Unreadable],
        octets: int,
        day: date,
        reached: Backfill | None,
    ) -> Ingested:
        """Write the messages, what fetching them cost on ``day``, and how far that reached."""
        ingested = PostgresStore.write_messages(sql, account, batch)
        if octets:
            cost = {"account": account, "day": day, "octets": octets}
            sql.execute(queries()["count_octets"], cost)
        if reached is not None:
            sql.execute(
                queries()["write_backfill"],
                {
                    "account": account,
                    "mailbox": reached.mailbox,
                    "uidvalidity": reached.uidvalidity,
                    "since": reached.since,
                    "next_uid": reached.next_uid,
                    "finished_at": reached.finished_at,
                },
            )
        return ingested

    @in_transaction
    def octets(self, sql: SqlCursor, account: str, day: date) -> int:
        """What was fetched on ``day`` (UTC)."""
        sql.execute(queries()["octets_of_day"], {"account": account, "day": day})
        row = sql.fetchone()
        return int(row["octets"]) if row else 0

    @in_transaction
    def compare(
        self,
        sql: SqlCursor,
        account: str,
        mailbox: str,
        uidvalidity: int,
        listed: Sequence[Listed],
    ) -> Compared:
        """Which of the mails that a server lists are stored, however they came."""
        found = self._found(sql, account, mailbox, uidvalidity, listed)
        return compared(listed, found, erased_among_listed(sql, account, listed))

    @in_transaction
    def place(
        self,
        sql: SqlCursor,
        account: str,
        mailbox: str,
        uidvalidity: int,
        listed: Sequence[Listed],
    ) -> Compared:
        """As ``compare``; the stored ones learn where in this mailbox they are."""
        sql.execute(queries()["lock_ingest"], {"account": account})
        found = self._found(sql, account, mailbox, uidvalidity, listed)
        places = {
            row["id"]: (
                *(row["id"], mailbox, uidvalidity, one.uid),
                *(one.gmail_id, one.gmail_thread_id),
            )
            for one, row in zip(listed, found, strict=True)
            if row is not None and (row["mailbox"], row["uidvalidity"]) != (mailbox, uidvalidity)
        }
        if places:
            execute_values(
                sql,
                queries()["place_messages"],
                list(places.values()),
                template=PLACE,
                page_size=len(places),
            )
        return compared(listed, found, erased_among_listed(sql, account, listed))

    @in_transaction
    def known_digests(self, sql: SqlCursor, account: str, digests: Sequence[str]) -> set[str]:
        """Those that a stored message has."""
        sql.execute(queries()["known_digests"], {"account": account, "digests": list(digests)})
        return {row["digest"] for row in sql.fetchall()}

    @in_transaction
    def places(self, sql: SqlCursor, account: str, mailbox: str) -> list[StoredPlace]:
        """The messages stored from a mailbox."""
        sql.execute(queries()["messages_of_mailbox"], {"account": account, "mailbox": mailbox})
        return [StoredPlace(**row) for row in sql.fetchall()]

    @in_transaction
    def unjudged(self, sql: SqlCursor, account: str, limit: int) -> list[StoredMessage]:
        """Readable messages without any verdict that cannot alert, oldest first."""
        sql.execute(queries()["unjudged_history"], {"account": account, "limit": limit})
        return [StoredMessage(row["id"], read_message(row)) for row in sql.fetchall()]

    @staticmethod
    def _found(
        sql: SqlCursor, account: str, mailbox: str, uidvalidity: int, listed: Sequence[Listed]
    ) -> list[Row | None]:
        """The row of each mail, None where there is none."""
        wanted: dict[str, Any] = {
            "account": account,
            "mailbox": mailbox,
            "uidvalidity": uidvalidity,
            "uids": [one.uid for one in listed],
            "gmail_ids": [one.gmail_id for one in listed if one.gmail_id],
            "message_ids": [one.message_id for one in listed if one.message_id],
        }
        sql.execute(queries()["stored_among"], wanted)
        by_place: dict[int, Row] = {}
        by_gmail_id: dict[str, Row] = {}
        by_message_id: dict[str, list[Row]] = {}
        for row in sql.fetchall():
            if (row["mailbox"], row["uidvalidity"]) == (mailbox, uidvalidity) and row["uid"]:
                by_place[row["uid"]] = row
            if row["gmail_id"]:
                by_gmail_id[row["gmail_id"]] = row
            if row["message_id"]:
                by_message_id.setdefault(row["message_id"], []).append(row)

        def match(one: Listed) -> Row | None:
            row = by_gmail_id.get(one.gmail_id or "") or by_place.get(one.uid)
            if row is not None:
                return row
            for row in by_message_id.get(one.message_id, ()):
                # Two mails of Gmail with one Message-ID are two.
                if not (row["gmail_id"] and one.gmail_id):
                    row["gmail_id"] = row["gmail_id"] or one.gmail_id
                    return row
            return None

        return [match(one) for one in listed]


def compared(
    listed: Sequence[Listed], found: Sequence[Row | None], erased: Collection[int]
) -> Compared:
    """What is stored and what is not, of mails and the row of each; erased ones are not missed.

    ``erased`` are the UIDs of mails that were erased.
    """
    return Compared(
        stored=frozenset(row["id"] for row in found if row is not None),
        missing=tuple(
            one
            for one, row in zip(listed, found, strict=True)
            if row is None and one.uid not in erased
        ),
    )

"""What is erased, on PostgreSQL, and how an erased mail is known again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from psycopg2.extras import execute_values

from jeeves.adapters.postgres.connection import (
    HasConnection,
    SqlCursor,
    execute,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.retention import drop_texts
from jeeves.adapters.postgres.schema import TABLES
from jeeves.domain.alert import AlertState
from jeeves.domain.keeping import Erasure, identities, listed_identities, remembered
from jeeves.domain.message import Listed, Message, Unreadable
from jeeves.errors import StoreUnavailable

IN_FLIGHT = frozenset({AlertState.SENDING, AlertState.UNKNOWN})


class PostgresErasing(HasConnection):
    """Counts what would be erased, and erases it; one connection, one thread."""

    @in_one_statement
    def of_sender(self, sql: SqlCursor, address: str) -> Erasure:
        """What ``erase_sender`` would take."""
        sql.execute(queries()["count_of_sender"], {"address": address})
        return Erasure(**(sql.fetchone() or {}))

    @in_one_statement
    def of_account(self, sql: SqlCursor, account: str) -> Erasure:
        """What ``erase_account`` would take."""
        sql.execute(queries()["count_of_account"], {"account": account})
        return Erasure(**(sql.fetchone() or {}))

    @in_one_statement
    def of_all(self, sql: SqlCursor) -> Erasure:
        """What ``erase_all`` would take."""
        sql.execute(queries()["count_of_all"])
        return Erasure(**(sql.fetchone() or {}))

    @in_one_statement
    def others(self, sql: SqlCursor) -> int:
        """How many other connections Jeeves has to this database."""
        sql.execute(queries()["other_sessions"])
        row = sql.fetchone() or {"others": 0}
        return int(row["others"])

    @in_transaction
    def erase_sender(self, sql: SqlCursor, address: str, now: datetime) -> Erasure:
        """Erase all mail from ``address`` (lower case), and every word of it elsewhere.

        Of other mails in the same conversations, which quote it, the text is dropped. Of each
        erased mail a hash stays, so that it is not stored again whatever reads it.

        Raises:
            StoreUnavailable: a text that quotes it is being sent just now.
        """
        sql.execute(queries()["count_of_sender"], {"address": address})
        counted = Erasure(**(sql.fetchone() or {}))
        sql.execute(queries()["mails_of_sender"], {"address": address})
        mails = sql.fetchall()
        keys = {
            "accounts": [row["account"] for row in mails],
            "thread_keys": [row["thread_key"] for row in mails],
            "now": now,
        }
        sql.execute(queries()["lock_conversations"], keys)
        sql.execute(queries()["digests_of"], keys)
        digests = {row["reference"]: AlertState(row["state"]) for row in sql.fetchall()}
        if IN_FLIGHT & set(digests.values()):
            raise StoreUnavailable(
                "A text that tells of one of these mails is being sent just now: try again in a "
                "few minutes. Nothing was erased."
            )
        sql.execute(queries()["open_digests"], {"references": list(digests), "now": now})
        sql.execute(queries()["blank_digests"], {"references": list(digests)})
        sql.execute(queries()["erase_alerts"], keys)
        sql.execute(queries()["erase_conversations"], keys)
        hashes = {
            (one,)
            for row in mails
            for one in remembered(row["account"], row["gmail_id"], row["message_id"], row["digest"])
        }
        if hashes:
            rows = sorted(hashes)
            execute_values(sql, queries()["write_erased"], rows, page_size=len(rows))
        sql.execute(queries()["erase_messages"], {"ids": [row["id"] for row in mails]})
        sql.execute(queries()["texts_of"], keys)
        drop_texts(sql, [row["id"] for row in sql.fetchall()], now)
        sql.execute(queries()["erase_mutes"], {"address": address})
        return counted

    @in_transaction
    def erase_account(self, sql: SqlCursor, account: str) -> None:
        """Erase all that is stored of an account (lower case), and how far it was read."""
        sql.execute(queries()["erase_account"], {"account": account})

    @in_transaction
    def erase_all(self, sql: SqlCursor) -> None:
        """Every table of ours is empty."""
        sql.execute(queries()["tables"], {"ours": list(TABLES)})
        names = ", ".join(f'"{row["name"]}"' for row in sql.fetchall())
        sql.execute(f"truncate {names} restart identity")


def without_erased(
    sql: SqlCursor, batch: Sequence[Message | Unreadable]
) -> Sequence[Message | Unreadable]:
    """Those of the mails that were not erased."""
    known = {id(one): identities(one) for one in batch}
    erased = _erased(sql, (one for several in known.values() for one in several))
    if not erased:
        return batch
    return [one for one in batch if erased.isdisjoint(known[id(one)])]


def erased_among_listed(sql: SqlCursor, account: str, listed: Sequence[Listed]) -> Collection[int]:
    """UIDs of those of the mails that were erased."""
    known = {one.uid: listed_identities(account, one) for one in listed}
    erased = _erased(sql, (one for several in known.values() for one in several))
    return {uid for uid, several in known.items() if not erased.isdisjoint(several)}


def _erased(sql: SqlCursor, wanted: Iterable[str]) -> set[str]:
    execute(sql, {"identities": list(wanted)}, "erased_among")
    return {row["identity"] for row in sql.fetchall()}

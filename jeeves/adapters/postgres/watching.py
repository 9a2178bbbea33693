"""What Jeeves asks of PostgreSQL to watch itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from jeeves.adapters.postgres.connection import (
    HasConnection,
    SqlCursor,
    in_one_statement,
    queries,
)
from jeeves.adapters.postgres.rows import read_message
from jeeves.domain.alert import Channel
from jeeves.domain.drift import CUTS
from jeeves.domain.message import Message
from jeeves.domain.verdict import Label
from jeeves.domain.watching import FoundBy, SaidAlert, ToldText, Unalerted

#: Conversations that are read anew at most: each takes some milliseconds.
MOST_UNALERTED = 200
#: Mails that are fetched at a time where a sample is read.
PAGE = 50


class PostgresWatching(HasConnection):
    """`jeeves.domain.watching.WatchStore`."""

    @in_one_statement
    def judged_between(
        self, sql: SqlCursor, account: str | None, since: datetime, until: datetime
    ) -> dict[str, list[int]]:
        """Mails received then, by the model of their newest verdict, in each bin of CUTS."""
        sql.execute(
            queries()["judged_between"],
            {"account": account, "since": since, "until": until, "cuts": list(CUTS)},
        )
        found: dict[str, list[int]] = {}
        for row in sql.fetchall():
            found.setdefault(row["model"], [0] * (len(CUTS) + 1))[row["bin"]] = row["mails"]
        return found

    @in_one_statement
    def alerts_said(
        self, sql: SqlCursor, account: str | None, since: datetime, until: datetime
    ) -> list[SaidAlert]:
        """The messages with alerts that were said then, the newest first, each once."""
        sql.execute(queries()["alerts_said"], {"account": account, "since": since, "until": until})
        return [
            SaidAlert(
                row["message_id"],
                row["said_at"].astimezone(UTC),
                Label(row["label"]) if row["label"] else None,
            )
            for row in sql.fetchall()
        ]

    @in_one_statement
    def told_between(
        self, sql: SqlCursor, account: str, channel: Channel, since: datetime, until: datetime
    ) -> list[ToldText]:
        """The alerts that a channel said then, by itself or in a digest, the oldest first."""
        sql.execute(
            queries()["told_between"],
            {"account": account, "channel": channel.value, "since": since, "until": until},
        )
        return [ToldText(row["reference"], row["body"]) for row in sql.fetchall()]

    @in_one_statement
    def unsure_between(self, sql: SqlCursor, account: str, since: datetime, until: datetime) -> int:
        """Mails received then of which the verdict is unsure and the owner says nothing."""
        sql.execute(
            queries()["unsure_between"], {"account": account, "since": since, "until": until}
        )
        return sum(row["mails"] for row in sql.fetchall())

    @in_one_statement
    def unalerted(
        self, sql: SqlCursor, account: str | None, since: datetime, until: datetime
    ) -> list[Unalerted]:
        """Conversations nobody was told of, of mail received then, that may have been missed."""
        sql.execute(
            queries()["unalerted"],
            {"account": account, "since": since, "until": until, "limit": MOST_UNALERTED},
        )
        return [
            Unalerted(
                account=row["account"],
                thread_key=row["thread_key"],
                found_by=FoundBy(row["found_by"]),
                found_at=row["found_at"].astimezone(UTC),
                message_id=row["message_id"],
            )
            for row in sql.fetchall()
        ]

    def sampled(
        self, account: str | None, since: datetime, until: datetime, limit: int
    ) -> Iterator[Message]:
        """Mails received then; of more than ``limit`` so many, evenly spread over the time.

        Raises:
            StoreUnavailable: the connection failed.
        """
        query = queries()["sampled_mails"]
        with self.connection.transaction() as sql:
            # Of the server's cursor only a page is here at a time.
            sql.execute(
                f"declare sampled no scroll cursor for {query}",
                {"account": account, "since": since, "until": until, "limit": limit},
            )
            while True:
                sql.execute(f"fetch {PAGE} from sampled")
                rows = sql.fetchall()
                yield from map(read_message, rows)
                if len(rows) < PAGE:
                    return

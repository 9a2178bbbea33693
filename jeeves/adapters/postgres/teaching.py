"""What the owner says of mails, on PostgreSQL: words are added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from psycopg2.extras import execute_values

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.rows import read_message
from jeeves.domain.labelling import (
    LabelledMail,
    LastWord,
    SaidAfter,
    Source,
    Unheard,
    Unlabelled,
    Word,
    label_of,
    training_label,
)
from jeeves.domain.message import Marks
from jeeves.domain.verdict import Label

WITHDRAWN = "withdrawn"
#: Rows that are fetched at a time where all labelled mail is read.
PAGE = 500


class PostgresTeaching(HasConnection):
    """`jeeves.domain.ports.TeachingStore`."""

    @in_transaction
    def teach(self, sql: SqlCursor, words: Sequence[Word]) -> int:
        """Add what is said, of one message the last; how many of them say anything new.

        What a source has said and is the label is not said again. What only another source has
        said is: that may yet be taken back.
        """
        latest = {word.message_id: word for word in words}
        lock_labels(sql)
        sql.execute(queries()["standing_words_of"], {"ids": list(latest)})
        standing: dict[int, dict[str, Label]] = {}
        label: dict[int, Label] = {}
        for row in sql.fetchall():
            label[row["message_id"]] = said = Label(row["label"])
            standing.setdefault(row["message_id"], {})[row["source"]] = said
        new = [
            word
            for word in latest.values()
            if label.get(word.message_id) is not word.label
            or standing.get(word.message_id, {}).get(word.source) is not word.label
        ]
        write_words(sql, new)
        return len(new)

    def labelled(self) -> Iterator[LabelledMail]:
        """Every labelled mail of all accounts, the oldest first; a page at a time is held.

        Raises:
            StoreUnavailable: the connection failed.
        """
        query = queries()["labelled_mails"]
        with self.connection.transaction() as sql:
            # Of the server's cursor only a page is here at a time.
            sql.execute(f"declare labelled no scroll cursor for {query}")
            while True:
                sql.execute(f"fetch {PAGE} from labelled")
                rows = sql.fetchall()
                yield from map(read_labelled, rows)
                if len(rows) < PAGE:
                    return

    @in_one_statement
    def unlabelled(
        self, sql: SqlCursor, since: datetime | None, lately: datetime, limit: int
    ) -> list[Unlabelled]:
        """Judged mail of others, not sent to many, of which nothing is said; the newest first."""
        sql.execute(queries()["unlabelled"], {"since": since, "lately": lately, "limit": limit})
        return [Unlabelled(row["id"], read_message(row), row["answered"]) for row in sql.fetchall()]

    @in_one_statement
    def said_after(self, sql: SqlCursor, word: LastWord | None) -> SaidAfter:
        """What was said after this word; None: all."""
        number, at = (word.number, word.at) if word else (0, None)
        sql.execute(queries()["said_after"], {"number": number, "at": at})
        row: Row = sql.fetchone() or {}
        last = LastWord(row["last"], row["last_at"].astimezone(UTC)) if row["last"] else None
        return SaidAfter(row["word"], last, row["messages"])

    @in_one_statement
    def stored_as(
        self, sql: SqlCursor, ids: Collection[int], message_ids: Collection[str]
    ) -> list[tuple[int, str]]:
        """Short id and Message-ID of the readable messages that have one of these."""
        sql.execute(queries()["stored_as"], {"ids": list(ids), "message_ids": list(message_ids)})
        return [(row["id"], row["message_id"] or "") for row in sql.fetchall()]

    @in_one_statement
    def stored_alike(
        self, sql: SqlCursor, account: str, digests: Collection[str], message_ids: Collection[str]
    ) -> list[tuple[int, str, str]]:
        """Short id, digest and Message-ID of the readable messages that have one of these."""
        sql.execute(
            queries()["stored_alike"],
            {"account": account, "digests": list(digests), "message_ids": list(message_ids)},
        )
        return [(row["id"], row["digest"], row["message_id"] or "") for row in sql.fetchall()]

    @in_one_statement
    def unheard_accounts(self, sql: SqlCursor) -> list[str]:
        """Accounts with words that their conversations do not know of yet."""
        sql.execute(queries()["unheard_accounts"])
        return [row["account"] for row in sql.fetchall()]

    @in_one_statement
    def unheard(self, sql: SqlCursor, account: str, limit: int) -> list[Unheard]:
        """Words that their conversations do not know of yet, the oldest first."""
        sql.execute(queries()["unheard"], {"account": account, "limit": limit})
        return [Unheard(row["id"], row["thread_key"], row["decided"]) for row in sql.fetchall()]

    @in_one_statement
    def heard(self, sql: SqlCursor, words: Sequence[int]) -> None:
        """Remember that the conversations of these words were judged anew."""
        sql.execute(queries()["heard"], {"ids": list(words)})


def lock_labels(sql: SqlCursor) -> None:
    """Let nobody else say anything until the transaction ends."""
    sql.execute(queries()["lock_labels"])


def note_marks(sql: SqlCursor, rows: Collection[Row]) -> None:
    """Add what the labels and stars of these messages say, where it is not what they said.

    Args:
        sql: The transaction that wrote them; it called `lock_labels` before.
        rows: Id, labels and starred of messages.
    """
    said = {
        row["id"]: label_of(training_label(Marks(tuple(row["labels"]), row["starred"])))
        for row in rows
    }
    if not said:
        return
    sql.execute(queries()["last_words"], {"ids": list(said)})
    before = {
        row["message_id"]: None if row["label"] == WITHDRAWN else Label(row["label"])
        for row in sql.fetchall()
        if row["source"] == Source.MAILBOX
    }
    write_words(
        sql,
        [
            Word(message_id, label, Source.MAILBOX)
            for message_id, label in said.items()
            if before.get(message_id) is not label
        ],
    )


def write_words(sql: SqlCursor, words: Sequence[Word]) -> None:
    """Add these words as part of a transaction."""
    if words:
        rows = [
            (word.message_id, word.label.value if word.label else WITHDRAWN, word.source.value)
            for word in words
        ]
        execute_values(sql, queries()["insert_words"], rows, page_size=len(rows))


def read_labelled(row: Row) -> LabelledMail:
    """A row of `labelled_mails`."""
    return LabelledMail(
        id=row["id"],
        message=read_message(row),
        label=Label(row["label"]),
        source=Source(row["source"]),
        labelled_at=row["labelled_at"].astimezone(UTC),
        word=row["word"],
    )

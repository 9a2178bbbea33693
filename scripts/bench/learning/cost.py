"""Seconds and memory of `jeeves retrain`, beside the plain scikit-learn pipeline."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.verdict import Label
from jeeves.learning.corpus import Corpus
from scripts.bench.ingesting.database import Database, embedded
from scripts.bench.judgement.children import cost
from scripts.bench.judgement.tables import table

ACCOUNT = "owner@example.org"
BATCH = 1000
PLAIN = Path(__file__).with_name("plain.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One process at one size."""

    name: str
    labels: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Costs:
    """All sizes."""

    rows: list[Row]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        plain = {row.labels: row for row in self.rows if row.name != "jeeves retrain"}
        yield table(
            "one training, a process of its own",
            ["process", "labels", "CPU s", "wall s", "peak MB", "against the plain pipeline"],
            [
                [
                    row.name,
                    f"{row.labels:,}",
                    f"{row.cpu_seconds:.1f}",
                    f"{row.wall_seconds:.1f}",
                    f"{row.peak_mb:.0f}",
                    f"{row.cpu_seconds / plain[row.labels].cpu_seconds:.2f} x",
                ]
                for row in self.rows
            ],
        )


def costs(corpus: Corpus, sizes: Sequence[int]) -> Costs:
    """`jeeves retrain --force --offline` and the plain pipeline with so many labels each.

    Where there are fewer labelled mails, they come again as other mails of other conversations.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with embedded(home) as database:
            os.environ |= {"JEEVES_HOME": str(home), "DATABASE_URL": database.dsn}
            for size in sizes:
                database.empty()
                fill(database, corpus, size)
                for name, command in (
                    ("plain pipeline", [str(PLAIN)]),
                    ("jeeves retrain", ["-m", "jeeves", "retrain", "--force", "--offline"]),
                ):
                    print(f"{name}, {size:,} labels", file=sys.stderr)
                    found = cost([sys.executable, *command])
                    rows.append(
                        Row(name, size, found.cpu_seconds, found.wall_seconds, found.peak_mb)
                    )
    return Costs(rows)


def fill(database: Database, corpus: Corpus, size: int) -> None:
    """Store ``size`` labelled mails."""
    with closing(PostgresStore(database.dsn)) as store:
        for start in range(0, size, BATCH):
            batch, labels = [], {}
            for number in range(start, min(start + BATCH, size)):
                one = corpus.messages[number * 7919 % len(corpus.messages)]
                digest = f"{number:064x}"
                received = one.message.received_at + timedelta(minutes=number)
                batch.append(
                    replace(
                        one.message,
                        account=ACCOUNT,
                        message_id=f"{number}@example.org",
                        digest=digest,
                        gmail_id=None,
                        thread_key=f"id:{number}",
                        references=(),
                        received_at=received,
                    )
                )
                labels[digest] = Label.NEEDS_LOCATION if one.needs_location else Label.OTHER
            store.ingest(ACCOUNT, batch, None)
            known = store.stored_alike(ACCOUNT, list(labels), [])
            store.teach([Word(one, labels[digest], Source.FILE) for one, digest, _ in known])

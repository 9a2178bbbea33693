"""Whole mailboxes: Jeeves beside mbsync, a bare fetch and one FETCH a message."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jeeves.errors import ConfigError
from scripts.bench.ingesting import mbsync, settings
from scripts.bench.ingesting.children import Run, run
from scripts.bench.ingesting.database import Database, embedded
from scripts.bench.ingesting.proxy import Proxy
from scripts.bench.judgement.tables import table
from tests.dovecot import Dovecot

JEEVES = "Jeeves: fetch, parse, store"
BARE = "IMAPClient: the same batches, fetched and dropped"
ONE = "one FETCH, parse and COMMIT a message, by proportion"
MBSYNC = "mbsync: into a new Maildir"


@dataclass(frozen=True, slots=True)
class Pull:
    """One way; medians and (least, most) over the rounds."""

    name: str
    #: Of the process from its start to its end; for ``ONE``, as if it had pulled all mails.
    wall_seconds: tuple[float, float, float]
    cpu_seconds: tuple[float, float, float]
    #: Of Postgres beside it; 0 where nothing is stored there.
    postgres_cpu_seconds: float
    #: The highest; None where it is not known.
    peak_mb: float | None
    #: Jeeves's wall time over this one's in the same round. Against mbsync it is of the whole
    #: processes, against the others without the start of the interpreter.
    jeeves_over_this: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pulls:
    """All ways side by side."""

    mails: int
    megabytes: float
    rounds: int
    one_by_one: int
    pulls: list[Pull]
    missing: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"pull: {self.mails:,} mails, {self.megabytes:.1f} MB, {self.rounds} rounds; median "
            f"(least to most); one by one {self.one_by_one:,} of them",
            ["way", "wall s", "CPU s", "Postgres CPU s", "peak MB", "Jeeves takes"],
            [
                [
                    one.name,
                    spread(one.wall_seconds),
                    spread(one.cpu_seconds),
                    f"{one.postgres_cpu_seconds:.2f}" if one.postgres_cpu_seconds else "",
                    f"{one.peak_mb:.0f}" if one.peak_mb else "",
                    spread(one.jeeves_over_this) + " x",
                ]
                for one in self.pulls
            ],
        )
        yield from self.missing


def spread(values: tuple[float, float, float], digits: int = 2) -> str:
    """Median and range for people."""
    median, least, most = (f"{value:.{digits}f}" for value in values)
    return f"{median} ({least} to {most})"


def summed(values: list[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return statistics.median(values), min(values), max(values)


def pull(server: Dovecot, mails: list[bytes], folder: Path, rounds: int, part: int) -> Pulls:
    """Each way once a round, in turn; ``part`` mails one by one."""
    part = min(part, len(mails))
    found: defaultdict[str, list[Run]] = defaultdict(list)
    stored: defaultdict[str, list[float]] = defaultdict(list)
    program = mbsync.installed()
    with embedded(folder / "home") as database:
        told = settings.of(server, folder / "home", database.dsn)

        def way(name: str, key: str) -> Callable[[], None]:
            def once() -> None:
                database.empty()
                before = database.cpu()
                found[key].append(run(command(name, part), told))
                stored[key].append(database.cpu() - before)
                if name == "jeeves":
                    expect(database, len(mails))

            return once

        def by_mbsync() -> None:
            maildir = folder / "pulled"
            found[MBSYNC].append(run(mbsync.command(program or "", server, server.port, maildir)))
            if mbsync.pulled(maildir) != len(mails):
                raise ConfigError("mbsync did not pull every mail.")

        ways = [way("jeeves", JEEVES), way("bare", BARE), way("one", ONE)]
        for number in range(rounds):
            print(f"round {number + 1} of {rounds} ...", file=sys.stderr)
            for once in [*ways, *([by_mbsync] if program else [])]:
                once()
    ours = found[JEEVES]
    times = len(mails) / part
    return Pulls(
        len(mails),
        sum(map(len, mails)) / 1e6,
        rounds,
        part,
        [
            _pull(key, runs, ours, times if key == ONE else 1.0, stored[key])
            for key, runs in found.items()
        ],
        [] if program else [mbsync.INSTALL],
    )


def _pull(key: str, runs: list[Run], ours: list[Run], times: float, stored: list[float]) -> Pull:
    if key in (JEEVES, MBSYNC):
        wall, cpu = [r.wall_seconds for r in runs], [r.cpu_seconds for r in runs]
    else:
        wall = [times * r.told["wall_seconds"] for r in runs]
        cpu = [times * r.told["cpu_seconds"] for r in runs]
    mine = [r.wall_seconds if key in (JEEVES, MBSYNC) else r.told["wall_seconds"] for r in ours]
    peaks = [r.told["peak_mb"] for r in runs if r.told]
    return Pull(
        key,
        summed(wall),
        summed(cpu),
        times * statistics.median(stored) if key in (JEEVES, ONE) else 0.0,
        max(peaks) if peaks else None,
        summed([a / b for a, b in zip(mine, wall, strict=True)]),
    )


def command(way: str, part: int) -> list[str]:
    """What pulls by one of `ways.WAYS` in a process of its own."""
    return [sys.executable, "-m", "scripts.bench.ingesting.ways", way, str(part)]


def expect(database: Database, mails: int) -> None:
    """Refuse figures of an ingest that did not store every mail."""
    if database.one("select count(*) from messages") != mails:
        raise ConfigError("Jeeves did not store every mail.")


@dataclass(frozen=True, slots=True)
class Distance:
    """One pull through a network with a round trip of ``seconds``."""

    name: str
    seconds: float
    mails: int
    round_trips: int
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class Distances:
    """The same mailbox from far away."""

    pulls: list[Distance]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"distance: the same mailbox at a round trip of {1000 * self.pulls[0].seconds:.0f} ms",
            ["way", "mails", "round trips", "wall s"],
            [
                [one.name, f"{one.mails:,}", str(one.round_trips), f"{one.wall_seconds:.2f}"]
                for one in self.pulls
            ],
        )


def distance(server: Dovecot, mails: list[bytes], folder: Path, seconds: float) -> Distances:
    """Pull once by each way through a delaying proxy; the slow way a hundred mails."""
    program = mbsync.installed()
    part = min(100, len(mails))
    found = []
    with embedded(folder / "far") as database:
        commands: Mapping[str, tuple[str, int]] = {
            JEEVES: ("jeeves", len(mails)),
            BARE: ("bare", len(mails)),
            "one FETCH, parse and COMMIT a message": ("one", part),
        }
        for name, (way, count) in commands.items():
            database.empty()
            with Proxy(server.port, seconds) as proxy:
                told = settings.of(server, folder / "far", database.dsn, proxy.port)
                ran = run(command(way, part), told)
                found.append(Distance(name, seconds, count, proxy.round_trips, ran.wall_seconds))
            if way == "jeeves":
                expect(database, len(mails))
    if program:
        with Proxy(server.port, seconds) as proxy:
            ran = run(mbsync.command(program, server, proxy.port, folder / "pulled"))
            found.append(Distance(MBSYNC, seconds, len(mails), proxy.round_trips, ran.wall_seconds))
    return Distances(found)

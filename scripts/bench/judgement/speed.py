"""Messages scored per second and core, in batch and one at a time; load time and memory."""

from __future__ import annotations

import resource
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jeeves.domain.message import FetchedMail, Origin
from jeeves.learning.document import document
from jeeves.mail import mime
from scripts.bench.judgement import bogofilter
from scripts.bench.judgement.children import Child, in_turn
from scripts.bench.judgement.peers import Peers, ready
from scripts.bench.judgement.tables import table
from scripts.bench.judgement.trial import Trial

SCORED = "Jeeves: parsed messages"
PARSED_TOO = "Jeeves: parsing and scoring"
PIPELINE = "its pipeline in scikit-learn"
BULK = "bogofilter in bulk (parses too)"
EACH = "bogofilter, a process a message"
#: Of the messages of a round, how many are given to processes of their own.
_PROCESSES = 40


@dataclass(frozen=True, slots=True)
class Rate:
    """One way of scoring many messages; medians over the rounds."""

    name: str
    #: User and system time.
    messages_per_cpu_second: float
    #: Rates of Jeeves on parsed messages over this one, in the same round.
    jeeves_over_this: float


@dataclass(frozen=True, slots=True)
class Single:
    """Milliseconds of one message at a time, over all messages."""

    name: str
    p50_ms: float
    p99_ms: float
    #: The same of the CPU time of the thread, which other work on the machine does not lengthen.
    cpu_p50_ms: float
    cpu_p99_ms: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """All figures of speed."""

    #: Messages of one round.
    messages: int
    batch: list[Rate]
    singles: list[Single]
    loading: list[Child]
    missing: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"speed: batches of {self.messages} messages, CPU time",
            ["scorer", "messages/s and core", "Jeeves (parsed messages) is"],
            [
                [one.name, f"{one.messages_per_cpu_second:,.0f}", f"{one.jeeves_over_this:.2f} x"]
                for one in self.batch
            ],
        )
        yield table(
            "speed: one message at a time, milliseconds",
            ["scorer", "p50", "p99", "p50 CPU", "p99 CPU"],
            [
                [
                    one.name,
                    *(f"{value:.2f}" for value in (one.p50_ms, one.p99_ms)),
                    *(f"{value:.2f}" for value in (one.cpu_p50_ms, one.cpu_p99_ms)),
                ]
                for one in self.singles
            ],
        )
        yield child_table("speed: a process that loads the scorer", self.loading)
        yield from self.missing


def child_table(title: str, children: list[Child]) -> str:
    """Costs of processes; the last column against the reference of the run."""
    return table(
        title,
        ["process", "CPU s", "wall s", "peak MB", "CPU against the first"],
        [
            [
                one.name,
                f"{one.cpu_seconds:.3f}",
                f"{one.wall_seconds:.3f}",
                f"{one.peak_mb:.0f}",
                f"{one.ratio:.2f} x",
            ]
            for one in children
        ],
    )


def speed(trial: Trial, mails: int, rounds: int) -> Speeds:
    """Each round has messages of its own, in three parts: no cache knows what a scorer is given."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = ready(trial, folder)
        order = np.random.default_rng(0).permutation(len(trial.corpus.messages))
        size = min(mails, len(order) // rounds)
        rates: defaultdict[str, list[float]] = defaultdict(list)
        singles: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        # What is loaded before a first batch, once, is not counted: numpy and the terms by number.
        peers.scorer.probabilities([trial.corpus.messages[order[-1]].message])
        for start in range(0, rounds * size, size):
            part = max(1, size // 8)
            one_by_one, others, batch = np.split(order[start : start + size], [part, 2 * part])
            for key, times in _one_at_a_time(trial, peers, list(one_by_one)).items():
                singles[key] += times
            for key, rate in _in_batch(trial, peers, list(batch), folder).items():
                rates[key].append(rate)
            rates[PIPELINE].append(_by_pipeline(trial, peers, list(others)))
        loading = peers.loading
        if peers.filtering is not None:
            mail = folder / "one.eml"
            mail.write_bytes(trial.raw[0])
            loading["bogofilter, with one message"] = peers.filtering.one(mail)
        return Speeds(
            len(batch),
            [
                Rate(
                    key,
                    statistics.median(found),
                    statistics.median(
                        ours / theirs for ours, theirs in zip(rates[SCORED], found, strict=True)
                    ),
                )
                for key, found in rates.items()
            ],
            [_single(key, times) for key, times in singles.items()],
            in_turn(loading, "bare Python", max(3, rounds)),
            [] if peers.filtering else [bogofilter.INSTALL],
        )


def _in_batch(trial: Trial, peers: Peers, batch: list[int], folder: Path) -> dict[str, float]:
    """Messages per CPU second of each way, on the same messages."""
    messages = [trial.corpus.messages[i].message for i in batch]
    raw = [trial.raw[i] for i in batch]
    texts = trial.texts[batch]
    scoring = _cpu(lambda: peers.scorer.probabilities(messages))
    parsing = _cpu(lambda: [_parsed(one) for one in raw])
    seconds = {
        SCORED: scoring,
        PARSED_TOO: scoring + parsing,
        "plain scikit-learn pipeline": _cpu(lambda: peers.plain.predict_proba(texts)),
    }
    rates = {name: len(batch) / taken for name, taken in seconds.items()}
    if peers.filtering is not None:
        box = folder / "batch.mbox"
        box.write_bytes(bogofilter.mbox(raw))
        rates[BULK] = len(batch) / _children_cpu([peers.filtering.bulk(box)])
        commands = []
        for number, content in enumerate(raw[:_PROCESSES]):
            mail = folder / f"{number}.eml"
            mail.write_bytes(content)
            commands.append(peers.filtering.one(mail))
        rates[EACH] = len(commands) / _children_cpu(commands)
    return rates


def _by_pipeline(trial: Trial, peers: Peers, batch: list[int]) -> float:
    """The rate of the pipeline, on messages that the scorer's cache of words has not seen."""
    messages = [trial.corpus.messages[i].message for i in batch]
    return len(batch) / _cpu(
        lambda: peers.pipeline.probabilities([document(one) for one in messages])
    )


def _one_at_a_time(
    trial: Trial, peers: Peers, chosen: list[int]
) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU milliseconds of each message, each way."""
    messages = [trial.corpus.messages[i].message for i in chosen]
    return {
        SCORED: [_ms(partial(peers.scorer.score, message)) for message in messages],
        "Jeeves: parsing alone": [_ms(partial(_parsed, trial.raw[i])) for i in chosen],
        "plain scikit-learn pipeline": [
            _ms(partial(peers.plain.predict_proba, [text])) for text in trial.texts[chosen]
        ],
    }


def _parsed(raw: bytes) -> object:
    mail = FetchedMail(raw, mailbox="", received_at=datetime.fromtimestamp(0, UTC))
    return mime.read(mail, account="", origin=Origin.IMPORT)


def _single(name: str, times: list[tuple[float, float]]) -> Single:
    wall, cpu = np.array(times).T
    p50, p99 = np.quantile(wall, [0.5, 0.99])
    cpu_p50, cpu_p99 = np.quantile(cpu, [0.5, 0.99])
    return Single(name, float(p50), float(p99), float(cpu_p50), float(cpu_p99))


def _ms(work: Callable[[], object]) -> tuple[float, float]:
    started, cpu = time.perf_counter_ns(), time.thread_time_ns()
    work()
    return (time.perf_counter_ns() - started) / 1e6, (time.thread_time_ns() - cpu) / 1e6


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _children_cpu(commands: list[list[str]]) -> float:
    """User and system seconds of bogofilter's processes; its exit code is a verdict."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before = used()
    for command in commands:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return used() - before

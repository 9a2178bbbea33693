"""The figures that Prometheus asks for: counted as the work is done, or read when asked.

Names follow https://prometheus.io/docs/practices/naming/. An account is told by its number, the
order of the settings, never by its address.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from jeeves.domain.alert import Alert, AlertState, Channel
from jeeves.domain.metering import Standing
from jeeves.domain.verdict import Band

#: Upper bounds in seconds. Of what takes milliseconds; a first read takes minutes.
WORK = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
#: ... and of what also waits for others: a courier that looks every 5 s, another process.
WAIT = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

#: Why a cycle may be given up, see `jeeves.domain.metering.Meter`.
FAILURES = ("unavailable", "refused", "failed")


class PrometheusMeter:
    """`jeeves.domain.metering.Meter` in a registry of its own; safe to share between threads.

    Args:
        version: Of Jeeves.
        standing: Is called, by whichever thread serves, each time the figures are asked for; None
            where that cannot be told, and then those figures are missing.
    """

    def __init__(self, version: str, standing: Callable[[], Standing | None]) -> None:
        # When each series began is of no use here, and half as many lines again.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        self._mails = Counter(
            "jeeves_mails", "Mails fetched, by what was known of them.", ["as"], registry=registry
        )
        self._unreadable = Counter(
            "jeeves_mails_unreadable", "Mails fetched that could not be parsed.", registry=registry
        )
        self._verdicts = Counter(
            "jeeves_verdicts", "Verdicts, by band.", ["band"], registry=registry
        )
        self._attempts = Counter(
            "jeeves_delivery_attempts",
            "Attempts to deliver an alert, by channel and by the state they left it in.",
            ["channel", "state"],
            registry=registry,
        )
        self._failures = Counter(
            "jeeves_read_failures", "Cycles that were given up, by cause.", ["cause"],
            registry=registry,
        )  # fmt: skip
        self._trainings = Counter(
            "jeeves_trainings", "Trainings of the night, by how they ended.", ["ended"],
            registry=registry,
        )  # fmt: skip
        self._commit = Histogram(
            "jeeves_commit_seconds",
            "From the server's word that there is mail to its commit, one batch each.",
            buckets=WORK,
            registry=registry,
        )
        self._verdict = Histogram(
            "jeeves_verdict_seconds",
            "From committed mail to its committed verdict, one batch each.",
            buckets=WORK,
            registry=registry,
        )
        self._request = Histogram(
            "jeeves_request_seconds",
            "From the decision to alert to the first request to deliver, by channel.",
            ["channel"],
            buckets=WAIT,
            registry=registry,
        )
        self._command = Histogram(
            "jeeves_imap_command_seconds",
            "From an IMAP command to its completed answer; waiting in IDLE left out.",
            buckets=WORK,
            registry=registry,
        )
        # What has not happened yet is told as 0, so that a first time is seen as a rise.
        for known in ("new", "known"):
            self._mails.labels(known)
        for band in Band:
            self._verdicts.labels(band.value)
        for cause in FAILURES:
            self._failures.labels(cause)
        for ended in ("done", "failed"):
            self._trainings.labels(ended)
        registry.register(_Standing(version, standing))
        # Memory, CPU and descriptors; of Linux alone, nothing elsewhere.
        ProcessCollector(registry=registry)

    def committed(self, new: int, known: int, unreadable: int, seconds: float) -> None:
        """A batch of mail is stored, ``seconds`` after the mailbox was looked at."""
        self._mails.labels("new").inc(new)
        self._mails.labels("known").inc(known)
        self._unreadable.inc(unreadable)
        self._commit.observe(seconds)

    def judged(self, bands: Sequence[Band], seconds: float) -> None:
        """Verdicts are committed, ``seconds`` after it was looked for mail without one."""
        for band in bands:
            self._verdicts.labels(band.value).inc()
        self._verdict.observe(seconds)

    def requested(self, channel: Channel, seconds: float) -> None:
        """An alert is about to be sent for the first time, ``seconds`` after it was decided."""
        self._request.labels(channel.value).observe(max(0.0, seconds))

    def attempted(self, settled: Alert) -> None:
        """What became of an attempt to deliver."""
        self._attempts.labels(settled.channel.value, settled.state.value).inc()

    def commanded(self, seconds: float) -> None:
        """The mail server has answered a command."""
        self._command.observe(seconds)

    def failed(self, why: str) -> None:
        """A cycle was given up."""
        self._failures.labels(why).inc()

    def retrained(self, failed: bool) -> None:
        """A training of the night has ended."""
        self._trainings.labels("failed" if failed else "done").inc()

    def reached(self, channels: Iterable[Channel]) -> None:
        """Which channels there are: what each has not done yet is told as 0."""
        for channel in channels:
            self._request.labels(channel.value)
            for state in (AlertState.SENT, AlertState.FAILED):
                self._attempts.labels(channel.value, state.value)

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """All figures and their content type, in the format that ``accept`` prefers."""
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind


class _Standing(Collector):
    """What the database and the settings tell, asked for with each page."""

    def __init__(self, version: str, standing: Callable[[], Standing | None]) -> None:
        self._version = version
        self._ask = standing

    def collect(self) -> Iterable[Metric]:
        about = InfoMetricFamily("jeeves", "Which Jeeves it is.")
        about.add_metric([], {"version": self._version})
        yield about
        now = self._ask()
        yield gauge("jeeves_database_up", "Whether the database answers.", now is not None)
        yield gauge(
            "jeeves_healthy",
            "Whether `jeeves status` would call it well: mail is read, alerts go out, and the "
            "newest model serves.",
            now is not None and now.healthy,
        )
        if now is not None:
            yield from _figures(now)


def _figures(now: Standing) -> Iterable[Metric]:
    ages = GaugeMetricFamily(
        "jeeves_read_age_seconds",
        "Seconds since mail was last read, by number of the account; +Inf: never.",
        labels=["account"],
    )
    for number, age in enumerate(now.read_ages, 1):
        ages.add_metric([str(number)], math.inf if age is None else age)
    yield ages
    waiting = now.backlog
    yield gauge("jeeves_messages", "Messages stored.", waiting.messages)
    yield gauge("jeeves_messages_unreadable", "Messages that cannot be parsed.", waiting.unreadable)
    yield gauge("jeeves_messages_unjudged", "Messages that wait for a verdict.", waiting.unjudged)
    yield gauge("jeeves_alerts_due", "Alerts that are due and not delivered.", waiting.alerts_open)
    yield gauge("jeeves_alerts_waiting", "Alerts that wait for their time.", waiting.alerts_waiting)
    yield gauge("jeeves_paused", "Whether the owner has asked for silence.", now.paused)
    outbox = GaugeMetricFamily(
        "jeeves_alerts",
        "Rows of the outbox, by kind, channel and state.",
        labels=["kind", "channel", "state"],
    )
    for (kind, channel, state), count in sorted(now.outbox.items()):
        outbox.add_metric([kind.value, channel.value, state.value], count)
    yield outbox
    model = InfoMetricFamily("jeeves_model", "The model that serves.")
    model.add_metric([], {"version": now.model})
    yield model
    yield gauge(
        "jeeves_model_newest", "1: the newest model serves. 0: a newer one was refused.", now.newest
    )


def gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    """One figure without labels."""
    return GaugeMetricFamily(name, says, value=value)

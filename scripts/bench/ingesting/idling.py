"""What the daemon costs while nothing happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jeeves.errors import ConfigError
from scripts.bench.ingesting import archive, settings
from scripts.bench.ingesting.children import ROOT, environment, memory_mb, tree_cpu
from scripts.bench.ingesting.database import Database, embedded
from scripts.bench.judgement.tables import table
from tests.dovecot import Dovecot

#: Until the whole mailbox is read and judged.
_READY_SECONDS = 300.0
#: After it, the daemon rests once it takes hardly any time over so long.
_SETTLE_SECONDS = 5.0
_FEW_MAILS = 200
_SETTLED_CPU_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Idling:
    """`jeeves run` under IDLE, with a channel for alerts, on a small mailbox."""

    seconds: float
    #: User and system time in ``seconds``, and by proportion of an hour.
    cpu_seconds: float
    cpu_seconds_an_hour: float
    #: The same of Postgres beside it.
    postgres_cpu_seconds_an_hour: float
    #: Of another daemon: resident, after it has read and judged the whole mailbox.
    resident_mb: float
    #: The most that it was on the way there.
    peak_mb: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"idle: jeeves run, {self.seconds:.0f} s without mail; its memory with a whole mailbox",
            ["figure", "value"],
            [
                ["CPU s an hour, by proportion", f"{self.cpu_seconds_an_hour:.2f}"],
                ["of Postgres beside it", f"{self.postgres_cpu_seconds_an_hour:.2f}"],
                [
                    "resident MB, after it has read and judged the mailbox",
                    f"{self.resident_mb:.0f}",
                ],
                ["peak MB, while it does", f"{self.peak_mb:.0f}"],
            ],
        )


def idle(server: Dovecot, mails: list[bytes], folder: Path, seconds: float) -> Idling:
    """Let one daemon read the mailbox, and another wait for mail on a small one."""
    with running(server, folder / "reading") as (daemon, log, _):
        wait_for('"judged"', log, daemon)
        peak, resident = memory_mb(daemon.pid, "VmHWM"), memory_mb(daemon.pid, "VmRSS")
    with (
        archive.dovecot(folder / "small", mails[:_FEW_MAILS]) as small,
        running(small, folder / "waiting") as (daemon, log, database),
    ):
        # what is done once a day is done
        wait_for('"labels compared"', log, daemon)
        _settle(daemon.pid)
        before, stored, started = tree_cpu(daemon.pid), database.cpu(), time.monotonic()
        time.sleep(seconds)
        took = tree_cpu(daemon.pid) - before
        stored, passed = database.cpu() - stored, time.monotonic() - started
    an_hour = 3600 / passed
    return Idling(passed, took, took * an_hour, stored * an_hour, resident, peak)


@contextmanager
def running(
    server: Dovecot, home: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path, Database]]:
    """`jeeves run` with a database of its own: the process, the file it logs to, the database."""
    path = home.with_suffix(".log")
    with embedded(home) as database, path.open("w") as log:
        told = settings.of(server, home, database.dsn)
        # speech: its courier looks for alerts as it does for its owner; nothing is said
        told["SPEECH"] = "file"
        daemon = subprocess.Popen(
            [sys.executable, "-m", "jeeves", "run"], cwd=ROOT, env=environment(**told), stderr=log
        )
        try:
            yield daemon, path, database
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)


def wait_for(event: str, log: Path, daemon: subprocess.Popen[bytes]) -> None:
    """Return once the daemon has logged ``event``.

    Raises:
        ConfigError: it does not come to that.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while event not in log.read_text():
        if time.monotonic() > deadline or daemon.poll() is not None:
            raise ConfigError(f"The daemon did not come to {event}.")
        time.sleep(0.2)


def _settle(pid: int) -> None:
    """Return once the process rests."""
    deadline = time.monotonic() + _READY_SECONDS
    used = 0.0
    while tree_cpu(pid) - used > _SETTLED_CPU_SECONDS:
        if time.monotonic() > deadline:
            raise ConfigError("The daemon does not come to rest.")
        used = tree_cpu(pid)
        time.sleep(_SETTLE_SECONDS)

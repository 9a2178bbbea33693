"""What the daemon costs while nothing happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jeeves.errors import ConfigError
from scripts.bench.ingesting import settings
from scripts.bench.ingesting.children import ROOT, environment, memory_mb, tree_cpu
from scripts.bench.ingesting.database import embedded
from scripts.bench.judgement.tables import table
from tests.dovecot import Dovecot

#: Until the whole mailbox is read and judged.
_READY_SECONDS = 300.0
#: After it, until nothing is put away any more.
_SETTLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Idling:
    """`jeeves run` under IDLE, with a channel for alerts."""

    seconds: float
    #: User and system time in ``seconds``, and by proportion of an hour.
    cpu_seconds: float
    cpu_seconds_an_hour: float
    #: The same of Postgres beside it.
    postgres_cpu_seconds_an_hour: float
    #: Resident, after it has read and judged the whole mailbox.
    resident_mb: float
    #: The most that it was on the way there.
    peak_mb: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"idle: jeeves run, {self.seconds:.0f} s without mail, after it has read and judged "
            "the mailbox",
            ["figure", "value"],
            [
                ["CPU s an hour, by proportion", f"{self.cpu_seconds_an_hour:.2f}"],
                ["of Postgres beside it", f"{self.postgres_cpu_seconds_an_hour:.2f}"],
                ["resident MB", f"{self.resident_mb:.0f}"],
                ["peak MB, while it read and judged", f"{self.peak_mb:.0f}"],
            ],
        )


def idle(server: Dovecot, folder: Path, seconds: float) -> Idling:
    """Let the daemon read the mailbox, then measure it for ``seconds``."""
    with embedded(folder / "idle") as database, (folder / "idle.log").open("w+") as log:
        told = settings.of(server, folder / "idle", database.dsn)
        # speech: its courier looks for alerts as it does for its owner; nothing is said
        told["SPEECH"] = "file"
        daemon = subprocess.Popen(
            [sys.executable, "-m", "jeeves", "run"], cwd=ROOT, env=environment(**told), stderr=log
        )
        try:
            deadline = time.monotonic() + _READY_SECONDS
            while '"judged"' not in (folder / "idle.log").read_text():
                if time.monotonic() > deadline or daemon.poll() is not None:
                    raise ConfigError("The daemon did not read the mailbox.")
                time.sleep(0.2)
            peak = memory_mb(daemon.pid, "VmHWM")
            time.sleep(_SETTLE_SECONDS)
            before, stored, started = tree_cpu(daemon.pid), database.cpu(), time.monotonic()
            time.sleep(seconds)
            took = tree_cpu(daemon.pid) - before
            stored, passed = database.cpu() - stored, time.monotonic() - started
            return Idling(
                passed,
                took,
                took * 3600 / passed,
                stored * 3600 / passed,
                memory_mb(daemon.pid, "VmRSS"),
                peak,
            )
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)

"""Workers that deliver alerts, each a process, and the process that forks, kills and replaces them.

That one has loaded what they need, so that a new worker takes milliseconds. It is told on its
standard input, first all it needs to know as one line of JSON, then the number of a worker to kill
in each line; each is answered with the id of the new process. It ends with its input, and its
workers with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import requests  # noqa: F401  # before forking, for all workers at once
import twilio.rest  # type: ignore[import-untyped]  # noqa: F401  # the same

from jeeves import logs
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.adapters.sms import SmsNotifier
from jeeves.service.delivery import deliver
from scripts.bench.alerting.clock import SharedClock

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "sam@example.org"
_PAUSE = 0.002


class Workers:
    """So many processes that deliver from one outbox, until the context ends."""

    def __init__(self, count: int, told: Mapping[str, Any]) -> None:
        """Start them.

        Args:
            count: How many.
            told: ``clock``, the path of a `SharedClock`; ``dsn``; ``sms``, the keywords of
                `SmsNotifier`.
        """
        self._forker = subprocess.Popen(
            [sys.executable, "-m", "scripts.bench.alerting.workers"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.pids = list(map(int, self._ask(json.dumps({"count": count, **told})).split()))

    def replace(self, worker: int) -> None:
        """Kill a worker (SIGKILL) and start another in its place."""
        self.pids[worker] = int(self._ask(str(worker)))

    def _ask(self, line: str) -> str:
        assert self._forker.stdin is not None  # noqa: S101  # it was opened above
        assert self._forker.stdout is not None  # noqa: S101  # the same
        self._forker.stdin.write(line + "\n")
        answer = self._forker.stdout.readline()
        if not answer:
            raise RuntimeError("the workers could not be started; what they said stands above")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forker.communicate()


def work(worker: int, told: Mapping[str, Any]) -> None:
    """Deliver what is due, turn by turn, until killed or without the process that forked it."""
    parent = os.getppid()
    notifier = SmsNotifier(**told["sms"])
    with SharedClock(Path(told["clock"])) as clock, closing(PostgresStore(told["dsn"])) as store:
        while os.getppid() == parent:
            turn = clock.turn
            deliver(ACCOUNT, store, notifier, [], clock)
            clock.rest(worker, turn)
            while clock.turn == turn and os.getppid() == parent:
                time.sleep(_PAUSE)


def fork(worker: int, told: Mapping[str, Any]) -> int:
    """The id of a new process that works."""
    return os.fork() or _be(worker, told)


def _be(worker: int, told: Mapping[str, Any]) -> NoReturn:
    # The pipes belong to the process that forks: it must see the end of its input.
    os.close(0)
    os.close(1)
    try:
        work(worker, told)
    except BaseException:  # noqa: BLE001  # nothing may return into the loop that forks
        traceback.print_exc()
        with SharedClock(Path(told["clock"])) as clock:
            clock.crashed(worker)
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Fork workers, and replace those that are named on standard input, until it ends."""
    logs.configure(quiet=True)
    told = json.loads(sys.stdin.readline())
    pids = [fork(worker, told) for worker in range(told["count"])]
    print(*pids, flush=True)
    for line in sys.stdin:
        worker = int(line)
        os.kill(pids[worker], signal.SIGKILL)
        os.waitpid(pids[worker], 0)
        with SharedClock(Path(told["clock"])) as clock:
            clock.replaced(worker)
        pids[worker] = fork(worker, told)
        print(pids[worker], flush=True)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()

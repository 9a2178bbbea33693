"""Tells the service manager how the daemon is: sd_notify(3), over its datagram socket.

Python's bindings need libsystemd to build; the protocol is one datagram of ``NAME=value`` lines.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

log = structlog.get_logger()

#: How long, in seconds, a start without a watchdog may show no sign of life.
START_SECONDS = 300.0
#: As often as this in the time the watchdog waits is it told; sd_watchdog_enabled(3) asks for two.
TIMES = 4


class ServiceManager:
    """The one behind NOTIFY_SOCKET; without one, nothing is told. Threads may share it.

    READY=1 goes when the first account was read. WATCHDOG=1 goes from the steps of the loops
    themselves, and only while all of them make some: where one hangs, it stays away.

    Args:
        address: NOTIFY_SOCKET.
        sources: As many loops there are.
        watchdog: Seconds within which all must show that they go on; None where nobody minds.
        clock: In seconds, never set back.
    """

    def __init__(
        self,
        address: str | None,
        sources: int,
        watchdog: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._sources = sources
        self._watchdog = watchdog
        self._clock = clock
        self._lock = threading.Lock()
        self._ready = False
        self._seen: dict[str, float] = {}
        self._waiting: dict[str, str] = {}
        self._told_at: float | None = None
        self._deaf = False

    @classmethod
    def of(cls, environment: Mapping[str, str], sources: int) -> ServiceManager:
        """The one that these variables of the environment name."""
        return cls(environment.get("NOTIFY_SOCKET") or None, sources, watchdog_of(environment))

    def loop(self, name: str) -> Loop:
        """What the loop ``name`` tells of itself."""
        return Loop(self, name)

    def goes_on(self, name: str) -> None:
        """The loop ``name`` made a step."""
        if self._address is None:
            return
        with self._lock:
            now = self._clock()
            self._seen[name] = now
            within = self._watchdog or START_SECONDS
            if self._told_at is not None and now - self._told_at < within / TIMES:
                return
            if len(self._seen) < self._sources or now - min(self._seen.values()) > within:
                return
            self._told_at = now
            told = ["WATCHDOG=1"] if self._watchdog is not None else []
            if not self._ready:
                # As long as the start takes, it is alive: a first read may be of many mails.
                told.append(f"EXTEND_TIMEOUT_USEC={within * 1e6:.0f}")
            if told:
                self._tell(*told)

    def read(self, name: str) -> None:
        """The loop ``name`` read its account."""
        if self._address is None:
            return
        with self._lock:
            self._waiting.pop(name, None)
            told = [] if self._ready else ["READY=1"]
            self._ready = True
            self._tell(*told, self._status())

    def waits(self, name: str, cause: str) -> None:
        """The loop ``name`` cannot read its account."""
        if self._address is None:
            return
        with self._lock:
            self._waiting[name] = cause
            self._tell(self._status())

    def stopping(self) -> None:
        """The end has begun."""
        if self._address is not None:
            self._tell("STOPPING=1", "STATUS=Ends.")

    def _status(self) -> str:
        if not self._waiting:
            return f"STATUS=Mail was read at {datetime.now().astimezone():%H:%M:%S}."
        cause = " ".join(next(iter(self._waiting.values())).split())
        which = (
            "Mail" if self._sources == 1 else f"{len(self._waiting)} of {self._sources} accounts"
        )
        return f"STATUS={which} cannot be read: {cause}"

    def _tell(self, *assignments: str) -> None:
        address = self._address or ""
        # Linux's abstract sockets are written with an @.
        place = f"\0{address[1:]}" if address.startswith("@") else address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                # A service manager that does not listen holds no mail up.
                out.setblocking(False)
                out.sendto("\n".join(assignments).encode(), place)
        except OSError as exc:
            if not self._deaf:
                log.warning("service manager not told", error=type(exc).__name__)
            self._deaf = True


class Loop:
    """The pulse (`jeeves.service.pulse`) of one loop."""

    def __init__(self, manager: ServiceManager, name: str) -> None:
        self._manager = manager
        self._name = name

    def goes_on(self) -> None:
        """A step was made."""
        self._manager.goes_on(self._name)

    def read(self) -> None:
        """A cycle went well."""
        self._manager.read(self._name)

    def waits(self, cause: str) -> None:
        """Mail cannot be read for now."""
        self._manager.waits(self._name, cause)


def watchdog_of(environment: Mapping[str, str]) -> float | None:
    """Seconds of the watchdog that this process shall feed; None where there is none."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    meant_for = environment.get("WATCHDOG_PID") or str(os.getpid())
    if not microseconds.isdigit() or int(microseconds) == 0 or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1e6

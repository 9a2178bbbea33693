"""The sign of life for watchers outside: a file that is touched, an address that is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger()

#: No more often than this, in seconds.
EVERY = 60.0
#: A part that did well so many seconds ago still counts: mail is looked for more often.
LATELY = 300.0
#: How long, in seconds, the address may take to answer.
DEADLINE = 5.0


class Heartbeat:
    """Touches ``file`` and asks ``url`` (GET), whichever is given. Safe to share between threads.

    Nothing that goes wrong here stops anything: it is logged, without the address, which is a
    secret of its owner.

    Args:
        file: is made, with its folder, where it is not there.
        url: begins with http:// or https://.
        sources: how many parts there are that must all do well.
        clock: in seconds, never set back.
    """

    def __init__(
        self,
        file: Path | None = None,
        url: str | None = None,
        sources: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._url = url
        self._sources = sources
        self._clock = clock
        self._well_at: dict[str, float] = {}
        self._beat_at: float | None = None
        self._asking: threading.Thread | None = None
        self._lock = threading.Lock()

    def beat(self, source: str = "") -> None:
        """``source`` does well. Returns at once.

        A sign of life is given if all sources did so lately, at most once a minute.
        """
        with self._lock:
            now = self._clock()
            self._well_at[source] = now
            well = sum(now - at <= LATELY for at in self._well_at.values())
            recent = self._beat_at is not None and now - self._beat_at < EVERY
            if recent or well < self._sources:
                return
            self._beat_at = now
            self._give()

    def _give(self) -> None:
        if self._file is not None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.touch()
            except OSError as exc:
                log.warning("heartbeat file not touched", error=type(exc).__name__)
        # An address that hangs is asked by one thread, not by more each minute.
        if self._url is not None and not (self._asking and self._asking.is_alive()):
            self._asking = threading.Thread(target=self._ask, args=(self._url,), daemon=True)
            self._asking.start()

    def close(self) -> None:
        """Wait for the answer that is still to come, for as long as it may take."""
        if self._asking is not None:
            self._asking.join(DEADLINE)

    @staticmethod
    def _ask(url: str) -> None:
        # Imported here: it takes 100 ms, and most have no address to ask.
        import requests

        try:
            with requests.Session() as session:
                answer = session.get(url, timeout=DEADLINE, stream=True)
                if not answer.ok:
                    log.warning("heartbeat refused", status=answer.status_code)
        except (requests.RequestException, OSError, ValueError) as exc:
            log.warning("heartbeat not heard", error=type(exc).__name__)

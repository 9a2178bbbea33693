"""The child process of apprise_urls.py: one alert to every service, or only their names.

Run by its path, with ``{"urls", "seconds", "text"}`` as JSON on stdin, ``text`` absent to
send nothing. It answers on stdout with the names of services, ``{"sent", "unsent", "unknown",
"left"}``, and imports nothing of Jeeves. What apprise logs goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import socket
import ssl
import sys
import threading
from typing import Any

#: Seconds that a service may take for its answer where its URL does not say (rto); apprise's own
#: 4 would leave it unknown too often whether a slow one took the alert.
READ_SECONDS = 15.0
#: Seconds beyond those of the services after which this process ends whatever happens.
END_SECONDS = 40


class Contact:
    """Whether anything can have left this process, as far as Python's own sockets tell."""

    def __init__(self) -> None:
        self._tried = threading.Event()
        self._made = threading.Event()

    def watch(self) -> None:
        """Notice connections from now on."""
        made = self._made

        class Watched(socket.socket):
            def connect(self, address: Any) -> None:
                try:
                    super().connect(address)
                except BlockingIOError:
                    made.set()  # it may be made yet
                    raise
                made.set()

            def connect_ex(self, address: Any) -> int:
                made.set()
                return super().connect_ex(address)

        class WatchedTLS(ssl.SSLSocket):
            def connect(self, address: Any) -> None:
                made.set()
                super().connect(address)

        socket.socket = Watched  # type: ignore[misc]  # for all that is imported later
        ssl.SSLContext.sslsocket_class = WatchedTLS
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if event in {"socket.getaddrinfo", "socket.connect"}:
            self._tried.set()
        elif event in {"socket.sendto", "socket.sendmsg", "subprocess.Popen"}:
            self._made.set()

    def excluded(self) -> bool:
        """Whether connections were tried and certainly none was made."""
        return self._tried.is_set() and not self._made.is_set()


def main() -> dict[str, Any]:
    """Do what stdin orders; what came of it."""
    order = json.loads(sys.stdin.buffer.read())
    if sys.platform != "win32":
        # Should the parent be killed: the signal's default action ends even a hanging service.
        signal.alarm(int(order["seconds"]) + END_SECONDS)
    logging.disable(sys.maxsize)
    contact = Contact()
    contact.watch()
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Jeeves",
        storage_mode="memory",  # nothing is kept on disk
        http_redirects=False,  # they would carry the alert to another host
        allow_templates=False,
    )
    services, unknown = [], []
    for url in order["urls"]:
        service = apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            scheme = re.match(r"[A-Za-z0-9]{1,20}(?=://)", url)
            unknown.append(scheme[0] if scheme else "no URL")
            continue
        if "socket_read_timeout" not in vars(service):
            service.socket_read_timeout = READ_SECONDS
        services.append(service)
    names = [str(service.service_name) for service in services]
    told: dict[str, Any] = {"sent": [], "unsent": names, "unknown": unknown, "left": False}
    if "text" in order and services:
        result = apprise.Apprise(services, asset=asset).notify(
            body=order["text"],
            body_format=apprise.NotifyFormat.TEXT,
            timeout=order["seconds"],
        )
        # Not `if one`: a service whose URL says optional=yes always counts as reached there.
        told["sent"] = [one.name for one in result if any(one.attempts)]
        told["unsent"] = [one.name for one in result if not any(one.attempts)]
        told["left"] = bool(told["sent"]) or not contact.excluded()
    return told


if __name__ == "__main__":
    # A service may print; what is told must stand alone.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        with contextlib.suppress(BrokenPipeError):
            answer.write(json.dumps(main()))
    # Not sys.exit: that would wait for services that hang.
    os._exit(0)

"""An HTTP server on 127.0.0.1 alone, for adapters that answer somebody on this machine."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import structlog

from jeeves.errors import ConfigError

log = structlog.get_logger()

#: Seconds that whoever asks may take for each part of a request.
PATIENCE = 10.0


class LoopbackServer:
    """Answers with ``handler`` while the context lasts, each request in a thread of its own.

    What a handler raises is logged by its class, and nothing of any request is.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(self, port: int, handler: type[Handler], name: str, setting: str) -> None:
        """``setting`` is the one that names the port, ``name`` what the log calls the server."""
        try:
            self._server = _Server(port, handler, name)
        except OSError as exc:
            raise ConfigError(
                f"Port {port} of this machine cannot be listened on ({exc.strerror}): set "
                f"{setting} to one that is free."
            ) from exc
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name=name,
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    """Base of the handlers: no pages of the library's own, no words in any log."""

    timeout = PATIENCE
    #: The method that is answered, for who asks by another.
    allowed = "GET"

    def answer(self, status: int, body: bytes = b"", kind: str = "") -> None:
        """Send ``body`` of the content type ``kind``, and close the connection."""
        self.close_connection = True
        self.send_response_only(status)
        if kind:
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", "no-store")
        if status == 405:
            self.send_header("Allow", self.allowed)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what the base class refuses, without its page."""
        self.answer(405 if code == 501 else code)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Stay silent: a request may name phone numbers, and who watches asks every few seconds."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A request that hangs ends by its time-out, not before.
    block_on_close = False

    def __init__(self, port: int, handler: type[Handler], name: str) -> None:
        self._name = name
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Note what went wrong by its class, and not on standard error."""
        exc = sys.exception()
        if not isinstance(exc, OSError):  # a connection that broke is the other side's business
            log.error(f"{self._name} failed", error=type(exc).__name__)

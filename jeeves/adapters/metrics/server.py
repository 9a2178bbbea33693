"""/metrics and /healthz over HTTP, on 127.0.0.1 alone."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import structlog

from jeeves.errors import ConfigError

log = structlog.get_logger()

#: Seconds that whoever asks may take for each part of a request.
PATIENCE = 10.0
#: Whether all is well, and how things stand.
Health = Callable[[], tuple[bool, Mapping[str, Any]]]
#: All figures and their content type; is given the Accept header.
Page = Callable[[str], tuple[bytes, str]]


class MetricsServer:
    """Answers GET while the context lasts: /metrics by ``page``, /healthz by ``health``.

    /healthz is one line of JSON, with status 200 where all is well, else 503. Both callables are
    called in a thread of each request's own; where one raises, the answer is an empty 500 and the
    class of what was raised is logged. What was asked is never logged.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(self, *, port: int, page: Page, health: Health) -> None:
        self.page, self.health = page, health
        try:
            self._server = _Server(port, self)
        except OSError as exc:
            raise ConfigError(
                f"Port {port} of this machine cannot be listened on ({exc.strerror}): set "
                "METRICS_PORT to one that is free."
            ) from exc
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="metrics",
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A request that hangs ends by its time-out, not before.
    block_on_close = False

    def __init__(self, port: int, metrics: MetricsServer) -> None:
        self.metrics = metrics
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Note what went wrong by its class, and not on standard error."""
        exc = sys.exception()
        if not isinstance(exc, OSError):  # a connection that broke is the other side's business
            log.error("metrics failed", error=type(exc).__name__)


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: _Server

    def do_GET(self) -> None:
        asked = urlsplit(self.path).path
        if asked not in {"/metrics", "/healthz"}:
            self._answer(404)
            return
        try:
            if asked == "/metrics":
                status, (body, kind) = 200, self.server.metrics.page(self.headers.get("Accept", ""))
            else:
                well, says = self.server.metrics.health()
                status, kind = 200 if well else 503, "application/json"
                body = json.dumps(says).encode() + b"\n"
        except Exception:
            self._answer(500)
            raise  # noted by the server
        self._answer(status, body, kind)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what the base class refuses, without its page."""
        self._answer(405 if code == 501 else code)

    def _answer(self, status: int, body: bytes = b"", kind: str = "") -> None:
        self.close_connection = True
        self.send_response_only(status)
        if kind:
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", "no-store")
        if status == 405:
            self.send_header("Allow", "GET")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Stay silent: who watches asks every few seconds."""

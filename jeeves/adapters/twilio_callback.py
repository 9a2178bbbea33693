"""Twilio's reports about messages, as they come: signed POSTs, behind a reverse proxy."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import structlog

from jeeves.errors import ConfigError, JeevesError

log = structlog.get_logger()

#: Is told the sid of a message, its status, and its error code if it has one.
Told = Callable[[str, str, int | None], None]

#: Reports have some 500 bytes.
LARGEST_BODY = 16_384
MOST_FIELDS = 100
#: Seconds that the proxy may take for each part of a request.
PATIENCE = 10.0
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
STATUS = re.compile(r"[a-z_]{1,32}")
FORM = "application/x-www-form-urlencoded"
SIGNATURE = "X-Twilio-Signature"


class TwilioCallback:
    """Listens on 127.0.0.1 while the context lasts, and passes on what Twilio has signed.

    The owner's reverse proxy takes ``url`` from the Internet, with TLS, and hands requests on
    with their path unchanged. What is not signed with the auth token for exactly this URL is
    answered 403, and no part of any request is logged. Reports may be lost, late, or come twice
    and out of order: they are only a hint, and asking Twilio stays the truth. ``told`` is called
    in a thread of its own; where it raises JeevesError, Twilio is answered 503.

    Raises:
        ConfigError: the URL, the auth token or the port cannot be used.
    """

    def __init__(self, *, url: str, auth_token: str | None, port: int, told: Told) -> None:
        if not auth_token:
            raise ConfigError(
                "TWILIO_CALLBACK_URL needs TWILIO_AUTH_TOKEN: Twilio signs its reports with the "
                "auth token, and an API key cannot prove them"
            )
        # Imported here: `jeeves --help` need not wait for it.
        from twilio.request_validator import (  # type: ignore[import-untyped]  # without types
            RequestValidator,
        )

        self.url = url
        self.path = urlsplit(url).path
        self.told = told
        self.validator = RequestValidator(auth_token)
        try:
            self._server = _Server(port, self)
        except OSError as exc:
            raise ConfigError(
                f"Port {port} of this machine cannot be listened on ({exc.strerror}): set "
                "TWILIO_CALLBACK_PORT to one that is free"
            ) from exc
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="twilio callback",
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

    def receive(self, body: bytes, signature: str) -> int:
        """Pass on a report; the HTTP status to answer with."""
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        except ValueError:
            return self._refuse("no form")
        fields = dict(pairs)
        if len(fields) != len(pairs):
            return self._refuse("a field came twice")
        if not self.validator.validate(self.url, fields, signature):
            return self._refuse("not signed by Twilio for TWILIO_CALLBACK_URL")
        sid, status = fields.get("MessageSid", ""), fields.get("MessageStatus", "")
        code = fields.get("ErrorCode", "")
        if not (MESSAGE_SID.fullmatch(sid) and STATUS.fullmatch(status)):
            return self._refuse("not about a message")
        try:
            self.told(sid, status, int(code) if code.isascii() and code.isdecimal() else None)
        except JeevesError as exc:
            log.warning("twilio callback not taken", error=str(exc))
            return 503
        return 204

    def _refuse(self, why: str) -> int:
        log.warning("twilio callback refused", reason=why)
        return 403


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A request that hangs ends by its time-out, not before.
    block_on_close = False

    def __init__(self, port: int, callback: TwilioCallback) -> None:
        self.callback = callback
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Note what went wrong by its class, and not on standard error."""
        exc = sys.exception()
        if not isinstance(exc, OSError):  # a connection that broke is the proxy's business
            log.error("twilio callback failed", error=type(exc).__name__)


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: _Server

    def do_POST(self) -> None:
        callback = self.server.callback
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get_content_type()
        if self.path != callback.path:
            self._answer(404)
        elif not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._answer(411)
        elif len(length) > 9 or int(length) > LARGEST_BODY:
            self._answer(413)
        elif kind != FORM:
            self._answer(403)
        else:
            body = self.rfile.read(int(length))
            self._answer(callback.receive(body, self.headers.get(SIGNATURE, "")))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what the base class refuses, without its page."""
        self._answer(405 if code == 501 else code)

    def _answer(self, status: int) -> None:
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Stay silent: a request may name phone numbers."""

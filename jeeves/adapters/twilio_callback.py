"""Twilio's reports about messages, as they come: signed POSTs, behind a reverse proxy."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import structlog

from jeeves.adapters.loopback import Handler, LoopbackServer
from jeeves.errors import ConfigError, JeevesError

log = structlog.get_logger()

#: Is told the sid of a message, its status, and its error code if it has one.
Told = Callable[[str, str, int | None], None]

#: Reports have some 500 bytes.
LARGEST_BODY = 16_384
MOST_FIELDS = 100
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
STATUS = re.compile(r"[a-z_]{1,32}")
FORM = "application/x-www-form-urlencoded"
SIGNATURE = "X-Twilio-Signature"


class TwilioCallback(LoopbackServer):
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
        super().__init__(port, _handler_of(self), "twilio callback", "TWILIO_CALLBACK_PORT")

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


def _handler_of(callback: TwilioCallback) -> type[Handler]:
    """What answers for ``callback``."""

    class Reports(Handler):
        allowed = "POST"

        def do_POST(self) -> None:  # noqa: N802  # the base's name
            length = self.headers.get("Content-Length", "")
            kind = self.headers.get_content_type()
            if self.path != callback.path:
                self.answer(404)
            elif (
                not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers
            ):
                self.answer(411)
            elif len(length) > 9 or int(length) > LARGEST_BODY:
                self.answer(413)
            elif kind != FORM:
                self.answer(403)
            else:
                body = self.rfile.read(int(length))
                self.answer(callback.receive(body, self.headers.get(SIGNATURE, "")))

    return Reports

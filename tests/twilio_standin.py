"""A stand-in for the part of Twilio's REST API that Jeeves uses, on the loopback.

Messages are checked by twilio_rules.py; its test numbers answer their documented errors.
What no document describes, the faults of the wire, is scripted:

    with TwilioStandIn() as twilio:
        twilio.script([Fault.ACCEPT_THEN_HANG, None, Answer(429, 20429, retry_after="7")])

A message goes on when told, and each new status is posted to its StatusCallback:

        twilio.carry(sid, "undelivered", 30003)

Where a script is too long to write, ``mischief`` chooses the step of each request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import select
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import requests

from tests.twilio_rules import WAYS, segments, smart_encoded, statuses, why_refused


@dataclass(frozen=True, slots=True)
class Answer:
    """A scripted answer in place of the usual one."""

    status: int
    code: int | None = None
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What Twilio's error object says in words.
    message: str = "stand-in"
    #: The whole body; None for Twilio's usual error object.
    body: bytes | None = None


class Fault(Enum):
    """A scripted misfortune of the connection."""

    HANG = auto()
    RESET = auto()
    ACCEPT_THEN_HANG = auto()
    ACCEPT_THEN_RESET = auto()
    #: Accepted, and answered with 500.
    ACCEPT_THEN_FAIL = auto()


#: None stands for the usual answer.
Step = Answer | Fault | None


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    user: str
    #: ``time.monotonic()``.
    arrived_at: float


class TwilioStandIn:
    """Serves one Twilio account on 127.0.0.1 while the context lasts."""

    def __init__(self) -> None:
        self.account_sid = "AC" + secrets.token_hex(16)
        self.auth_token = secrets.token_hex(16)
        self.api_key = "SK" + secrets.token_hex(16)
        self.api_secret = secrets.token_urlsafe(24)
        self.account_status = "active"
        self.account_type = "Full"
        #: Numbers of the account, and whether each sends text messages; Twilio's own test sender.
        self.numbers = {"+15005550006": True}
        #: Numbers that a trial account may text.
        self.verified: set[str] = set()
        #: Message resources accepted, oldest first; tests may change them.
        self.messages: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        #: Where callbacks are posted in place of the host they name, like a reverse proxy:
        #: ``http://127.0.0.1:PORT``.
        self.callback_proxy: str | None = None
        #: What callbacks were answered, in order.
        self.callback_answers: list[int] = []
        #: The step of a request for which none was scripted; called for one request at a time.
        self.mischief: Callable[[Request], Step] = lambda _request: None
        #: Whether messages have arrived by the time anybody asks for them.
        self.carries_at_once = False
        #: What Twilio's clock shows.
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        #: StatusCallback by sid.
        self._callbacks: dict[str, str] = {}
        self._script: deque[Step] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def base_url(self) -> str:
        """Where it listens: ``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, steps: Iterable[Step]) -> None:
        """Answer the next requests, one each, with these steps."""
        with self._lock:
            self._script.extend(steps)

    def settle(self, sid: str, status: str, error_code: int | None = None) -> None:
        """Give an accepted message its later status, as the carrier would."""
        if status not in statuses():
            raise ValueError(f"no Message resource has the status {status}")
        with self._lock:
            message = next(m for m in self.messages if m["sid"] == sid)
            now = format_datetime(self.clock())
            message.update(status=status, error_code=error_code, date_sent=now, date_updated=now)
        self._call_back(message)

    def carry(self, sid: str, end: str = "delivered", error_code: int | None = None) -> None:
        """Lead an accepted message through every status on its way to ``end``."""
        for status in WAYS[end]:
            self.settle(sid, status, error_code if status == end else None)

    def signature(self, url: str, form: Mapping[str, str]) -> str:
        """X-Twilio-Signature of a POST: the URL and each field in order of its name, signed.

        https://www.twilio.com/docs/usage/webhooks/webhooks-security
        """
        signed = url + "".join(name + form[name] for name in sorted(form))
        digest = hmac.new(self.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def callback_form(self, message: Mapping[str, Any]) -> dict[str, str]:
        """What a callback about ``message`` tells."""
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message["from"] or "",
            "MessageSid": message["sid"],
            "MessageStatus": message["status"],
            "SmsSid": message["sid"],
            "SmsStatus": message["status"],
            "To": message["to"],
        }
        if message["error_code"] is not None:
            form["ErrorCode"] = str(message["error_code"])
        return form

    def _call_back(self, message: Mapping[str, Any]) -> None:
        url = self._callbacks.get(message["sid"])
        if url is None or self.callback_proxy is None:
            return
        form = self.callback_form(message)
        asked, proxy = urlsplit(url), urlsplit(self.callback_proxy)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                urlunsplit((proxy.scheme, proxy.netloc, asked.path, asked.query, "")),
                data=form,
                headers={"X-Twilio-Signature": self.signature(url, form)},
                timeout=5,
            )
        self.callback_answers.append(answer.status_code)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Request, password: str) -> Answer | Fault:
        """What becomes of ``request``: recorded, then scripted or answered as Twilio would."""
        with self._lock:
            self.requests.append(request)
            step = self._script.popleft() if self._script else self.mischief(request)
            if isinstance(step, Answer) or step is Fault.HANG or step is Fault.RESET:
                return step
            usual = self._usual(request, password)
            if step is Fault.ACCEPT_THEN_FAIL:
                return Answer(500, 20500)
            return step or usual

    def wait_for_close(self, connection: socket.socket) -> None:
        """Block until the other side hangs up, or the context ends."""
        with self._server.not_counted():
            while not self._closing.is_set():
                if select.select([connection], [], [], 0.1)[0]:
                    return

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way: whatever processes sent that have ended was answered.

        Answers that hang for ever do not count.
        """
        # In this order: what leaves the queue of connections was counted before.
        queued, _, _ = select.select([self._server.socket], [], [], 0)
        return not queued and self._server.under_way == 0

    def _usual(self, request: Request, password: str) -> Answer:
        if (request.user, password) not in (
            (self.account_sid, self.auth_token),
            (self.api_key, self.api_secret),
        ):
            return Answer(401, 20003, headers={"WWW-Authenticate": 'Basic realm="Twilio API"'})
        account = f"/2010-04-01/Accounts/{self.account_sid}"
        if request.path == f"{account}/Messages.json":
            return self._create(request) if request.method == "POST" else self._list(request)
        if request.method != "GET":
            return Answer(405, 20004)
        if request.path == f"{account}.json":
            # Only a Main API key may read the account; standard ones answer so.
            # https://www.twilio.com/docs/api/errors/20003
            return Answer(401, 20003) if request.user == self.api_key else self._account()
        if request.path == f"{account}/IncomingPhoneNumbers.json":
            return self._numbers(request, "incoming_phone_numbers", self._owned())
        if request.path == f"{account}/OutgoingCallerIds.json":
            verified = [self._number("PN", number) for number in sorted(self.verified)]
            return self._numbers(request, "outgoing_caller_ids", verified)
        for message in reversed(self.messages):
            if request.path == message["uri"]:
                return _json(200, message)
        return Answer(404, 20404)

    def _account(self) -> Answer:
        now = format_datetime(self.clock())
        account = {
            "auth_token": self.auth_token,
            "date_created": now,
            "date_updated": now,
            "friendly_name": "Stand-in",
            "owner_account_sid": self.account_sid,
            "sid": self.account_sid,
            "status": self.account_status,
            "type": self.account_type,
            "subresource_uris": {
                "messages": f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"
            },
            "uri": f"/2010-04-01/Accounts/{self.account_sid}.json",
        }
        return _json(200, account)

    def _number(self, kind: str, number: str) -> dict[str, Any]:
        now = format_datetime(self.clock())
        sid = kind + hashlib.md5(number.encode(), usedforsecurity=False).hexdigest()
        return {
            "sid": sid,
            "account_sid": self.account_sid,
            "friendly_name": number,
            "phone_number": number,
            "date_created": now,
            "date_updated": now,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/{kind}/{sid}.json",
        }

    def _owned(self) -> list[dict[str, Any]]:
        return [
            {
                **self._number("PN", number),
                "capabilities": {"voice": True, "sms": texts, "mms": texts, "fax": False},
            }
            for number, texts in sorted(self.numbers.items())
        ]

    def _numbers(self, request: Request, name: str, all_: list[dict[str, Any]]) -> Answer:
        """A list of Twilio's, of those with the number that is asked for; always one page."""
        asked = request.query.get("PhoneNumber")
        found = [one for one in all_ if asked in (None, one["phone_number"])]
        uri = f"{request.path}?PageSize={request.query.get('PageSize', '50')}&Page=0"
        body = {
            "end": max(len(found) - 1, 0),
            "first_page_uri": uri,
            "next_page_uri": None,
            "page": 0,
            "page_size": int(request.query.get("PageSize", "50")),
            "previous_page_uri": None,
            "start": 0,
            "uri": uri,
            name: found,
        }
        return _json(200, body)

    def _create(self, request: Request) -> Answer:
        form = request.form
        code = why_refused(form)
        if code is not None:
            # The real messages quote the numbers, so whoever passes them on is found out.
            quoted = f"From {form.get('From')} To {form.get('To')}: {form.get('Body')}"
            return Answer(429 if code == 21611 else 400, code, message=quoted)
        sid = "SM" + secrets.token_hex(16)
        body = form["Body"]
        if form.get("SmartEncoded") == "true":
            body = smart_encoded(body)
        service = form.get("MessagingServiceSid")
        now = format_datetime(self.clock())
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}"
        message = {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else str(segments(body)),
            "price": None,
            "price_unit": None,
            "sid": sid,
            "status": "accepted" if service else "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": form["To"],
            "uri": f"{uri}.json",
        }
        self.messages.append(message)
        if "StatusCallback" in form:
            self._callbacks[sid] = form["StatusCallback"]
        answer = _json(201, message)
        if self.carries_at_once:
            message.update(status="delivered", date_sent=now)
        return answer

    def _list(self, request: Request) -> Answer:
        query = request.query
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        if not 1 <= size <= 1000 or page < 0:
            return Answer(400, 20006)
        found = (m for m in reversed(self.messages) if _selected(m, query))
        start = page * size
        # one more than is shown: whether there is a next page
        listed = list(islice(found, start, start + size + 1))
        more, listed = len(listed) > size, listed[:size]
        filters = {k: v for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")}

        def uri(number: int) -> str:
            return f"{request.path}?" + urlencode({**filters, "PageSize": size, "Page": number})

        body = {
            "end": max(start + len(listed) - 1, 0),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if more else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": uri(page - 1) if page else None,
            "start": start,
            "uri": uri(page),
            "messages": listed,
        }
        return _json(200, body)


def _selected(message: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    for name, key in (("To", "to"), ("From", "from")):
        if name in query and message[key] != query[name]:
            return False
    sent = message["date_sent"]
    for name in ("DateSent", "DateSent<", "DateSent>"):
        if name not in query:
            continue
        # A message still queued has no DateSent: no filter on it can find it.
        if sent is None:
            return False
        day, asked = parsedate_to_datetime(sent).date(), date.fromisoformat(query[name][:10])
        if not {"DateSent": day == asked, "DateSent<": day <= asked, "DateSent>": day >= asked}[
            name
        ]:
            return False
    return True


def _json(status: int, body: Mapping[str, Any]) -> Answer:
    return Answer(status, body=json.dumps(body).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Handlers that hang on purpose end when the context does.
    block_on_close = False
    request_queue_size = 64

    def __init__(self, standin: TwilioStandIn) -> None:
        self.standin = standin
        #: Connections that were taken and are not yet done with.
        self.under_way = 0
        self._counting = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def count(self, change: int) -> None:
        """Add to the number of connections under way."""
        with self._counting:
            self.under_way += change

    @contextmanager
    def not_counted(self) -> Iterator[None]:
        """This connection is not under way in the meantime."""
        self.count(-1)
        try:
            yield
        finally:
            self.count(1)

    def get_request(self) -> tuple[socket.socket, Any]:
        self.count(1)
        try:
            return super().get_request()
        except OSError:
            self.count(-1)
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may have been killed; anything else is a fault of the stand-in."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The end of each connection, whatever became of it."""
        super().shutdown_request(request)
        self.count(-1)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Stay silent."""

    def _serve(self) -> None:
        arrived_at = time.monotonic()
        length = int(self.headers.get("Content-Length", "0"))
        content = self.rfile.read(length)
        if len(content) < length:
            # Whoever asked has ended in the middle of it.
            self.close_connection = True
            return
        url = urlsplit(self.path)
        user, password = _credentials(self.headers.get("Authorization", ""))
        request = Request(
            method=self.command,
            path=url.path,
            query=_fields(url.query),
            form=_fields(content.decode("utf-8")),
            user=user,
            arrived_at=arrived_at,
        )
        standin = cast(_Server, self.server).standin
        answer = standin.answer(request, password)
        if isinstance(answer, Answer):
            self._reply(answer)
            return
        self.close_connection = True
        if answer in (Fault.HANG, Fault.ACCEPT_THEN_HANG):
            standin.wait_for_close(self.connection)
            return
        # Closing with SO_LINGER at zero seconds sends RST in place of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _reply(self, answer: Answer) -> None:
        body = answer.body
        if body is None:
            more = f"https://www.twilio.com/docs/errors/{answer.code}"
            error = {"code": answer.code, "message": answer.message, "more_info": more}
            body = json.dumps({**error, "status": answer.status}).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", answer.retry_after)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _fields(encoded: str) -> dict[str, str]:
    return {k: v[-1] for k, v in parse_qs(encoded, keep_blank_values=True).items()}


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(token).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password

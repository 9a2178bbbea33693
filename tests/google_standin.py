"""A stand-in for Google's OAuth 2.0 endpoints, on the loopback, strict about the standards.

What they take and answer: RFC 6749, RFC 7636 (PKCE), RFC 8252 (loopback redirect) and
https://developers.google.com/identity/protocols/oauth2/native-app. Faults are scripted:

    with GoogleStandIn() as google:
        google.script([Answer(503), Fault.HANG])
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

MAIL = "https://mail.google.com/"
LOOPBACK_REDIRECT = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost):\d+(/.*)?")
#: RFC 7636, 4.1 and 4.2.
VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON for the token endpoint, an address for the browser."""

    status: int
    body: Mapping[str, object] | bytes = b""
    location: str | None = None


class Fault(Enum):
    """A scripted misfortune of the connection."""

    HANG = auto()
    #: A byte now and then, without end.
    TRICKLE = auto()


@dataclass(slots=True)
class Code:
    """An authorization code, good once."""

    challenge: str
    redirect_uri: str
    #: Whether a refresh token comes with it.
    lasting: bool
    scope: str
    email: str


@dataclass(slots=True)
class Token:
    """An access token or a refresh token."""

    scope: str
    email: str
    ends: datetime


@dataclass(slots=True)
class GoogleStandIn:
    """Serves one OAuth client on 127.0.0.1 while the context lasts; tests may change all of it."""

    client_id: str = "407-jeeves.apps.googleusercontent.com"
    client_secret: str = "GOCSPX-" + "s" * 28
    #: Who sits at the browser, and what they do.
    email: str = "sam@example.org"
    consents: bool = True
    #: What is granted, where it is less than what was asked for.
    granted: str | None = None
    #: The consent screen is in Testing: refresh tokens end.
    testing: bool = False
    expires_in: int = 3599
    #: Whether a refresh gives a new refresh token and ends the old one.
    rotates: bool = False
    #: Who has consented before.
    known: set[str] = field(default_factory=set)
    codes: dict[str, Code] = field(default_factory=dict)
    access_tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, Token] = field(default_factory=dict)
    #: The form of each token request, oldest first.
    requests: list[dict[str, str]] = field(default_factory=list)
    _script: deque[Answer | Fault] = field(default_factory=deque)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)
    _server: _Server = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_uri(self) -> str:
        return f"{self.base_url}/token"

    def client_file(self, path: Path, kind: str = "installed", **changes: str | None) -> Path:
        """Write the client's JSON as Google's console gives it."""
        client: dict[str, object] = {
            "client_id": self.client_id,
            "project_id": "jeeves-407",
            "auth_uri": f"{self.base_url}/o/oauth2/auth",
            "token_uri": self.token_uri,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_secret": self.client_secret,
            "redirect_uris": ["http://localhost"],
        }
        client |= changes
        path.write_text(json.dumps({kind: client}), encoding="utf-8")
        return path

    def script(self, steps: Iterable[Answer | Fault]) -> None:
        """Answer the next token requests, one each, with these steps."""
        with self._lock:
            self._script.extend(steps)

    def revoke(self) -> None:
        """The owner takes the consent away: no token is good any more."""
        with self._lock:
            self.access_tokens.clear()
            self.refresh_tokens.clear()

    def authorize(self, query: list[tuple[str, str]]) -> Answer:
        """The browser at the authorization endpoint, its owner deciding at once."""
        asked = dict(query)
        redirect_uri = asked.get("redirect_uri", "")
        # Google shows these on a page: who is not known is not sent anywhere (RFC 6749, 4.1.2.1).
        if asked.get("client_id") != self.client_id:
            return Answer(401, b"Error 401: invalid_client")
        if not LOOPBACK_REDIRECT.fullmatch(redirect_uri):
            return Answer(400, b"Error 400: redirect_uri_mismatch")
        wrong = (
            len(asked) != len(query)
            or asked.get("response_type") != "code"
            or asked.get("code_challenge_method") != "S256"
            or not CHALLENGE.fullmatch(asked.get("code_challenge", ""))
            or not asked.get("state")
            or asked.get("scope") != MAIL
            or asked.get("access_type", "online") not in ("online", "offline")
        )
        if wrong:
            return Answer(400, b"Error 400: invalid_request")
        if not self.consents:
            back = {"error": "access_denied", "state": asked["state"]}
            return Answer(302, location=f"{redirect_uri}?{urlencode(back)}")
        code = f"4/0A{secrets.token_urlsafe(48)}"
        with self._lock:
            # Who has consented before gets none, unless asked to consent anew.
            anew = self.email not in self.known or asked.get("prompt") == "consent"
            self.known.add(self.email)
            self.codes[code] = Code(
                asked["code_challenge"],
                redirect_uri,
                asked.get("access_type") == "offline" and anew,
                MAIL if self.granted is None else self.granted,
                self.email,
            )
        back = {"state": asked["state"], "code": code, "scope": MAIL}
        return Answer(302, location=f"{redirect_uri}?{urlencode(back)}")

    def token(self, form: list[tuple[str, str]], basic: tuple[str, str] | None) -> Answer | Fault:
        """The client at the token endpoint."""
        asked = dict(form)
        with self._lock:
            self.requests.append(asked)
            if self._script:
                return self._script.popleft()
            if len(asked) != len(form):
                return _refused("invalid_request", "Parameter is repeated.")
            if basic and "client_secret" in asked:
                return _refused("invalid_request", "More than one way to authenticate.")
            client = basic or (asked.get("client_id", ""), asked.get("client_secret", ""))
            if client != (self.client_id, self.client_secret):
                return _refused("invalid_client", "The OAuth client was not found.", 401)
            if asked.get("grant_type") == "authorization_code":
                return self._exchange(asked)
            if asked.get("grant_type") == "refresh_token":
                return self._refresh(asked)
            return _refused("unsupported_grant_type", "Invalid grant_type")

    def tokeninfo(self, token: str) -> Answer:
        """What a mail server asks about an access token."""
        with self._lock:
            found = self.access_tokens.get(token)
        if found is None or found.ends <= datetime.now(UTC) or MAIL not in found.scope.split():
            return Answer(400, {"error": "invalid_token", "error_description": "Invalid Value"})
        remaining = (found.ends - datetime.now(UTC)).seconds
        return Answer(200, {"email": found.email, "scope": found.scope, "expires_in": remaining})

    def _exchange(self, asked: Mapping[str, str]) -> Answer:
        code = self.codes.pop(asked.get("code", ""), None)
        if code is None:
            return _refused("invalid_grant", "Malformed auth code.")
        if asked.get("redirect_uri") != code.redirect_uri:
            return _refused("redirect_uri_mismatch", "Bad Request")
        verifier = asked.get("code_verifier", "")
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not VERIFIER.fullmatch(verifier) or challenge != code.challenge:
            return _refused("invalid_grant", "Invalid code verifier.")
        answer = self._access(code.scope, code.email)
        if code.lasting:
            answer["refresh_token"] = self._refresh_token(code.scope, code.email)
            if self.testing:
                answer["refresh_token_expires_in"] = 604799
        return Answer(200, answer)

    def _refresh(self, asked: Mapping[str, str]) -> Answer:
        found = self.refresh_tokens.get(asked.get("refresh_token", ""))
        if found is None or found.ends <= datetime.now(UTC):
            return _refused("invalid_grant", "Token has been expired or revoked.")
        answer = self._access(found.scope, found.email)
        if self.rotates:
            del self.refresh_tokens[asked["refresh_token"]]
            answer["refresh_token"] = self._refresh_token(found.scope, found.email)
        return Answer(200, answer)

    def _access(self, scope: str, email: str) -> dict[str, object]:
        token = f"ya29.{secrets.token_urlsafe(64)}"
        ends = datetime.now(UTC) + timedelta(seconds=self.expires_in)
        self.access_tokens[token] = Token(scope, email, ends)
        return {
            "access_token": token,
            "expires_in": self.expires_in,
            "scope": scope,
            "token_type": "Bearer",
        }

    def _refresh_token(self, scope: str, email: str) -> str:
        token = f"1//0{secrets.token_urlsafe(64)}"
        ends = datetime.now(UTC) + timedelta(days=7 if self.testing else 3650)
        self.refresh_tokens[token] = Token(scope, email, ends)
        return token


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Handlers that hang on purpose end when the context does.
    block_on_close = False

    def __init__(self, standin: GoogleStandIn) -> None:
        self.standin = standin
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qsl(url.query, keep_blank_values=True)
        if url.path == "/o/oauth2/auth":
            self._reply(self._standin.authorize(query))
        elif url.path == "/tokeninfo":
            self._reply(self._standin.tokeninfo(dict(query).get("access_token", "")))
        else:
            self._reply(Answer(404))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        kind = self.headers.get_content_type()
        if self.path != "/token" or kind != "application/x-www-form-urlencoded":
            self._reply(Answer(404))
            return
        form = parse_qsl(content, keep_blank_values=True)
        answer = self._standin.token(form, self._basic())
        if isinstance(answer, Answer):
            self._reply(answer)
            return
        self.close_connection = True
        if answer is Fault.TRICKLE:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self._standin.closing.wait(0.02):
            if answer is Fault.TRICKLE:
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Stay silent."""

    @property
    def _standin(self) -> GoogleStandIn:
        return cast(_Server, self.server).standin

    def _basic(self) -> tuple[str, str] | None:
        """Client password by HTTP Basic, each part form-encoded (RFC 6749, 2.3.1)."""
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote(user), unquote(password)

    def _reply(self, answer: Answer) -> None:
        json_body = not isinstance(answer.body, bytes)
        body = json.dumps(answer.body).encode() if json_body else cast(bytes, answer.body)
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json" if json_body else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(body)

"""One request to Google at a time, over a connection that is safe and never waited for in vain."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from jeeves.errors import ConfigError, MailboxUnavailable

if TYPE_CHECKING:
    from requests import Response, Session

#: Seconds to connect, and to wait for each part of an answer.
PART_SECONDS = 10.0
#: Seconds after which a request is given up however it trickles.
REQUEST_SECONDS = 20.0

Answer = TypeVar("Answer")


def is_plain_http(uri: str) -> bool:
    """Whether ``uri`` is http on this machine, as a stand-in's is; False for https.

    Raises:
        ConfigError: it is neither.
    """
    try:
        url = urlsplit(uri)
        host = url.hostname or ""
        if url.scheme == "https" and host:
            return False
        if url.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback):
            return True
    except ValueError:
        pass
    raise ConfigError(
        "The OAuth client names an address of Google that is not https: download its JSON file "
        "anew at https://console.cloud.google.com/auth/clients."
    )


def prepare(session: Session, uri: str) -> None:
    """Let ``session`` ask ``uri``, and nobody else whom an answer may name.

    Raises:
        ConfigError: ``uri`` is not safe.
    """
    session.trust_env = not is_plain_http(uri)
    session.max_redirects = 0


def require_answer(answer: Response) -> Response:
    """``answer``, if it is Google's yes or no to a token (RFC 6749, 5).

    Raises:
        MailboxUnavailable: it is neither.
    """
    try:
        body = answer.json()
    except ValueError:
        body = None
    status = answer.status_code
    wanted = (("access_token", str), ("expires_in", int)) if status == 200 else (("error", str),)
    # Anything else comes from somebody between Google and us.
    said = isinstance(body, dict) and all(isinstance(body.get(k), kind) for k, kind in wanted)
    if status >= 500 or status in (408, 429) or not said:
        raise MailboxUnavailable(
            f"Google said neither yes nor no to a new access token (HTTP {status}): "
            "trying again; if this lasts, check the network."
        )
    return answer


def ask(request: Callable[[], Answer], seconds: float = REQUEST_SECONDS) -> Answer:
    """What ``request`` returns or raises, within ``seconds``.

    Raises:
        MailboxUnavailable: the network failed, or the time is over.
    """
    outcome: Future[Answer] = Future()

    def run() -> None:
        try:
            outcome.set_result(request())
        except BaseException as exc:  # noqa: BLE001  # raised again where it is waited for
            outcome.set_exception(exc)

    # requests bounds the wait for each part of an answer but not their number, so the whole is
    # bounded from outside; a thread that is given up ends when its connection does.
    threading.Thread(target=run, daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except OSError as exc:
        # What requests raises, and TimeoutError. Not `from exc`: it may quote the request.
        raise MailboxUnavailable(
            f"Google cannot be reached for a new access token ({type(exc).__name__}): "
            "check the network; trying again."
        ) from None

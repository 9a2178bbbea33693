"""The way to Twilio: one host, and what its answers and silences mean."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit, urlunsplit

from jeeves.adapters.sms.codes import IN_DOUBT, known, sentence
from jeeves.errors import ConfigError, DeliveryDelayed, DeliveryRefused, DeliveryUnknown

if TYPE_CHECKING:
    from requests import Response

#: A longer Retry-After, in seconds, is cut to this.
LONGEST_WAIT = 86_400.0
#: Under which of these names a list of Twilio's stands.
LISTS = ("messages", "incoming_phone_numbers", "outgoing_caller_ids")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Transport:
    """What `twilio.rest.Client` asks of an HTTP client, bound to one host.

    In place of twilio's own TwilioHttpClient, which logs numbers, keeps connections that
    the other side may have dropped, and can neither be pointed at another host nor kept from
    using a proxy for the loopback.
    """

    base_url: str
    #: Seconds to connect, and to wait for each part of the answer.
    timeout: float

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
        if not (safe and url.hostname):
            raise ConfigError(
                "The base URL of the SMS service must begin with https:// "
                "(http:// is for this machine only: it would show the token to others)"
            )

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None = None,
        data: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # ours always holds
        allow_redirects: bool = False,  # noqa: ARG002  # never: it would carry the credentials along
    ) -> Response:
        """Twilio's answer, a JSON object with status 200 to 299; anything else is raised."""
        import requests

        base, asked = urlsplit(self.base_url), urlsplit(url)
        here = urlunsplit((base.scheme, base.netloc, asked.path, asked.query, ""))
        # A session each time: alerts are hours apart, and a connection that was dropped
        # meanwhile would leave it unknown whether the message went out.
        with requests.Session() as session:
            session.trust_env = base.hostname not in LOOPBACK
            try:
                answer = session.request(
                    method,
                    here,
                    params=params,
                    data=data,
                    headers=headers,
                    auth=auth,
                    timeout=self.timeout,
                    allow_redirects=False,
                )
            except OSError as exc:
                failure = _outage(exc, base.hostname or "", self.timeout)
                # Not `from exc`: that one quotes the URL, and so the phone number.
                raise failure from None
        # JSON is UTF-8 (RFC 8259, 8.1); requests would guess from the bytes.
        answer.encoding = "utf-8"
        _raise_for_answer(answer)
        return answer


def _outage(
    exc: OSError, host: str, timeout: float
) -> DeliveryDelayed | DeliveryUnknown | DeliveryRefused:
    """What a failed request means: whether Twilio can have received it."""
    import requests
    from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

    reason = exc.args[0] if exc.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(exc, requests.ConnectTimeout):
        return DeliveryDelayed(f"{host} did not answer within {timeout:g} s: check the network")
    if isinstance(exc, requests.exceptions.ProxyError):
        return DeliveryDelayed(f"{host} cannot be reached through the proxy: check HTTPS_PROXY")
    if isinstance(reason, NewConnectionError):
        return DeliveryDelayed(f"{host} cannot be reached: check the network")
    if isinstance(reason, SSLError) and isinstance(reason.args[0], ssl.SSLCertVerificationError):
        return DeliveryDelayed(
            f"{host} shows a certificate that is not trusted: check the clock and the network"
        )
    if isinstance(exc, requests.ReadTimeout):
        return DeliveryUnknown(
            f"{host} took the request but did not answer within {timeout:g} s: check the network"
        )
    if isinstance(exc, ValueError) or not isinstance(exc, requests.RequestException):
        return DeliveryRefused(
            f"No request can be made to {host}: check HTTPS_PROXY and REQUESTS_CA_BUNDLE"
        )
    return DeliveryUnknown(
        f"The connection to {host} broke before the answer came: check the network"
    )


def _raise_for_answer(answer: Response) -> None:
    """Raise unless ``answer`` is a success that holds a resource of Twilio, or a list of them."""
    try:
        body = json.loads(answer.text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    status = answer.status_code
    if not 200 <= status < 300:
        code = body.get("code")
        _raise_for_code(status, code if isinstance(code, int) else None, answer.headers)
    if not (
        isinstance(body.get("sid"), str) or any(isinstance(body.get(name), list) for name in LISTS)
    ):
        raise DeliveryUnknown(
            "The SMS service did not answer as Twilio does: check its base URL and the network"
        )


def _raise_for_code(status: int, code: int | None, headers: Mapping[str, str]) -> NoReturn:
    # 408: the request was perhaps received in part. 3xx: somebody other than Twilio answered.
    if status >= 500 or status == 408 or status < 400 or code in IN_DOUBT:
        raise DeliveryUnknown(
            f"Twilio said neither yes nor no (HTTP {status}): if this lasts, see status.twilio.com"
        )
    if status == 401:
        code = code or 20003
    if status == 429:
        code = code or 20429
    if status == 429 or ((found := known(code)) is not None and found.retry):
        raise DeliveryDelayed(sentence(code), _seconds(headers.get("Retry-After", "")))
    raise DeliveryRefused(sentence(code, status), code)


def _seconds(retry_after: str) -> float | None:
    """The Retry-After header (RFC 9110, 10.2.3) in seconds from now; None if it says nothing."""
    if retry_after.strip().isdecimal():
        seconds = float(retry_after)
    else:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)

"""Text messages through Twilio's Programmable Messaging API."""

from __future__ import annotations

import json
import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.errors import ConfigError, DeliveryDelayed, DeliveryRefused, DeliveryUnknown

if TYPE_CHECKING:
    from requests import Response
    from twilio.rest import Client  # type: ignore[import-untyped]  # published without types

BASE_URL = "https://api.twilio.com"
#: Twilio drops a message that it could not hand to a carrier for this long.
VALIDITY_SECONDS = 14_400
#: A lookup reads at most this many messages to the recipient, newest first.
LOOKUP_LIMIT, LOOKUP_PAGE = 500, 100
#: A lookup reads back this far before the alert was made, for clocks that differ.
CLOCK_MARGIN = timedelta(days=1)
#: A longer Retry-After, in seconds, is cut to this.
LONGEST_WAIT = 86_400.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

#: Later attempts may succeed: too many requests, the sender's queue is full.
DELAYED = frozenset({20429, 21611, 30001})
#: A message that ended so was not delivered, and another one may be: queue overflow, phone out
#: of reach, unknown carrier error.
WORTH_ANOTHER = frozenset({30001, 30003, 30008})
#: What Twilio will refuse again, and the way out. https://www.twilio.com/docs/api/errors
REFUSED: Mapping[int, str] = {
    20003: "Twilio refused the credentials: check the account SID with its auth token, or the "
    "API key with its secret, and that the account is not suspended",
    20404: "Twilio does not know this account: check the account SID and the messaging service SID",
    21211: "Twilio says the recipient is no valid phone number: write it in full, with + and the "
    "country code",
    21212: "Twilio says the sender is no valid phone number: write your Twilio number in full, "
    "with + and the country code",
    21408: "Twilio may not text the recipient's country from this account: allow it under "
    "Messaging, Settings, Geo permissions in the Twilio console",
    21606: "The sender is not an SMS number of this Twilio account: choose one that the Twilio "
    "console lists as SMS-capable",
    21608: "A trial account of Twilio texts verified numbers only: verify the recipient under "
    "Verified caller IDs in the Twilio console, or upgrade the account",
    21610: "The recipient has unsubscribed with STOP: text START from that phone to the sender",
    21612: "Twilio has no route from the sender to the recipient: use a sender of the "
    "recipient's country",
    21614: "The recipient is not a mobile phone: name a number that receives SMS",
    21617: "The text has more than 1600 characters: this is a fault of Jeeves, please report it",
    30002: "The Twilio account is suspended: settle it in the Twilio console",
    30004: "The recipient blocks messages or cannot receive them: check that phone's settings",
    30005: "The recipient's number is unknown to its carrier or switched off: check the number",
    30006: "The recipient is a landline or out of its carrier's reach: name a mobile number",
    30007: "The carrier filtered the message as spam: register the sender with Twilio (A2P 10DLC "
    "or toll-free verification)",
    30034: "US carriers refuse unregistered senders: register the number for A2P 10DLC in the "
    "Twilio console, or use a verified toll-free number",
}


class SmsNotifier:
    """`jeeves.domain.ports.Notifier` for one recipient. Safe to share between threads.

    Nothing is tried twice in here, and no error or log line holds a number, text or secret.

    Raises:
        ConfigError: the credentials or the sender are incomplete, or the URL is unsafe.
    """

    channel = Channel.SMS

    def __init__(
        self,
        *,
        account_sid: str,
        to: str,
        auth_token: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        sender: str | None = None,
        messaging_service_sid: str | None = None,
        base_url: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account_sid):
            raise ConfigError("The Twilio account SID must be AC and 32 hexadecimal digits")
        if api_key and api_secret:
            self._login = (api_key, api_secret)
        elif auth_token:
            self._login = (account_sid, auth_token)
        else:
            raise ConfigError("Twilio needs an auth token, or an API key together with its secret")
        if not "".join(self._login).isascii():
            raise ConfigError("The Twilio credentials hold a character that no token or key has")
        if bool(sender) == bool(messaging_service_sid):
            raise ConfigError("Twilio needs either a sender number or a messaging service SID")
        self._by_key = self._login[0] == api_key
        self._account_sid = account_sid
        self._to = to
        self._origin = (
            {"from_": sender} if sender else {"messaging_service_sid": messaging_service_sid}
        )
        self._transport = _Transport(base_url or BASE_URL, timeout)
        # urllib3 writes each URL into its debug log, and the lookup's URL holds the number.
        logging.getLogger("urllib3.connectionpool").disabled = True

    def send(self, alert: Alert) -> Receipt:
        """Hand the text of ``alert`` to Twilio; the receipt holds the sid of the message.

        Raises: as `jeeves.domain.ports.Notifier.send`.
        """
        message = self._client().messages.create(
            to=self._to,
            body=alert.text,
            validity_period=VALIDITY_SECONDS,
            smart_encoded=True,
            **self._origin,
        )
        return _receipt(message)

    def find(self, alert: Alert) -> Receipt | None:
        """The message to the recipient that holds the reference of ``alert``, if there is one.

        A message that failed for a passing reason counts as none, so that another is sent.

        Raises:
            DeliveryDelayed, DeliveryUnknown: Twilio could not be asked; the doubt remains.
            DeliveryRefused: Twilio refused the lookup, or the message it finds has failed for good.
        """
        for message in self._messages_since(alert.created_at - CLOCK_MARGIN):
            if alert.reference not in (message.body or ""):
                continue
            if message.status not in ("failed", "undelivered", "canceled"):
                return _receipt(message)
            code = message.error_code
            if code is not None and code not in WORTH_ANOTHER:
                raise DeliveryRefused(_refusal(code), code)
        return None

    def check(self) -> str:
        """What Twilio says of the account, such as "account active (trial)"; sends nothing.

        Raises: as `jeeves.domain.ports.Notifier.send`.
        """
        if self._by_key:
            # Only Main keys may read the account (error 20003); any key may list messages.
            self._client().messages.list(limit=1)
            return "API key accepted"
        account = self._client().api.v2010.accounts(self._account_sid).fetch()
        if account.status != "active":
            raise DeliveryRefused(f"The Twilio account is {account.status}: see the Twilio console")
        return f"account active ({str(account.type).lower()})"

    def _messages_since(self, moment: datetime) -> Iterator[Any]:
        # Not filtered by DateSent: a message that still waits at Twilio has none.
        listed = self._client().messages.stream(
            to=self._to, limit=LOOKUP_LIMIT, page_size=LOOKUP_PAGE
        )
        for message in listed:
            if message.date_created is not None and message.date_created < moment:
                return
            yield message

    def _client(self) -> Client:
        # Imported here: requests and twilio take 150 ms, which `jeeves --help` need not wait for.
        from twilio.rest import Client

        user, password = self._login
        return Client(user, password, self._account_sid, http_client=self._transport)


@dataclass(frozen=True, slots=True)
class _Transport:
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
    if not (isinstance(body.get("sid"), str) or isinstance(body.get("messages"), list)):
        raise DeliveryUnknown(
            "The SMS service did not answer as Twilio does: check its base URL and the network"
        )


def _raise_for_code(status: int, code: int | None, headers: Mapping[str, str]) -> NoReturn:
    if status == 429 or code in DELAYED:
        raise DeliveryDelayed(
            f"Twilio asks for patience (HTTP {status}, error {code or 'none'})",
            _seconds(headers.get("Retry-After", "")),
        )
    # 408: the request was perhaps received in part. 3xx: somebody other than Twilio answered.
    if status >= 500 or status == 408 or status < 400:
        raise DeliveryUnknown(
            f"Twilio said neither yes nor no (HTTP {status}): if this lasts, see status.twilio.com"
        )
    if code is None and status == 401:
        code = 20003
    raise DeliveryRefused(_refusal(code, status), code)


def _refusal(code: int | None, status: int | None = None) -> str:
    sentence = REFUSED.get(code or 0)
    if sentence is not None:
        return f"{sentence} (Twilio error {code})"
    if code is None:
        return (
            f"Twilio refused the request (HTTP {status}): see the error log in the Twilio console"
        )
    return f"Twilio refused the request: see https://www.twilio.com/docs/api/errors/{code}"


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


def _receipt(message: Any) -> Receipt:
    """The receipt for a message resource of twilio."""
    return Receipt(id=str(message.sid), note=f"Twilio: {message.status}")

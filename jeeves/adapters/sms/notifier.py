"""The SMS channel."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jeeves.adapters.sms.codes import LOST, delivery, sentence, worth_another
from jeeves.adapters.sms.numbers import Doubt, of_recipient, of_sender
from jeeves.adapters.sms.transport import Transport
from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.ports import Delivery
from jeeves.errors import ConfigError, DeliveryRefused

if TYPE_CHECKING:
    from twilio.rest import Client  # type: ignore[import-untyped]  # published without types

BASE_URL = "https://api.twilio.com"
#: Twilio drops a message that it could not hand to a carrier for this many seconds: of an alert
#: that does not expire; at least; at most (Message resource, ValidityPeriod).
VALIDITY_SECONDS, LEAST_VALIDITY, MOST_VALIDITY = 14_400, 60, 36_000
#: A lookup reads the messages to the recipient, newest first; as many at once as Twilio gives.
LOOKUP_PAGE = 1000
#: It reads back this far before the first attempt, for clocks that differ. Nothing else ends it:
#: a message behind however many others would be sent twice if it were not found.
CLOCK_MARGIN = timedelta(days=1)
#: The sid of a Message resource.
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")


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
        callback_url: str | None = None,
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
        #: Where Twilio is to post each new status of a message.
        self._callback = {"status_callback": callback_url} if callback_url else {}
        self._transport = Transport(base_url or BASE_URL, timeout)
        # urllib3 writes each URL into its debug log, and the lookup's URL holds the number.
        logging.getLogger("urllib3.connectionpool").disabled = True

    def send(self, alert: Alert) -> Receipt:
        """Hand the text of ``alert`` to Twilio; the receipt holds the sid of the message.

        Raises: as `jeeves.domain.ports.Notifier.send`.
        """
        message = self._client().messages.create(
            to=self._to,
            body=alert.text,
            validity_period=validity(alert, datetime.now(UTC)),
            smart_encoded=True,
            **self._origin,
            **self._callback,
        )
        return _receipt(message)

    def find(self, alert: Alert) -> Receipt | None:
        """The message to the recipient that holds the reference of ``alert``, if there is one.

        A message that failed for a passing reason counts as none, so that another is sent.

        Raises:
            DeliveryDelayed, DeliveryUnknown: Twilio could not be asked; the doubt remains.
            DeliveryRefused: Twilio refused the lookup, or the message it finds has failed for good.
        """
        tried_at = alert.tried_at or alert.created_at
        for message in self._messages_since(tried_at - CLOCK_MARGIN):
            if alert.reference not in (message.body or ""):
                continue
            if message.status not in LOST:
                return _receipt(message)
            if not worth_another(message.error_code):
                raise DeliveryRefused(sentence(message.error_code), message.error_code)
        return None

    def follow(self, alert: Alert) -> Delivery | None:
        """What became of the message that the receipt of ``alert`` names; None without one.

        Raises:
            DeliveryDelayed, DeliveryUnknown: Twilio could not be asked.
            DeliveryRefused: Twilio refused the question.
        """
        sid = alert.receipt.id if alert.receipt else ""
        if not MESSAGE_SID.fullmatch(sid):
            return None
        try:
            message = self._client().messages(sid).fetch()
        except DeliveryRefused as exc:
            if exc.code != 20404:
                raise
            error = (
                "Twilio has no such message any more, so nobody can tell whether it arrived: "
                "was it deleted from the log, or the account changed?"
            )
            return Delivery("deleted", final=True, delivered=False, error=error)
        return delivery(message.status, message.error_code)

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

    def doubts(self) -> list[Doubt]:
        """Why texts may not arrive although the account is in order; sends nothing.

        Raises: as `jeeves.domain.ports.Notifier.send`.
        """
        client = self._client()
        trial = False
        if not self._by_key:
            account = client.api.v2010.accounts(self._account_sid).fetch()
            trial = str(account.type).lower() == "trial"
        found = (
            of_sender(client, self._origin.get("from_")),
            of_recipient(client, self._to, trial=trial),
        )
        return [doubt for doubt in found if doubt is not None]

    def _messages_since(self, moment: datetime) -> Iterator[Any]:
        # Not filtered by DateSent: a message that still waits at Twilio has none.
        listed = self._client().messages.stream(to=self._to, page_size=LOOKUP_PAGE)
        for message in listed:
            if message.date_created is not None and message.date_created < moment:
                return
            yield message

    def _client(self) -> Client:
        # Imported here: requests and twilio take 150 ms, which `jeeves --help` need not wait for.
        from twilio.rest import Client

        user, password = self._login
        return Client(user, password, self._account_sid, http_client=self._transport)


def _receipt(message: Any) -> Receipt:
    """The receipt for a message resource of twilio."""
    return Receipt(id=str(message.sid), note=f"Twilio: {message.status}")


def validity(alert: Alert, now: datetime) -> int:
    """For how many seconds Twilio may try to send ``alert``: as long as it is of use."""
    if alert.expires_at is None:
        return VALIDITY_SECONDS
    left = int((alert.expires_at - now).total_seconds())
    return min(max(left, LEAST_VALIDITY), MOST_VALIDITY)

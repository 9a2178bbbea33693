"""Whether Twilio would send from the one number to the other, without a text being sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jeeves.adapters.sms.codes import LOST, PAGES, sentence
from jeeves.errors import DeliveryRefused

if TYPE_CHECKING:
    from twilio.rest import Client  # type: ignore[import-untyped]  # published without types

#: Pages of the Twilio console.
SENDERS = "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming"
VERIFIED = "https://console.twilio.com/us1/develop/phone-numbers/manage/verified"
MESSAGE_LOG = "https://console.twilio.com/us1/monitor/logs/sms"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text may not arrive; neither number nor text is in it."""

    says: str
    #: The page that shows it, or where it is mended.
    page: str
    #: Whether the next text is sure to be refused.
    certain: bool


def of_sender(client: Client, sender: str | None) -> Doubt | None:
    """What is wrong with the sender; None where nothing is, or nobody may look it up.

    Args:
        client: Twilio's, with the account's credentials.
        sender: In E.164 form; None for a messaging service, whose numbers are not looked up.

    Raises:
        DeliveryDelayed, DeliveryUnknown: Twilio could not be asked.
    """
    if sender is None:
        return None
    try:
        owned = client.incoming_phone_numbers.list(phone_number=sender, limit=1)
    except DeliveryRefused:
        return None  # a restricted API key
    if not owned:
        return Doubt("the sender is not a number of this Twilio account", SENDERS, certain=True)
    if not owned[0].capabilities.get("sms"):
        return Doubt("the sender cannot send text messages", SENDERS, certain=True)
    return None


def of_recipient(client: Client, to: str, *, trial: bool) -> Doubt | None:
    """What is wrong with the recipient: not verified for a trial account, or nothing arrived last.

    Raises: as `of_sender`.
    """
    try:
        if trial and not client.outgoing_caller_ids.list(phone_number=to, limit=1):
            says = "a trial account texts verified numbers only, and the recipient is none"
            return Doubt(says, VERIFIED, certain=True)
        last = client.messages.list(to=to, limit=1)
    except DeliveryRefused:
        return None
    if not last or last[0].status not in LOST:
        return None
    code = last[0].error_code
    why = f": {sentence(code)}" if code else ""
    page = f"{PAGES}/{code}" if code else MESSAGE_LOG
    return Doubt(f"the last text to the recipient did not arrive{why}", page, certain=False)

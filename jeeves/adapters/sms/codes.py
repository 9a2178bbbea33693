"""Twilio's error codes and statuses: whether another attempt may succeed, and the way out.

Twilio warns that codes change and new ones come (Message resource, ``error_code``): what is not
in the table is told apart by the HTTP status, or counts as final, and is named by its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jeeves.domain.ports import Delivery

#: Where Twilio describes each code.
PAGES = "https://www.twilio.com/docs/api/errors"
#: Twilio may or may not have accepted the message: it has to be looked up.
IN_DOUBT = frozenset({20500})

#: Statuses of a Message resource that reached the phone; "read" is of WhatsApp alone.
ARRIVED = frozenset({"delivered", "partially_delivered", "read", "received"})
#: Statuses after which nothing comes and nothing arrived.
LOST = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True, slots=True)
class Code:
    """What one error code means for the owner."""

    #: What happened and the way out; neither number nor text is in it.
    sentence: str
    #: Whether the same text may get through later.
    retry: bool = False


#: As a refusal of a request, or as the end of a message that had been accepted.
CODES: Mapping[int, Code] = {
    20003: Code(
        "Twilio refused the credentials: check the account SID with its auth token, or the API "
        "key with its secret, and that the account is not suspended"
    ),
    20404: Code(
        "Twilio does not know this account: check the account SID and the messaging service SID"
    ),
    20429: Code(
        "Twilio takes no more requests just now, so it is tried again: if this lasts, see who "
        "else uses the account",
        retry=True,
    ),
    20500: Code(
        "Twilio said neither yes nor no, so it is looked up before another is sent: if this "
        "lasts, see status.twilio.com",
        retry=True,
    ),
    21211: Code(
        "Twilio says the recipient is no valid phone number: write it in full, with + and the "
        "country code"
    ),
    21212: Code(
        "Twilio says the sender is no valid phone number: write your Twilio number in full, with "
        "+ and the country code"
    ),
    21408: Code(
        "Twilio may not text the recipient's country from this account: allow it under Messaging, "
        "Settings, Geo permissions in the Twilio console"
    ),
    21606: Code(
        "The sender is not an SMS number of this Twilio account: choose one that the Twilio "
        "console lists as SMS-capable"
    ),
    21608: Code(
        "A trial account of Twilio texts verified numbers only: verify the recipient under "
        "Verified caller IDs in the Twilio console, or upgrade the account"
    ),
    21609: Code(
        "Twilio cannot use the address for delivery reports: check TWILIO_CALLBACK_URL, or leave "
        "it empty"
    ),
    21610: Code(
        "The recipient has unsubscribed with STOP: text START from that phone to the sender"
    ),
    21611: Code(
        "The sender's queue at Twilio is full, so it is tried again: if this lasts, see who else "
        "sends from this number",
        retry=True,
    ),
    21612: Code(
        "Twilio has no route from the sender to the recipient: use a sender of the recipient's "
        "country"
    ),
    21614: Code("The recipient is not a mobile phone: name a number that receives SMS"),
    21617: Code(
        "The text has more than 1600 characters: this is a fault of Jeeves, please report it"
    ),
    21659: Code(
        "The sender is not a number of Twilio's: name one that you bought from Twilio, in full, "
        "with + and the country code"
    ),
    21660: Code(
        "The sender belongs to another Twilio account: use the account SID and credentials of "
        "the account that owns the number"
    ),
    30001: Code(
        "The queue at Twilio overflowed, so it is tried again: if this lasts, see who else uses "
        "the account",
        retry=True,
    ),
    30002: Code("The Twilio account is suspended: settle it in the Twilio console"),
    30003: Code(
        "The phone could not be reached, so it is tried again: check that it is on, has signal "
        "and receives SMS",
        retry=True,
    ),
    30004: Code(
        "The recipient blocks messages or cannot receive them: check that phone's settings"
    ),
    30005: Code(
        "The recipient's number is unknown to its carrier or switched off: check the number"
    ),
    30006: Code("The recipient is a landline or out of its carrier's reach: name a mobile number"),
    30007: Code(
        "The carrier filtered the message as spam: register the sender with Twilio (A2P 10DLC or "
        "toll-free verification)"
    ),
    30008: Code(
        "The carrier lost the message and does not say why, so it is tried again: if this lasts, "
        "ask Twilio's support",
        retry=True,
    ),
    30024: Code(
        "The carrier does not know the sender yet: wait until its registration is complete, or "
        "ask Twilio's support"
    ),
    30032: Code(
        "Carriers refuse this toll-free sender: have it verified under Regulatory Compliance in "
        "the Twilio console"
    ),
    30034: Code(
        "US carriers refuse unregistered senders: register the number for A2P 10DLC in the "
        "Twilio console, or use a verified toll-free number"
    ),
    30036: Code("Twilio could not send the message while it was of use, so it was dropped"),
    30044: Code("A trial account of Twilio sends short texts only: upgrade the account"),
    63038: Code(
        "The Twilio account has used up its messages for the day, so it is tried again: ask "
        "Twilio's support for a higher limit",
        retry=True,
    ),
    572002: Code(
        "A trial account of Twilio texts each recipient from one number of its own: set that one, "
        "from the Twilio console, as the sender, or upgrade the account"
    ),
    572005: Code(
        "The recipient is not yet verified for this trial account: finish it under Verified "
        "caller IDs in the Twilio console, or upgrade the account"
    ),
}


def known(code: int | None) -> Code | None:
    """What the table says of ``code``, if anything."""
    return CODES.get(code or 0)


def worth_another(code: int | None) -> bool:
    """Whether a message that ended with ``code`` may get through if it is sent once more."""
    if code is None:
        return True  # nobody knows why, as with 30008
    return (found := known(code)) is not None and found.retry


def sentence(code: int | None, status: int | None = None) -> str:
    """What went wrong and the way out: of an error code, else of an HTTP status."""
    if (found := known(code)) is not None:
        return f"{found.sentence} (Twilio error {code})"
    if code is not None:
        return f"Twilio gives a reason that Jeeves does not know: see {PAGES}/{code}"
    return f"Twilio refused the request (HTTP {status}): see the error log in the Twilio console"


def delivery(status: str, code: int | None) -> Delivery:
    """What became of a message with this status and error code (those of a Message resource)."""
    if status in ARRIVED:
        return Delivery(status, final=True, delivered=True)
    if status not in LOST:
        return Delivery(status, final=False, delivered=False)
    if status == "canceled":
        error = "The message was canceled at Twilio before it was sent"
        return Delivery(status, final=True, delivered=False, error=error)
    if code is None:
        error = (
            "The message did not arrive and Twilio does not say why: see the message log in the "
            "Twilio console"
        )
    else:
        error = sentence(code)
    return Delivery(status, final=True, delivered=False, retry=worth_another(code), error=error)

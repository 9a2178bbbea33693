"""Values for tests: say only what the test is about."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from jeeves.domain.alert import Alert, Channel
from jeeves.domain.conversation import Conversation
from jeeves.domain.message import Address, FetchedMail, Message, Origin
from jeeves.domain.outbox import Outcome
from jeeves.domain.verdict import Band, Reason, Score, Verdict
from tests.no_mail_in_logs import mail_is

NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
ACCOUNT = "sam@example.org"
_numbers = itertools.count(1)


def a_message(**changes: Any) -> Message:
    """A live, readable message from somebody else."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "origin": Origin.LIVE,
        "mailbox": "INBOX",
        "uid": number,
        "uidvalidity": 1,
        "gmail_id": str(10**19 + number),
        "message_id": f"mail-{number}@example.org",
        "digest": f"digest-{number}",
        "thread_key": f"gm:{number}",
        "references": (),
        "sender": Address("Ana Lopez", "ana@example.org"),
        "to": (Address("Sam Reader", ACCOUNT),),
        "cc": (),
        "subject": "Lunch on Thursday?",
        "body": "Want to grab lunch on Thursday?",
        "own_words": "Want to grab lunch on Thursday?",
        "sent_at": NOW - timedelta(minutes=1),
        "received_at": NOW,
    }
    message = Message(**{**values, **changes})
    mail_is(message.subject, message.body)
    return message


def a_verdict(probability: float = 0.9, words: str = "grab lunch") -> Verdict:
    """A verdict cut at 0.5."""
    band = Band.ALERT if probability >= 0.5 else Band.QUIET
    score = Score(probability, (Reason(words, 1.5), Reason("invoice", -0.5)), 0.1, "test-model")
    return Verdict(score=score, threshold=0.5, band=band)


def an_alert(**changes: Any) -> Alert:
    """A pending text message."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "reference": f"jv-TEST{number:04}",
        "account": ACCOUNT,
        "thread_key": f"gm:{number}",
        "message_id": None,
        "channel": Channel.SMS,
        "text": "Ana Lopez wants to meet",
        "created_at": NOW,
    }
    return Alert(**{**values, **changes})


def an_outcome(**changes: Any) -> Outcome:
    """A decision that has seen whatever is stored of its conversation."""
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "thread_key": "gm:1",
        "read_up_to": 2**62,
        "heard_up_to": 2**62,
        "decided_at": NOW,
        "conversation": Conversation(),
    }
    return Outcome(**{**values, **changes})


def raw_mail(
    subject: str = "Lunch on Thursday?",
    text: str = "Want to grab lunch on Thursday?",
    sender: str = "Ana Lopez <ana@example.org>",
    date: datetime | None = None,
    **headers: str,
) -> bytes:
    """The bytes of a plain mail with a Message-ID of its own."""
    mail_is(subject, text)
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = f"Sam Reader <{ACCOUNT}>"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(date or datetime.now(UTC))
    mail["Message-ID"] = f"<raw-{next(_numbers)}@example.org>"
    for name, value in headers.items():
        name = name.replace("_", "-")
        del mail[name]
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes().replace(b"\n", b"\r\n")


def a_fetched_mail(raw: bytes | None = None, **changes: Any) -> FetchedMail:
    """A mail as a mailbox hands it over."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "raw": raw_mail() if raw is None else raw,
        "mailbox": "INBOX",
        "received_at": NOW,
        "uid": number,
        "uidvalidity": 1,
    }
    return FetchedMail(**{**values, **changes})

"""The written conversations of tests/fixtures/conversations, as mails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from jeeves.domain.message import FetchedMail, Message, Origin
from jeeves.mail.mime import read

FOLDER = Path(__file__).parent / "fixtures" / "conversations"


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be known of a conversation at its end."""

    state: str
    alert_at: str | None
    #: None unless the state is settled.
    settled_by: str | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One written conversation."""

    name: str
    owner: str
    case: str
    mails: tuple[bytes, ...]
    expected: Expected

    @property
    def messages(self) -> list[Message]:
        """Its mails, read as if they had arrived live."""
        found = []
        for raw in self.mails:
            mail = FetchedMail(raw=raw, mailbox=self.name, received_at=datetime.now().astimezone())
            message = read(mail, self.owner, Origin.LIVE)
            assert isinstance(message, Message), self.name
            found.append(message)
        return found


def conversations(folder: str) -> Iterator[Conversation]:
    """Those of one folder, in the order of their names."""
    for path in sorted((FOLDER / folder).glob("*.json")):
        written = json.loads(path.read_text(encoding="utf-8"))
        expected = written["expected"]
        settled = expected["state"] == "settled"
        yield Conversation(
            name=path.stem,
            owner=written["owner"],
            case=written["case"],
            mails=tuple(map(as_mail, written["messages"])),
            expected=Expected(
                expected["state"],
                expected["alert_at"] if expected["alert"] else None,
                expected["settled_by"] if settled else None,
            ),
        )


def as_mail(written: Mapping[str, Any]) -> bytes:
    """One message of a conversation as RFC 5322 bytes."""
    mail = EmailMessage()
    mail["From"] = written["from"]
    mail["To"] = ", ".join(written["to"])
    if written.get("cc"):
        mail["Cc"] = ", ".join(written["cc"])
    mail["Subject"] = written["subject"] or ""
    mail["Date"] = datetime.fromisoformat(written["date"])
    mail["Message-ID"] = written["id"]
    if written.get("in_reply_to"):
        mail["In-Reply-To"] = mail["References"] = written["in_reply_to"]
    for name, value in (written.get("headers") or {}).items():
        mail[name] = value
    mail.set_content(written["body"])
    if calendar := written.get("calendar"):
        method = re.search(r"METHOD:(\w+)", calendar)
        mail.add_alternative(
            calendar,
            subtype="calendar",
            params={"method": method[1] if method else "REQUEST"},
        )
    return mail.as_bytes()


def real_threads() -> Sequence[Mapping[str, Any]]:
    """The labelled threads of real mail, without their mails."""
    lines = (FOLDER / "real-threads.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]

"""Gmail's search words, as far as X-GM-RAW needs them here.

Words and "quoted phrases", all of which must occur; ``-`` before a term excludes it; ``from:``,
``to:``, ``subject:``, ``label:``, ``in:``, ``is:`` and ``rfc822msgid:`` look at one thing.
https://support.google.com/mail/answer/7190
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

TERM = re.compile(r'(?P<no>-?)(?:(?P<operator>\w+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))')
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search looks at."""

    raw: bytes
    labels: Set[str]
    seen: bool


def matches(query: str, mail: Searched) -> bool:
    """Whether every term of ``query`` holds for ``mail``."""
    message = message_from_bytes(mail.raw, policy=policy.default)
    for term in TERM.finditer(query):
        value = term["word"] if term["phrase"] is None else term["phrase"]
        held = holds((term["operator"] or "").lower(), value, message, mail)
        if held == bool(term["no"]):
            return False
    return True


def holds(operator: str, value: str, message: EmailMessage, mail: Searched) -> bool:
    """Whether one term holds, its minus sign aside; an unknown operator is a word."""
    if operator in {"from", "to", "subject"}:
        return occurs(value, str(message[operator] or ""))
    if operator == "rfc822msgid":
        return value.strip("<>") == str(message["Message-ID"] or "").strip("<> ")
    if operator in {"label", "in"} and value.lower() == "anywhere":
        return True
    if operator in {"label", "in"}:
        return slug(value) in {slug(label) for label in mail.labels}
    if operator == "is" and value.lower() in {"read", "unread"}:
        return mail.seen == (value.lower() == "read")
    if operator == "is":
        return slug(value) in {slug(label) for label in mail.labels}
    word = f"{operator}:{value}" if operator else value
    return occurs(word, text_of(message))


def occurs(words: str, text: str) -> bool:
    """Whether ``words`` stand in ``text`` as whole words, whatever their case."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


def slug(label: str) -> str:
    """A label as people type it in a search: ``Muy Importante`` is ``muy-importante``."""
    return re.sub(r"\W+", "-", label.lower()).strip("-")


def text_of(message: EmailMessage) -> str:
    """Subject, names and all text of a mail, decoded."""
    headers = [str(message[name] or "") for name in ("Subject", "From", "To", "Cc")]
    bodies = []
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            charset = part.get_content_charset("utf-8")
            try:
                text = payload.decode(charset, "replace") if isinstance(payload, bytes) else ""
            except LookupError:
                text = ""
            bodies.append(TAG.sub(" ", text))
    return "\n".join(headers + bodies)

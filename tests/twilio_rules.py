"""What Twilio accepts as a message: its OpenAPI document, and rules the document leaves out.

The document is an excerpt (contract/twilio_messages_excerpt.json; MIT licence beside it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

EXCERPT = Path(__file__).parent / "contract" / "twilio_messages_excerpt.json"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
ACCOUNT = "/2010-04-01/Accounts/{Sid}.json"
NUMBERS = "/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json"
VERIFIED = "/2010-04-01/Accounts/{AccountSid}/OutgoingCallerIds.json"

E164 = re.compile(r"\+[1-9]\d{1,14}")
#: GSM 03.38: the basic table, and the characters that cost two.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€\f")
#: The commonest of the characters that SmartEncoded replaces.
SMART = str.maketrans(
    {"\u2026": "...", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2013": "-"}
)

#: The ways of a message that the carrier takes, and of one that it does not.
WAYS = {
    "delivered": ("sending", "sent", "delivered"),
    "read": ("sending", "sent", "delivered", "read"),
    "undelivered": ("sending", "sent", "undelivered"),
    "failed": ("failed",),
    "canceled": ("canceled",),
}

# https://www.twilio.com/docs/iam/test-credentials
MAGIC_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


@cache
def document() -> dict[str, Any]:
    """The excerpt of Twilio's OpenAPI 3.0 document."""
    return cast("dict[str, Any]", json.loads(EXCERPT.read_text("utf-8")))


def answer_validator(path: str, method: str, status: int) -> Draft202012Validator:
    """Checks a JSON answer against the schema that the document gives it."""
    answer = document()["paths"][path][method]["responses"][str(status)]
    return validator(answer["content"]["application/json"]["schema"])


def why_refused(form: Mapping[str, str]) -> int | None:
    """Twilio's error code for a CreateMessage request with this form; None if it is accepted."""
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    rules = (
        (not form.get("To"), 21604),
        (not (sender or service), 21603),
        (not form.get("Body", "").strip(), 21602),
        (len(form.get("Body", "")) > 1600, 21617),
        (not E164.fullmatch(form.get("To", "")), 21211),
        (bool(sender) and not E164.fullmatch(sender), 21212),
        (not _is_callback(form.get("StatusCallback", "https://h/x")), 21609),
        (not _matches_document(form), 20001),
    )
    for broken, code in rules:
        if broken:
            return code
    return MAGIC_SENDERS.get(sender) or MAGIC_RECIPIENTS.get(form["To"])


def statuses() -> frozenset[str]:
    """Every status that a Message resource can have."""
    return frozenset(document()["components"]["schemas"]["message_enum_status"]["enum"])


def smart_encoded(text: str) -> str:
    """``text`` as Twilio's SmartEncoded makes it: typographic characters in plain ones."""
    return text.translate(SMART)


def segments(text: str) -> int:
    """How many SMS segments ``text`` is billed as (GSM 03.38, else UCS-2)."""
    if all(c in GSM_BASIC or c in GSM_EXTENDED for c in text):
        units, single, joined = sum(1 + (c in GSM_EXTENDED) for c in text), 160, 153
    else:
        units, single, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else -(-units // joined)


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A JSON Schema validator for a schema of the document."""
    root = {"components": document()["components"], **schema}
    return Draft202012Validator(cast("dict[str, Any]", _json_schema(root)))


def _is_callback(address: str) -> bool:
    """Whether Twilio takes an address for status callbacks (error 21609 says what it must have)."""
    url = urlsplit(address)
    whole = url.scheme in ("http", "https") and bool(url.hostname) and bool(url.path)
    return whole and "_" not in (url.hostname or "") and len(address) <= 4000


def _matches_document(form: Mapping[str, str]) -> bool:
    body = document()["paths"][MESSAGES]["post"]["requestBody"]["content"]
    schema = body["application/x-www-form-urlencoded"]["schema"]
    typed = {k: _typed(v, schema["properties"].get(k, {})) for k, v in form.items()}
    period = typed.get("ValidityPeriod", 1)
    in_range = isinstance(period, int) and 1 <= period <= 36000
    # Twilio overlooks parameters it does not know; a misspelt one should not pass a test.
    strict = {**schema, "additionalProperties": False}
    return in_range and validator(strict).is_valid(typed)


def _typed(value: str, schema: Mapping[str, Any]) -> object:
    """A form field as the type that ``schema`` names, or as it is where it cannot be that."""
    kind = schema.get("type")
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return [value] if kind == "array" else value


def _json_schema(node: object) -> object:
    """The OpenAPI 3.0 dialect in JSON Schema: ``nullable`` becomes a second type."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _json_schema(value) for key, value in node.items()}
    if converted.pop("nullable", False) is True:
        converted["type"] = [converted["type"], "null"]
    return converted

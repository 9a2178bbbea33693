"""Header fields of a mail, read as tolerantly as people need it."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_tz

from jeeves.domain.message import Address
from jeeves.mail.decoding import storable, to_text

#: Fields of one header block by name in lower case: raw values, in the order they stand.
Fields = dict[str, list[str]]

# RFC 822 is of August 1982: an older Date is a clock that was never set.
_FIRST_YEAR = 1982
# Clocks differ and zones are forgotten; two days late is no longer either.
_LATEST_AFTER_ARRIVAL = timedelta(days=2)
# An RFC 5322 line has at most 998 characters; longer ids break database indexes.
_LONGEST_ID = 500
# How far into a file a header block is looked for.
_HEAD = 65536
# What editors, mail gateways and copying leave in front of the first field.
LEADING_NOISE = b"\xef\xbb\xbf\r\n"

_FIELD = re.compile(rb">?From |[!-9;-~]+:")
_MAIL_FIELD = re.compile(
    rb"^(?:from|to|cc|bcc|subject|date|message-id|in-reply-to|references|sender|reply-to|"
    rb"received|return-path|delivered-to|mime-version|content-type|content-transfer-encoding|"
    rb"list-id|resent-[a-z-]+|x-[a-z0-9-]+):",
    re.IGNORECASE | re.MULTILINE,
)
# A header block as it should be, without a CR that ends no line.
_BLOCK = re.compile(r"(?:[!-9;-~]+:[^\r\n]*+\r?\n(?:[ \t][^\r\n]*+\r?\n)*+)++\Z")
_BLOCK_END = re.compile(rb"\n\r?\n")
_BLOCK_FIELD = re.compile(r"([!-9;-~]+):[ \t]*+([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)")
# Of these, one is in every mail that a program wrote.
_COMMON = frozenset(("from", "to", "subject", "date", "message-id", "received"))
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_CONTROL = re.compile("[\x00-\x1f\x7f]+")
# Every alternative consumes or fails on its own characters only: linear on any input.
_ADDRESS_TOKEN = re.compile(
    r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?="
    r'|"(?:[^"\\]|\\.)*+(?:"|\Z)'
    r"|\([^()]*\)|<[^<>]*>|[^\",;:()<>=]+|.",
    re.DOTALL,
)
# The two forms that nearly all mailboxes have, without what needs a closer look.
_PLAIN_MAILBOX = re.compile(
    r'\s*+(?:"([^"\\<>@=]*+)"\s*+|([^"\\<>@,;:()=]*+))<([^<>@\s,;:"\'=]++@[^<>@\s,;:"\'()=]++)>\s*+'
)
# One of several in a row, with what parts it from the next: also an address without a name.
_ONE_OF_SEVERAL = re.compile(
    r'\s*+(?:([^\x00-\x20\x7f\s"\\<>@,;:()=\'[\]]++@[^\x00-\x20\x7f\s"\\<>@,;:()=\']++)'
    r'|(?:"([^"\\<>@=]*+)"\s*+|([^"\\<>@,;:()=]*+))'
    r'<([^\x00-\x20\x7f\s"\\<>@,;:()=\']++@[^\x00-\x20\x7f\s"\\<>@,;:()=\']++)>)\s*+(?:,|\Z)'
)
_SEPARATED = re.compile(r"[\s,<>\"]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"?|[^;]*+)', re.DOTALL)
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_NO_REPLY = re.compile(
    r"(?:^|[-_.+])(?:no|not|do[-_.]?not|dont|never)[-_.]?reply|mailer[-_.]?daemon|"
    r"(?:nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre|no[-_.]?responder)"
)


def fields(items: Iterable[tuple[str, str]]) -> Fields:
    """The fields of a header block. ``items``: as the parser keeps them, undecoded."""
    found: Fields = {}
    for name, value in items:
        found.setdefault(name.lower(), []).append(value)
    return found


def split(raw: bytes) -> tuple[Fields, int] | None:
    """The fields of a mail, and where its body begins; the same as Python's parser finds.

    None where the header block is not as it should be, or could be something else's than a mail's.
    """
    end = _BLOCK_END.search(raw, 0, _HEAD)
    if end is None:
        return None
    head = raw[: end.start() + 1].decode("ascii", "surrogateescape")
    if not _BLOCK.match(head):
        return None
    found = fields(_BLOCK_FIELD.findall(head))
    return None if _COMMON.isdisjoint(found) else (found, end.end())


def looks_like_mail(raw: bytes) -> bool:
    """Whether ``raw`` begins with a header block in which at least one field is a mail's."""
    head = raw[:_HEAD].lstrip(LEADING_NOISE)
    block = re.split(rb"\r?\n\r?\n|\r\r", head, maxsplit=1)[0]
    return _FIELD.match(block) is not None and _MAIL_FIELD.search(block) is not None


def decode(value: str) -> str:
    """One header value as people read it, on one line.

    Unfolds, decodes encoded words (RFC 2047) and raw 8-bit bytes, which Python's parser
    keeps as surrogates; drops control characters.
    """
    if not value.isascii():
        value = to_text(value.encode("utf-8", "surrogateescape"), "utf-8")
    if "=?" in value:
        value = "".join(_words(value))
    if not value.isprintable():
        value = _CONTROL.sub(" ", storable(value))
    return " ".join(value.split())


def _words(value: str) -> Iterator[str]:
    """The pieces of ``value``, encoded words decoded and the blanks between them dropped."""
    end = 0
    pending, charset = b"", ""
    for word in _ENCODED_WORD.finditer(value):
        gap = value[end : word.start()]
        adjacent = end > 0 and not gap.strip()
        # Mailers cut one character in two: words of one charset are decoded together.
        if pending and not (adjacent and word[1].lower() == charset):
            yield to_text(pending, charset)
            pending = b""
        if not adjacent:
            yield gap
        charset, end = word[1].lower(), word.end()
        payload = word[3].encode("utf-8", "surrogateescape")
        try:
            if word[2] in "qQ":
                pending += binascii.a2b_qp(payload, header=True)
            else:
                pending += binascii.a2b_base64(payload.rstrip(b"=") + b"==")
        except binascii.Error:
            pending += word[0].encode("utf-8", "surrogateescape")
    if pending:
        yield to_text(pending, charset)
    yield value[end:]


def addresses(values: Sequence[str]) -> tuple[Address, ...]:
    """All mailboxes of address fields (RFC 5322, 3.4), groups resolved.

    Forgives what mailers get wrong: ``Smith, Ana <ana@example.org>`` is one mailbox.
    """
    found: list[Address] = []
    for value in values:
        found += _mailboxes(value)
    return tuple(found)


def _mailboxes(value: str) -> Iterable[Address]:
    if not value.isascii():
        value = to_text(value.encode("utf-8", "surrogateescape"), "utf-8")
    plain = _PLAIN_MAILBOX.fullmatch(value)
    if plain:
        return (Address(name=decode(plain[1] or plain[2] or ""), address=plain[3].lower()),)
    return _plain_mailboxes(value) or _any_mailboxes(value)


def _plain_mailboxes(value: str) -> list[Address] | None:
    """The mailboxes of ``value`` where each is plain, else None."""
    found: list[Address] = []
    at, end = 0, len(value)
    while at < end:
        one = _ONE_OF_SEVERAL.match(value, at)
        if one is None:
            return None
        bare, quoted, name, address = one.groups()
        if bare:
            found.append(Address("", bare.lower()))
        else:
            found.append(Address(decode(quoted or name or ""), address.lower()))
        at = one.end()
    return found


def _any_mailboxes(value: str) -> Iterator[Address]:
    start = 0  # where the mailbox being read begins
    angle: tuple[int, int] | None = None
    comment, has_at = "", False
    for token in _ADDRESS_TOKEN.finditer(value):
        text = token[0]
        if text[0] == "<":
            angle = token.span()
        elif text[0] == "(":
            comment = text[1:-1]
        elif text == ":" and angle is None and not has_at:
            start = token.end()  # the name of a group ends here
        elif text in (",", ";"):
            # A comma before any address stands inside a name that should have been quoted.
            if angle is not None or has_at or text == ";":
                yield from _mailbox(value, start, token.start(), angle, comment)
                start, angle, comment, has_at = token.end(), None, "", False
        elif "@" in text:
            has_at = True
    yield from _mailbox(value, start, len(value), angle, comment)


def _mailbox(
    value: str, start: int, end: int, angle: tuple[int, int] | None, comment: str
) -> Iterator[Address]:
    """The mailbox written at ``value[start:end]``, unless there are only blanks."""
    if angle is not None:
        name = value[start : angle[0]]
        # An obsolete source route ("@relay:ana@example.org") is dropped.
        address = value[angle[0] + 1 : angle[1] - 1].rpartition(":")[2]
    else:
        bare = value[start:end].replace(f"({comment})", " ") if comment else value[start:end]
        address = next((word for word in _SEPARATED.split(bare) if "@" in word), "")
        name = (bare.replace(address, " ", 1) if address else bare).strip(' \t,<>"')
    address = "".join(decode(address).split()).strip("'\"").lower()
    name = decode(name)
    if len(name) > 1 and name[0] == '"' and name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1]).strip()
    name = name or decode(comment)
    if "@" not in address:
        address = ""
    if name or address:
        yield Address(name=name, address=address)


def sent_at(value: str, received_at: datetime) -> datetime | None:
    """A Date field with its sender's offset; None where it is missing or cannot be true."""
    try:
        parts = parsedate_tz(value)
        if parts is None or not _FIRST_YEAR <= parts[0] <= received_at.year + 1:
            return None
        # 60 is a leap second, which Python's datetime does not know.
        year, month, day, hour, minute, second = parts[:6]
        zone = timezone(timedelta(seconds=parts[9] or 0))
        sent = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return sent if sent - received_at <= _LATEST_AFTER_ARRIVAL else None


def message_ids(values: Sequence[str]) -> tuple[str, ...]:
    """The message ids in ``values`` without angle brackets, each once, in order."""
    found: dict[str, None] = {}
    for value in values:
        text = decode(value)
        # Old programs wrote "Your mail of Monday" into In-Reply-To: no id stands in that.
        ids = _MESSAGE_ID.findall(text) or ([text] if "@" in text and " " not in text else [])
        for written in ids:
            bare = "".join(written.split())
            if 0 < len(bare) <= _LONGEST_ID:
                found[bare] = None
    return tuple(found)


def value_and_parameters(fields: Fields, name: str) -> tuple[str, dict[str, str]]:
    """A field such as Content-Type (RFC 2045, 5.1): its value and its parameters by name.

    Value and names are in lower case. Of a parameter in pieces or with a charset (RFC 2231),
    ``filename*0*=utf-8''...``, only the first piece is given, under the plain name.
    """
    written = fields[name][0] if name in fields else ""
    value, semicolon, _ = written.partition(";")
    parameters: dict[str, str] = {}
    if semicolon:
        for parameter in _PARAMETER.finditer(written):
            key, star, _ = parameter[1].lower().partition("*")
            text = parameter[2].strip().strip('"')
            parameters.setdefault(key, text.rpartition("'")[2] if star else text)
    # A comment may stand behind the value (RFC 2045, 5.1).
    return value.partition("(")[0].strip().lower(), parameters


def sent_by_machine(fields: Fields, sender: Address, invites: bool) -> bool:
    """Whether the mail went to many or comes from a program.

    ``invites``: it carries an invitation that asks for an answer. Calendar services send those
    on behalf of one person, so for them only a mailing list counts.
    """
    if "list-id" in fields:
        return True
    if invites:
        return False
    precedence = _first(fields, "precedence")
    automatic = _first(fields, "auto-submitted").partition(";")[0].strip()
    return (
        "list-unsubscribe" in fields
        or precedence in ("bulk", "list", "junk")
        or automatic not in ("", "no")
        or _NO_REPLY.search(sender.address.partition("@")[0]) is not None
    )


def _first(fields: Fields, name: str) -> str:
    return decode(fields[name][0]).lower() if name in fields else ""


def same_person(address: str, account: str) -> bool:
    """Whether both are one mailbox; Gmail ignores dots and what follows a plus."""
    return bool(address) and _canonical(address) == _canonical(account)


def _canonical(address: str) -> str:
    local, _, domain = address.strip().lower().rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        return local.partition("+")[0].replace(".", "") + "@gmail.com"
    return f"{local}@{domain}"

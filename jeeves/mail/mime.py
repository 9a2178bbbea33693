"""RFC 5322 bytes to a Message."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message as Part
from email.parser import BytesHeaderParser, BytesParser

from jeeves.domain.message import Address, FetchedMail, Message, Origin, Unreadable
from jeeves.mail import headers, html, invitation
from jeeves.mail.decoding import lines_joined_by_lf, storable, to_text, unflow
from jeeves.mail.invitation import Invitation
from jeeves.mail.quoting import own_words

# Nobody nests deeper by hand; mail loops and attacks do.
_DEEPEST = 20
# Where a multipart mail nearly always says so; only speed depends on it.
_HEAD = 8192
_SEVERAL_PARTS = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.I | re.M)
_FORWARDED = "---------- Forwarded message ----------"
_TEXT_TYPES = frozenset({"text/plain", "text/markdown", "text/enriched"})
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "application/x-ics"})
_MBOX_FROM = re.compile(r"^>+(?=From )", re.MULTILINE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_PLACEHOLDER_LENGTH = 300
_PLACEHOLDER = re.compile(r"\bhtml\b|browser|navigateur|navegador", re.IGNORECASE)


def read(fetched: FetchedMail, account: str, origin: Origin) -> Message | Unreadable:
    """The mail in ``fetched``, decoded; Unreadable where it is none.

    Never raises: a poison mail is a value, so that it cannot stop the queue.
    """
    account = account.strip().lower()
    raw = fetched.raw
    if not raw.strip():
        return _unreadable(fetched, account, origin, "The mail is empty.")
    if not headers.looks_like_mail(raw):
        return _unreadable(fetched, account, origin, "There is no header block of a mail.")
    if raw[:1] in headers.LEADING_NOISE:
        raw = raw.lstrip(headers.LEADING_NOISE)
    try:
        return _message(_parse(raw), fetched, account, origin)
    except Exception as error:  # noqa: BLE001
        # Python's parser meets text from the whole world and has raised KeyError, IndexError,
        # UnicodeError, RecursionError and more on it; no narrower class covers them.
        reason = f"The parser failed on it with {type(error).__name__}."
        return _unreadable(fetched, account, origin, reason)


def _unreadable(fetched: FetchedMail, account: str, origin: Origin, reason: str) -> Unreadable:
    return Unreadable(
        account=account,
        origin=origin,
        mailbox=fetched.mailbox,
        uid=fetched.uid,
        uidvalidity=fetched.uidvalidity,
        gmail_id=fetched.gmail_id,
        digest=hashlib.sha256(fetched.raw).hexdigest(),
        received_at=fetched.received_at,
        reason=reason,
    )


def _parse(raw: bytes) -> Part:
    """The tree of parts, by the policy compat32: ten times as fast as policy.default."""
    if not _SEVERAL_PARTS.search(raw, 0, _HEAD):
        # Four times as fast again, and the same for a mail of one part.
        root = BytesHeaderParser().parsebytes(raw)
        if root.get_content_maintype() not in ("multipart", "message"):
            return root
    return BytesParser().parsebytes(raw)


def _message(root: Part, fetched: FetchedMail, account: str, origin: Origin) -> Message:
    fields = _fields(root)
    content = _content(root, fields)
    sender = next(
        (a for name in ("from", "sender") for a in headers.addresses(fields.get(name, ()))),
        Address(name="", address=""),
    )
    subject = headers.decode(fields.get("subject", [""])[0])
    date = fields.get("date", [""])[0]
    own_id = headers.message_ids(fields.get("message-id", ())[:1])
    message_id = own_id[0] if own_id else ""
    named = (*fields.get("references", ()), *fields.get("in-reply-to", ()))
    references = tuple(id_ for id_ in headers.message_ids(named) if id_ != message_id)
    text = content.text
    body = _with_invitations(text, content.invitations)
    own = own_words(text)
    if own:
        # The sender's program wrote them for the sender: they are part of what was said.
        # Where nothing else was, own_words stays empty and the body is judged.
        own = _with_invitations(own, content.invitations)
    digest = _digest(sender.address, date, subject, content.source or body)
    return Message(
        account=account,
        origin=origin,
        mailbox=fetched.mailbox,
        uid=fetched.uid,
        uidvalidity=fetched.uidvalidity,
        gmail_id=fetched.gmail_id,
        message_id=message_id,
        digest=digest,
        thread_key=_thread_key(fetched.gmail_thread_id, references, message_id, digest),
        references=references,
        sender=sender,
        to=headers.addresses(fields.get("to", ())),
        cc=headers.addresses(fields.get("cc", ())),
        subject=subject,
        body=body,
        own_words=own,
        sent_at=headers.sent_at(date, fetched.received_at),
        received_at=fetched.received_at,
        labels=fetched.labels,
        starred=fetched.starred,
        bulk=headers.sent_by_machine(
            fields, sender, invites=any(i.method == "REQUEST" for i in content.invitations)
        ),
        own=headers.same_person(sender.address, account),
    )


def _fields(part: Part) -> headers.Fields:
    fields: headers.Fields = {}
    # Not items(): that wraps every value with raw 8-bit bytes in a Header.
    for name, value in part.raw_items():
        fields.setdefault(name.lower(), []).append(value)
    return fields


def _thread_key(
    gmail_thread_id: str | None, references: tuple[str, ...], message_id: str, digest: str
) -> str:
    if gmail_thread_id:
        return f"gm:{gmail_thread_id}"
    first = references[0] if references else message_id
    return f"id:{first}" if first else f"sha256:{digest}"


def _digest(sender: str, date: str, subject: str, source: str) -> str:
    """The same for one mail whether it comes by IMAP or out of an mbox file.

    Of an HTML mail the source is digested, so that a better converter changes no identity.
    """
    text = _MBOX_FROM.sub("", source) if "From " in source else source
    whole = "\0".join((sender, date, subject, text)).encode("utf-8", "replace")
    return hashlib.sha256(whole.translate(None, b" \t\n\v\f\r")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Content:
    """What a part says."""

    #: Decoded, but not converted.
    source: str = ""
    is_html: bool = False
    invitations: tuple[Invitation, ...] = ()

    @property
    def text(self) -> str:
        if not self.is_html:
            return self.source
        return storable(html.to_text(self.source)).strip("\n")


_NOTHING = _Content()


def _content(part: Part, fields: headers.Fields, depth: int = 0) -> _Content:
    if depth > _DEEPEST:
        return _NOTHING
    kind, parameters = headers.value_and_parameters(fields, "content-type")
    main, _, subtype = kind.partition("/")
    if part.is_multipart():
        inner = [child for child in part.get_payload() if isinstance(child, Part)]
        if main == "message":
            whole = inner and subtype in ("rfc822", "global", "news")
            return _forwarded(inner[0], fields, depth + 1) if whole else _NOTHING
        contents = [_content(child, _fields(child), depth + 1) for child in inner]
        if subtype == "alternative":
            return _best(contents)
        # The first part is the document, the others its pictures; the machine's report.
        if subtype in ("related", "report") and contents:
            return replace(contents[0], invitations=_all_invitations(contents))
        return _joined(contents)
    disposition, naming = headers.value_and_parameters(fields, "content-disposition")
    name = parameters.get("name") or naming.get("filename") or ""
    if kind in _CALENDAR_TYPES or name.lower().endswith(".ics"):
        found = invitation.parse(_decoded(part, kind, parameters), parameters.get("method", ""))
        return _Content(invitations=(found,)) if found else _NOTHING
    if name or disposition == "attachment":
        return _NOTHING
    if kind == "text/html":
        return _Content(source=_decoded(part, kind, parameters), is_html=True)
    # No type means plain text (RFC 2045, 5.2); so do types that are none, and the parser keeps a
    # multipart without a boundary as text.
    if kind in _TEXT_TYPES or "/" not in kind or main == "multipart":
        source = _decoded(part, kind, parameters)
        if parameters.get("format", "").lower() == "flowed":
            source = unflow(source, parameters.get("delsp", "").lower() == "yes")
        return _Content(source=source.strip("\n"))
    return _NOTHING


def _decoded(part: Part, kind: str, parameters: dict[str, str]) -> str:
    """The text of a leaf part, with ``\\n`` line ends."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = parameters.get("charset", "")
    if not charset and kind == "text/html":
        declared = _META_CHARSET.search(raw[:2048])
        charset = declared[1].decode("ascii", "replace") if declared else ""
    return lines_joined_by_lf(storable(to_text(raw, charset)))


def _all_invitations(contents: Iterable[_Content]) -> tuple[Invitation, ...]:
    return tuple(found for content in contents for found in content.invitations)


def _best(contents: list[_Content]) -> _Content:
    """Of several versions of one text, the plain one if it is one, else the HTML."""
    invitations = _all_invitations(contents)
    plain = next((c for c in contents if c.source.strip() and not c.is_html), None)
    rich = next((c for c in contents if c.source.strip() and c.is_html), None)
    best = plain or rich or _NOTHING
    if plain and rich and _is_placeholder(plain.source) and rich.text.strip():
        best = rich
    return replace(best, invitations=invitations)


def _is_placeholder(text: str) -> bool:
    """Whether ``text`` may only say that the mail should be seen as HTML."""
    return len(text) <= _PLACEHOLDER_LENGTH and _PLACEHOLDER.search(text) is not None


def _joined(contents: list[_Content]) -> _Content:
    """Parts that stand below each other."""
    filled = [content for content in contents if content.source.strip()]
    invitations = _all_invitations(contents)
    if len(filled) == 1:
        return replace(filled[0], invitations=invitations)
    return _Content(source="\n\n".join(c.text for c in filled), invitations=invitations)


def _forwarded(mail: Part, fields: headers.Fields, depth: int) -> _Content:
    """A mail that is attached to this one, as mail programs write out a forwarded one.

    ``fields``: those of the part that it is.
    """
    encoding = headers.value_and_parameters(fields, "content-transfer-encoding")[0]
    if encoding == "base64" and not mail.is_multipart():
        # Against RFC 2046, 5.2.1, and yet it is done.
        mail["Content-Transfer-Encoding"] = encoding
        payload = mail.get_payload(decode=True)
        mail = BytesParser().parsebytes(payload if isinstance(payload, bytes) else b"")
    named = _fields(mail)
    lines = [_FORWARDED]
    for name in ("From", "Date", "Subject", "To"):
        for value in named.get(name.lower(), ())[:1]:
            lines.append(f"{name}: {headers.decode(value)}")
    content = _content(mail, named, depth)
    text = _with_invitations(content.text, content.invitations)
    return _Content(source="\n".join((*lines, "", text)))


def _with_invitations(text: str, invitations: Iterable[Invitation]) -> str:
    """``text`` with every invitation below it, each once."""
    written = dict.fromkeys(found.text for found in invitations)
    return "\n\n".join((text, *written) if text else written)

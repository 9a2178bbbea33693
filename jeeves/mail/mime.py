"""RFC 5322 bytes to a Message."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from email.message import Message as Part
from email.parser import BytesHeaderParser, BytesParser

from jeeves.domain.message import (
    DRAFT,
    SENT,
    Address,
    FetchedMail,
    Message,
    Origin,
    Unreadable,
)
from jeeves.mail import content, headers
from jeeves.mail.content import with_invitations
from jeeves.mail.quoting import own_words

# Where a multipart mail nearly always says so; only speed depends on it.
_HEAD = 8192
_SEVERAL_PARTS = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.I | re.M)
EMPTY = "The mail is empty, or the server does not give it out."
_MBOX_FROM = re.compile(r"^>+(?=From )", re.MULTILINE)


def read(
    fetched: FetchedMail, account: str, origin: Origin, aliases: Iterable[str] = ()
) -> Message | Unreadable:
    """The mail in ``fetched``, decoded; Unreadable where it is none.

    What the account or one of its owner's ``aliases`` sent is own mail.

    Never raises: a poison mail is a value, so that it cannot stop the queue.
    """
    account = account.strip().lower()
    raw = fetched.raw
    if not raw.strip():
        return _unreadable(fetched, account, origin, EMPTY)
    if raw[:1] in headers.LEADING_NOISE:
        raw = raw.lstrip(headers.LEADING_NOISE)
    try:
        found = _of_one_part(raw)
        if found is None:
            if not headers.looks_like_mail(raw):
                reason = "There is no header block of a mail."
                return _unreadable(fetched, account, origin, reason)
            found = _of_any(raw)
        return _message(*found, fetched, account, origin, aliases)
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


def parse(raw: bytes) -> tuple[Part, headers.Fields]:
    """The tree of parts of a mail, and the fields of its header.

    The parser of Python, by the policy compat32, is ten times as fast as by policy.default; it is
    needed only for what a plain reading of the header leaves open.
    """
    return _of_one_part(raw) or _of_any(raw)


def _of_one_part(raw: bytes) -> tuple[Part, headers.Fields] | None:
    """A mail of one part with a header as it should be; None where it is something else."""
    split = headers.split(raw)
    if split is None:
        return None
    fields, start = split
    kind = fields["content-type"][0].lower() if "content-type" in fields else ""
    if "multipart" in kind or "message" in kind:
        return None
    root = Part()
    # the only field that its payload depends on
    for encoding in fields.get("content-transfer-encoding", ()):
        root["Content-Transfer-Encoding"] = encoding
    root.set_payload(raw[start:].decode("ascii", "surrogateescape"))
    return root, fields


def _of_any(raw: bytes) -> tuple[Part, headers.Fields]:
    root: Part | None = None
    if not _SEVERAL_PARTS.search(raw, 0, _HEAD):
        # Four times as fast, and the same for a mail of one part.
        root = BytesHeaderParser().parsebytes(raw)
        if root.get_content_maintype() in ("multipart", "message"):
            root = None
    root = root or BytesParser().parsebytes(raw)
    return root, headers.fields(root.raw_items())


def _message(
    root: Part,
    fields: headers.Fields,
    fetched: FetchedMail,
    account: str,
    origin: Origin,
    aliases: Iterable[str],
) -> Message:
    said = content.read(root, fields)
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
    text = said.text
    body = with_invitations(text, said.invitations)
    own = own_words(text)
    if own:
        # The sender's program wrote them for the sender: they are part of what was said.
        # Where nothing else was, own_words stays empty and the body is judged.
        own = with_invitations(own, said.invitations)
    digest = _digest(sender.address, date, subject, said.source or body)
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
            fields, sender, invites=any(i.method == "REQUEST" for i in said.invitations)
        ),
        own=any(headers.same_person(sender.address, one) for one in (account, *aliases))
        # From an address of the owner's that nobody told us of.
        or not {SENT, DRAFT}.isdisjoint(fetched.labels),
    )


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

"""What a tree of MIME parts says: its text and its invitations."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message as Part
from email.parser import BytesParser

from jeeves.mail import headers, html, invitation, tnef
from jeeves.mail.decoding import lines_joined_by_lf, storable, to_text, unenriched, unflow
from jeeves.mail.invitation import Invitation

# Nobody nests deeper by hand; mail loops and attacks do.
_DEEPEST = 20
_FORWARDED = "---------- Forwarded message ----------"
_TEXT_TYPES = frozenset({"text/plain", "text/markdown", "text/enriched"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "application/x-ics"})
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_WHOLE_MAILS = frozenset({"rfc822", "global", "news"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
# Written before the characters were cut apart: it must be undone before they are decoded.
_FOLD = re.compile(rb"\r?\n[ \t]")
_LOOKS_LIKE_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE
)
_PLACEHOLDER_LENGTH = 300
_PLACEHOLDER = re.compile(r"\bhtml\b|browser|navigateur|navegador", re.IGNORECASE)
_PICTURE = re.compile(r"\[(?:image|cid)[:\s][^\]\n]{0,200}\]")
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Content:
    """What a part says."""

    #: Decoded, but not converted.
    source: str = ""
    is_html: bool = False
    #: It has a name, so that it is read only where nothing else says anything.
    is_named: bool = False
    invitations: tuple[Invitation, ...] = ()

    @property
    def text(self) -> str:
        """The text that a person sees."""
        if not self.is_html:
            return self.source
        return storable(html.to_text(self.source)).strip("\n")


_NOTHING = Content()


def read(part: Part, fields: headers.Fields, depth: int = 0) -> Content:
    """What ``part`` says, which has the header ``fields``."""
    if depth > _DEEPEST:
        return _NOTHING
    kind, parameters = headers.value_and_parameters(fields, "content-type")
    if part.is_multipart():
        # In a digest, a part without a type is a mail (RFC 2046, 5.1.5).
        return _of_several(part, kind or part.get_content_type(), fields, depth)
    main = kind.partition("/")[0]
    disposition, naming = headers.value_and_parameters(fields, "content-disposition")
    name = (parameters.get("name") or naming.get("filename") or "").lower()
    if kind in _CALENDAR_TYPES or name.endswith(".ics"):
        calendar = _decoded(part, fields, "text/calendar", parameters)
        return Content(invitations=invitation.parse(calendar, parameters.get("method", "")))
    if kind in _TNEF_TYPES or name == "winmail.dat":
        return _of_tnef(_payload(part, fields))
    if name.endswith(".eml") and main != "text":
        return _forwarded(BytesParser().parsebytes(_payload(part, fields)), depth + 1)
    # What is attached has been written before, often by somebody else; a mail of one part is not.
    if disposition == "attachment" and depth:
        return _NOTHING
    if kind in _HTML_TYPES:
        source = _decoded(part, fields, kind, parameters)
        return Content(source=source, is_html=True, is_named=bool(name))
    # No type means plain text (RFC 2045, 5.2); so do types that are none, and the parser keeps a
    # multipart without a boundary as text.
    if kind in _TEXT_TYPES or "/" not in kind or main == "multipart":
        source = _decoded(part, fields, kind, parameters)
        if source[:1] in "<\n " and _LOOKS_LIKE_HTML.match(source):
            return Content(source=source, is_html=True, is_named=bool(name))
        if parameters.get("format", "").lower() == "flowed":
            source = unflow(source, parameters.get("delsp", "").lower() == "yes")
        elif kind == "text/enriched":
            source = unenriched(source)
        return Content(source=source.strip("\n"), is_named=bool(name))
    return _NOTHING


def _of_several(part: Part, kind: str, fields: headers.Fields, depth: int) -> Content:
    main, _, subtype = kind.partition("/")
    inner = [child for child in part.get_payload() if isinstance(child, Part)]
    if main == "message":
        if not inner or subtype not in _WHOLE_MAILS:
            return _NOTHING
        return _forwarded(_decoded_mail(inner[0], fields), depth + 1)
    contents = [read(child, _fields(child), depth + 1) for child in inner]
    if subtype == "alternative":
        return _best(contents)
    # One part is the document, the others its pictures; the machine's report comes first.
    if subtype in ("related", "report") and contents:
        written = (c for c in contents if c.source.strip()) if subtype == "related" else iter(())
        return replace(next(written, contents[0]), invitations=_all_invitations(contents))
    return _joined(contents)


def _fields(part: Part) -> headers.Fields:
    return headers.fields(part.raw_items())


def _payload(part: Part, fields: headers.Fields) -> bytes:
    """The bytes of a leaf part, its transfer encoding undone."""
    written = fields.get("content-transfer-encoding", ("",))[0]
    if written and written != (plain := _COMMENT.sub("", written).strip(' \t\r\n";')):
        # Python's parser knows an encoding only where nothing stands beside it.
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = plain
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(part: Part, fields: headers.Fields, kind: str, parameters: dict[str, str]) -> str:
    """The text of a leaf part, with ``\\n`` line ends."""
    raw = _payload(part, fields)
    charset = parameters.get("charset", "")
    if not charset and kind in _HTML_TYPES:
        declared = _META_CHARSET.search(raw[:2048])
        charset = declared[1].decode("ascii", "replace") if declared else ""
    elif kind == "text/calendar":
        raw = _FOLD.sub(b"", raw)
    return lines_joined_by_lf(storable(to_text(raw, charset)))


def _of_tnef(raw: bytes) -> Content:
    found = tnef.read(raw)
    return Content(
        source=lines_joined_by_lf(storable(found.text)).strip("\n"),
        is_html=found.is_html,
        is_named=True,
        invitations=(found.invitation,) if found.invitation else (),
    )


def _all_invitations(contents: Iterable[Content]) -> tuple[Invitation, ...]:
    return tuple(found for content in contents for found in content.invitations)


def _best(contents: list[Content]) -> Content:
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
    if len(text) > _PLACEHOLDER_LENGTH:
        return False
    return _PLACEHOLDER.search(text) is not None or not _PICTURE.sub("", text).strip()


def _joined(contents: list[Content]) -> Content:
    """Parts that stand below each other."""
    filled = [content for content in contents if content.source.strip()]
    unnamed = [content for content in filled if not content.is_named]
    filled = unnamed or filled[:1]
    invitations = _all_invitations(contents)
    if len(filled) == 1:
        return replace(filled[0], invitations=invitations)
    return Content(source="\n\n".join(c.text for c in filled), invitations=invitations)


def _decoded_mail(mail: Part, fields: headers.Fields) -> Part:
    """``mail``, which may be encoded: against RFC 2046, 5.2.1, and yet it is done.

    ``fields``: those of the part that it is.
    """
    encoding = headers.value_and_parameters(fields, "content-transfer-encoding")[0]
    if encoding not in ("base64", "quoted-printable") or mail.is_multipart():
        return mail
    head = "".join(f"{name}: {value}\n" for name, value in mail.raw_items())
    raw = f"{head}\n{mail.get_payload()}" if head else str(mail.get_payload())
    encoded = raw.encode("utf-8", "surrogateescape")
    try:
        plain = binascii.a2b_base64(encoded) if encoding == "base64" else binascii.a2b_qp(encoded)
    except binascii.Error:
        return mail
    return BytesParser().parsebytes(plain)


def _forwarded(mail: Part, depth: int) -> Content:
    """A mail that is attached to this one, as mail programs write out a forwarded one."""
    named = _fields(mail)
    lines = [_FORWARDED]
    for name in ("From", "Date", "Subject", "To"):
        for value in named.get(name.lower(), ())[:1]:
            lines.append(f"{name}: {headers.decode(value)}")
    content = read(mail, named, depth)
    text = with_invitations(content.text, content.invitations)
    return Content(source="\n".join((*lines, "", text)))


def with_invitations(text: str, invitations: Iterable[Invitation]) -> str:
    """``text`` with every invitation below it, each once."""
    written = dict.fromkeys(found.text for found in invitations)
    return "\n\n".join((text, *written) if text else written)

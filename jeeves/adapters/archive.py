"""Mail that lies on disk: .eml files, mbox files (Google Takeout too), Maildir, folders of them."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from jeeves.domain.message import FetchedMail
from jeeves.errors import ConfigError
from jeeves.mail import headers

# Twice what Gmail accepts. Keeps memory constant when a file is not what it seems.
_LONGEST = 100_000_000
_TOO_LONG = f"The mail is longer than {_LONGEST // 1_000_000} MB."
_LINE = 1 << 20
_HEAD = 65536

# "From ana@example.org Mon May 14 09:30:00 2001": who, and somewhere behind it an hour and a
# year. Zones, missing senders and Takeout's order of words all occur.
_ENVELOPE = re.compile(
    rb"From .{0,300}\d{1,2}:\d\d.{0,60}\d{4}|From .{0,300}\b\d{4}\b.{0,20}\d:\d\d"
)
_EMPTY_LINES = (b"\n", b"\r\n")
_FIELD = re.compile(rb">?[!-9;-~]+:")
# mboxrd: every ">" in front of "From " was added by the writer.
_QUOTE = ord(">")
_QUOTED_ENVELOPE = re.compile(rb">+From ")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
# X-GM-THRID has unsigned 64 bits.
_THREAD_ID = re.compile(r"[0-9]{1,20}")
_ARCHIVED_FIELD = re.compile(
    rb"^(date|x-gm-thrid|x-gmail-labels):([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE
)

# Takeout's names of Gmail's own labels as X-GM-LABELS has them. It writes them in the language of
# the account; only the English ones are known.
_GMAILS_OWN = {
    "Inbox": "\\Inbox",
    "Sent": "\\Sent",
    "Starred": "\\Starred",
    "Important": "\\Important",
    "Draft": "\\Draft",
    "Drafts": "\\Draft",
    "Spam": "\\Spam",
    "Trash": "\\Trash",
}
# What Takeout writes among the labels and X-GM-LABELS does not have: read or not, and the tabs of
# the inbox.
_NO_LABEL = re.compile(r"Opened|Unread|Archived|Category [A-Z][A-Za-z ]*")
# Flags at the end of a Maildir's file name (cr.yp.to/proto/maildir.html), F aside.
_MAILDIR_LABELS = {"D": "\\Draft", "T": "\\Trash"}
# Maildir++ keeps what the owner sent in a folder of this name.
_MAILDIR_SENT = ".Sent"


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file, or a mail of an mbox, that could not be read; the others were."""

    #: As in the ``mailbox`` of a mail that could.
    source: str
    #: One sentence without content.
    reason: str


def mails(
    path: Path, owners_labels: Counter[str] | None = None
) -> Iterator[FetchedMail | UnreadableFile]:
    """Every mail in the file or folder ``path``, in the order of the sorted paths.

    A folder is searched with all below it for ``*.eml``, ``*.mbox`` and Maildirs. Any other
    file is taken by its content. Memory is that of the largest mail, however long the archive.

    Of each mail ``mailbox`` is the path of its file, in an mbox with ``#n`` behind it, counted
    from 1; ``received_at`` is its Date field, else when its file was last changed.

    Args:
        path: A file or folder.
        owners_labels: Counts the labels of a Takeout that are none of Gmail's own.

    Raises:
        ConfigError: at once, if there is no such path, no mail in it, or it cannot be read.
    """
    try:
        if path.is_dir():
            return _of_folder(path, owners_labels)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no file or folder {path}: check the path.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    if not _is_mbox(head) and not headers.looks_like_mail(head):
        raise ConfigError(
            f"{path} holds no mail: give a .eml file, an mbox file, a Maildir or a folder of them."
        )
    return _of_files([path], owners_labels)


def octets_of(path: Path) -> int:
    """Size of the files that `mails` reads."""
    files = _files(path) if path.is_dir() else iter([path])
    return sum(file.stat().st_size for file in files if file.is_file())


def _of_folder(
    folder: Path, owners_labels: Counter[str] | None
) -> Iterator[FetchedMail | UnreadableFile]:
    with os.scandir(folder):
        pass  # os.walk takes a folder that must not be read for an empty one
    files = _files(folder)
    first = next(files, None)
    if first is None:
        raise ConfigError(
            f"There is no mail in {folder}: give a folder with .eml or .mbox files, or a Maildir."
        )
    return _of_files(chain([first], files), owners_labels)


def _files(folder: Path) -> Iterator[Path]:
    """The files in ``folder`` and below it that should hold mail, sorted."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        here = Path(parent)
        # A Maildir (cr.yp.to/proto/maildir.html) keeps its mails in cur and new.
        maildir = here.name in ("cur", "new") and (here.parent / "cur").is_dir()
        for name in sorted(names):
            if name.lower().endswith((".eml", ".mbox")) or (maildir and name[0] != "."):
                yield here / name


def _of_files(
    paths: Iterable[Path], owners_labels: Counter[str] | None
) -> Iterator[FetchedMail | UnreadableFile]:
    for path in paths:
        try:
            yield from _of_file(path, owners_labels)
        except OSError as error:
            yield UnreadableFile(str(path), f"The file cannot be read: {error.strerror}.")


def _of_file(
    path: Path, owners_labels: Counter[str] | None
) -> Iterator[FetchedMail | UnreadableFile]:
    changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(0)
        if _is_mbox(head) and path.suffix.lower() != ".eml":
            for number, raw in enumerate(_split(file), start=1):
                source = f"{path}#{number}"
                if raw is None:
                    yield UnreadableFile(source, _TOO_LONG)
                else:
                    yield _fetched(raw, source, changed_at, owners_labels)
        elif not headers.looks_like_mail(head):
            yield UnreadableFile(str(path), "The file is no mail.")
        elif path.stat().st_size > _LONGEST:
            yield UnreadableFile(str(path), _TOO_LONG)
        else:
            mail = _fetched(file.read(), str(path), changed_at, owners_labels)
            yield _with_flags(mail, path)


def _is_mbox(head: bytes) -> bool:
    envelope, _, rest = head.partition(b"\n")
    return _ENVELOPE.match(envelope) is not None and _FIELD.match(rest) is not None


def _split(file: BinaryIO) -> Iterator[bytes | None]:
    """The mails of an mbox file (RFC 4155), read line by line; None for one that is too long.

    A mail begins at an envelope line after an empty line, if a header field follows: mails
    that quote such a line in their text stay whole. mailbox.mbox is not used because it reads
    the whole file before it gives the first mail, and takes every "From " after an empty line.
    """
    lines: list[bytes] = []
    size = 0
    blank = True
    envelope = b""  # seen, and not yet known to begin a mail
    begun = False
    for line in iter(lambda: file.readline(_LINE), b""):
        if envelope:
            if _FIELD.match(line):
                if begun:
                    yield _whole(lines, size)
                lines, size, begun = [], 0, True
            elif begun:
                lines.append(envelope)
                size += len(envelope)
            envelope = b""
        if blank and _ENVELOPE.match(line):
            envelope = line
            continue
        blank = line in _EMPTY_LINES
        size += len(line)
        if size <= _LONGEST:
            quoted = line[0] == _QUOTE and _QUOTED_ENVELOPE.match(line)
            lines.append(line[1:] if quoted else line)
    if begun:
        if envelope:
            lines.append(envelope)
        yield _whole(lines, size)


def _whole(lines: list[bytes], size: int) -> bytes | None:
    if size > _LONGEST:
        return None
    # The empty line before the next envelope belongs to the format.
    if lines and lines[-1] in _EMPTY_LINES:
        lines.pop()
    return b"".join(lines)


def _fetched(
    raw: bytes, source: str, changed_at: datetime, owners_labels: Counter[str] | None
) -> FetchedMail:
    """``raw`` with what the archive says about it.

    Google Takeout writes X-GM-THRID and X-Gmail-Labels into every mail.
    """
    end = _HEADER_END.search(raw)
    fields: dict[str, str] = {}
    for field in _ARCHIVED_FIELD.finditer(raw, 0, end.start() if end else len(raw)):
        name = field[1].decode("ascii").lower()
        fields.setdefault(name, headers.decode(field[2].decode("ascii", "surrogateescape")))
    thread_id = fields.get("x-gm-thrid", "")
    sent_at = headers.sent_at(fields.get("date", ""), datetime.now(UTC))
    labels = _labels(fields.get("x-gmail-labels", ""))
    if owners_labels is not None:
        owners_labels.update(label for label in labels if not label.startswith("\\"))
    return FetchedMail(
        raw=raw,
        mailbox=source,
        received_at=sent_at.astimezone(UTC) if sent_at else changed_at,
        gmail_thread_id=thread_id if _THREAD_ID.fullmatch(thread_id) else None,
        labels=labels,
        starred="\\Starred" in labels,
    )


def _labels(written: str) -> tuple[str, ...]:
    """The labels of a decoded X-Gmail-Labels, a line of CSV, as X-GM-LABELS has them."""
    names = next(csv.reader([written[:_HEAD]], skipinitialspace=True), [])
    kept = (name.strip() for name in names if not _NO_LABEL.fullmatch(name.strip()))
    return tuple(dict.fromkeys(_GMAILS_OWN.get(name, name) for name in kept if name))


def _with_flags(mail: FetchedMail, path: Path) -> FetchedMail:
    """The mail with what the name and folder of its file say where that is a Maildir's."""
    flags = path.name.rpartition(":2,")[2] if ":2," in path.name else ""
    labels = [_MAILDIR_LABELS[flag] for flag in flags if flag in _MAILDIR_LABELS]
    if path.parent.name in ("cur", "new") and path.parent.parent.name == _MAILDIR_SENT:
        labels.append("\\Sent")
    if not flags and not labels:
        return mail
    return replace(
        mail,
        labels=tuple(dict.fromkeys([*mail.labels, *labels])),
        starred=mail.starred or "F" in flags,
    )

"""Mail that lies on disk: .eml files, mbox files (Google Takeout too), Maildir, folders of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
_ARCHIVED_FIELD = re.compile(
    rb"^(date|x-gm-thrid|x-gmail-labels):([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file, or a mail of an mbox, that could not be read; the others were."""

    #: As in the ``mailbox`` of a mail that could.
    source: str
    #: One sentence without content.
    reason: str


def mails(path: Path) -> Iterator[FetchedMail | UnreadableFile]:
    """Every mail in the file or folder ``path``, in the order of the sorted paths.

    A folder is searched with all below it for ``*.eml``, ``*.mbox`` and Maildirs. Any other
    file is taken by its content. Memory is that of the largest mail, however long the archive.

    Of each mail ``mailbox`` is the path of its file, in an mbox with ``#n`` behind it, counted
    from 1; ``received_at`` is its Date field, else when its file was last changed.

    Raises:
        ConfigError: at once, if there is no such path, no mail in it, or it cannot be read.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
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
    return _of_files([path])


def _of_folder(folder: Path) -> Iterator[FetchedMail | UnreadableFile]:
    with os.scandir(folder):
        pass  # os.walk takes a folder that must not be read for an empty one
    files = _files(folder)
    first = next(files, None)
    if first is None:
        raise ConfigError(
            f"There is no mail in {folder}: give a folder with .eml or .mbox files, or a Maildir."
        )
    return _of_files(chain([first], files))


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


def _of_files(paths: Iterable[Path]) -> Iterator[FetchedMail | UnreadableFile]:
    for path in paths:
        try:
            yield from _of_file(path)
        except OSError as error:
            yield UnreadableFile(str(path), f"The file cannot be read: {error.strerror}.")


def _of_file(path: Path) -> Iterator[FetchedMail | UnreadableFile]:
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
                    yield _fetched(raw, source, changed_at)
        elif not headers.looks_like_mail(head):
            yield UnreadableFile(str(path), "The file is no mail.")
        elif path.stat().st_size > _LONGEST:
            yield UnreadableFile(str(path), _TOO_LONG)
        else:
            # Maildir flags stand at the end of the name, ":2,FS"; F is "flagged".
            flags = path.name.rpartition(":2,")
            starred = bool(flags[1]) and "F" in flags[2]
            yield _fetched(file.read(), str(path), changed_at, starred)


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


def _fetched(raw: bytes, source: str, changed_at: datetime, starred: bool = False) -> FetchedMail:
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
    labels = tuple(label.strip() for label in fields.get("x-gmail-labels", "").split(","))
    return FetchedMail(
        raw=raw,
        mailbox=source,
        received_at=sent_at.astimezone(UTC) if sent_at else changed_at,
        gmail_thread_id=thread_id if thread_id.isdecimal() else None,
        labels=tuple(label for label in labels if label),
        starred=starred or "Starred" in labels,
    )

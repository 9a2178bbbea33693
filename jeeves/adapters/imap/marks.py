"""Labels and stars of many mails: all of them, or what changed (RFC 7162, CONDSTORE)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from imapclient import IMAPClient

from jeeves.adapters.imap.fetching import Response
from jeeves.adapters.imap.tokens import by_uid, decode_label, rows
from jeeves.domain.message import DRAFT, Marks
from jeeves.domain.ports import MarkChanges

#: Mails in one FETCH: an answer of about 200 kB.
SWEEP_MAILS = 2000

Reader = Callable[[Response], Marks]


def keyword_marks(facts: Response) -> Marks:
    r"""Marks of a mail on any server: keywords are labels, ``\Flagged`` is the star."""
    flags = strings(facts.get(b"FLAGS"))
    system = {flag.lower() for flag in flags if flag.startswith(b"\\")}
    labels = [decode_label(flag) for flag in flags if not flag.startswith(b"\\")]
    if b"\\draft" in system:
        labels.append(DRAFT)
    return Marks(labels=tuple(labels), starred=b"\\flagged" in system)


def strings(value: Any) -> tuple[bytes, ...]:
    """The strings of a list in an answer."""
    return tuple(part for part in value if isinstance(part, bytes)) if value else ()


def fetch(
    client: IMAPClient, uids: Sequence[int] | None, items: Sequence[str], modifier: str = ""
) -> list[dict[bytes, Any]]:
    """UID FETCH, each row as it came.

    Args:
        client: Not IMAPClient's own ``fetch``: it takes no ``1:*``.
        uids: None for all there are.
        items: What is asked.
        modifier: Such as ``CHANGEDSINCE 17``.
    """
    imap = client._imap  # not shown otherwise
    # Told unasked and long ago: it would stand before the answer.
    imap.untagged_responses.pop("FETCH", None)
    return fetched(client, ask_fetch(client, uids, items, modifier))


def ask_fetch(
    client: IMAPClient, uids: Sequence[int] | None, items: Sequence[str], modifier: str = ""
) -> bytes:
    """As `fetch`, without waiting for the answer, which `fetched` then reads by this tag."""
    arguments = ["FETCH", sequence_set(uids), f"({' '.join(items)})"]
    if modifier:
        arguments.append(f"({modifier})")
    tag: bytes = client._imap._command("UID", *arguments)
    return tag


def fetched(client: IMAPClient, tag: bytes) -> list[dict[bytes, Any]]:
    """The answer to what `ask_fetch` asked; those to all that was asked before have been read."""
    imap = client._imap
    kind, said = imap._command_complete("FETCH", tag)
    client._checkok("fetch", kind, said)
    # Not by imaplib's own: it writes out, for a log that nobody reads, all that was fetched.
    return rows(imap.untagged_responses.pop("FETCH", []))


def sequence_set(uids: Sequence[int] | None) -> str:
    """UIDs as IMAP names them, neighbours together: ``1:3,7``; None is ``1:*``."""
    if uids is None:
        return "1:*"
    runs: list[tuple[int, int]] = []
    for uid in sorted(uids):
        if runs and uid <= runs[-1][1] + 1:
            runs[-1] = runs[-1][0], uid
        else:
            runs.append((uid, uid))
    return ",".join(f"{a}" if a == b else f"{a}:{b}" for a, b in runs)


def all_marks(
    client: IMAPClient, uids: Sequence[int], items: Sequence[str], read: Reader
) -> dict[int, Marks]:
    """Marks of these mails; UIDs that are gone are left out."""
    wanted = set(uids)
    facts = by_uid(fetch(client, uids, items))
    return {uid: read(row) for uid, row in facts.items() if uid in wanted and complete(row, items)}


def marks_changed_since(
    client: IMAPClient, modseq: int, items: Sequence[str], read: Reader
) -> MarkChanges:
    """Marks of the mails that changed after ``modseq``.

    A change that is made while a server writes its answer may be missing in it although a later
    one is there. So the first answer tells how far the changes went, and a second one, which is
    asked for only where there were any, holds them all.
    """
    modifier = f"CHANGEDSINCE {modseq}"
    first = fetch(client, None, items, modifier)
    highest = max((modseq_of(row) for row in first if complete(row, items)), default=modseq)
    if highest <= modseq:
        return MarkChanges({}, modseq)
    facts = by_uid(fetch(client, None, items, modifier))
    marks = {uid: read(row) for uid, row in facts.items() if complete(row, items)}
    return MarkChanges(marks, highest)


def complete(row: Response, items: Iterable[str]) -> bool:
    """Whether a row answers what was asked; Gmail tells of changes without their labels."""
    return b"UID" in row and all(item.encode() in row for item in items)


def modseq_of(row: Mapping[bytes, Any]) -> int:
    """MODSEQ of a row; 0 where it has none."""
    value = row.get(b"MODSEQ")
    return int(value[0]) if isinstance(value, tuple) and value else 0

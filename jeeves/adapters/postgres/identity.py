"""Which stored message, if any, a newly fetched one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jeeves.adapters.postgres.connection import Row
from jeeves.domain.message import Message, Unreadable


@dataclass(frozen=True, slots=True)
class Known:
    """The identity of a stored message, or (id None) of one earlier in the same batch."""

    id: int | None
    gmail_id: str | None
    message_id: str | None
    digest: str
    thread_key: str


class Identities:
    """What is known of an account's messages, growing as a batch is walked.

    X-GM-MSGID decides where both sides have one. Where one side has none (an archive, another
    server) the Message-ID decides; where neither has even that, the digest.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_gmail_id: dict[str, Known] = {}
        self._by_message_id: dict[str, list[Known]] = {}
        self._by_digest: dict[str, Known] = {}
        for row in rows:
            self._add(
                Known(
                    row["id"],
                    row["gmail_id"],
                    row["message_id"],
                    row["digest"],
                    row["thread_key"],
                )
            )

    def _add(self, known: Known) -> None:
        if known.gmail_id:
            self._by_gmail_id[known.gmail_id] = known
        if known.message_id:
            self._by_message_id.setdefault(known.message_id, []).append(known)
        elif not known.gmail_id:
            self._by_digest[known.digest] = known

    def match(self, message: Message | Unreadable) -> Known | None:
        """The known message that ``message`` is; None when it is new."""
        if message.gmail_id and message.gmail_id in self._by_gmail_id:
            return self._by_gmail_id[message.gmail_id]
        message_id = message.message_id if isinstance(message, Message) else ""
        if message_id:
            for known in self._by_message_id.get(message_id, ()):
                if not (known.gmail_id and message.gmail_id):
                    return known
            return None
        return None if message.gmail_id else self._by_digest.get(message.digest)

    def placed(self, message: Message) -> Message:
        """``message`` in the conversation of the known mail it answers, if there is one.

        Gmail's own thread id is never overruled, not even that of an archive.
        """
        if message.thread_key.startswith("gm:"):
            return message
        for reference in reversed(message.references):
            for known in self._by_message_id.get(reference, ()):
                return replace(message, thread_key=known.thread_key)
        return message

    def remember(self, message: Message | Unreadable) -> None:
        """Count ``message`` as known from now on."""
        message_id, thread_key = None, ""
        if isinstance(message, Message):
            message_id, thread_key = message.message_id or None, message.thread_key
        self._add(Known(None, message.gmail_id, message_id, message.digest, thread_key))

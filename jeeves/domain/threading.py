"""Which mails belong to one conversation, where no server has told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from jeeves.domain.message import Message

#: An answer without References belongs to a mail of the same subject that is no older than this.
SAME_SUBJECT_WITHIN = timedelta(days=21)
_MARKS = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|sv|tr|rv|r|i|antw|vs|odp|res|enc|vb)\s*(?:\[\d+\])?\s*:\s*)+",
    re.IGNORECASE,
)


def conversations(messages: Sequence[Message]) -> list[list[Message]]:
    """``messages`` by conversation, each in order of date; in the order of their first mails.

    Mails belong together by Gmail's thread, by References and In-Reply-To (RFC 5322, 3.6.4), and,
    where an answer names nothing, by its subject and the people it is between.
    """
    ordered = sorted(messages, key=when)
    of: list[int] = list(range(len(ordered)))

    def root(number: int) -> int:
        while of[number] != number:
            of[number] = of[of[number]]
            number = of[number]
        return number

    def join(one: int, two: int) -> None:
        # The earliest mail stays the root, so that the order of conversations is theirs.
        one, two = sorted((root(one), root(two)))
        of[two] = one

    named: dict[str, int] = {}
    #: The latest mail of a subject and a person.
    latest: dict[tuple[str, str], int] = {}
    for number, message in enumerate(ordered):
        keys = [f"id:{name}" for name in (message.message_id, *message.references) if name]
        keys.append(message.thread_key)
        for key in keys:
            join(named.setdefault(key, number), number)
        subject = _MARKS.sub("", message.subject).strip().casefold()
        if not subject:
            continue
        alike = [(subject, person) for person in people(message)]
        if not message.references and _MARKS.match(message.subject):
            earlier = max((latest[one] for one in alike if one in latest), default=None)
            if (
                earlier is not None
                and when(message) - when(ordered[earlier]) <= SAME_SUBJECT_WITHIN
            ):
                join(earlier, number)
        latest.update(dict.fromkeys(alike, number))
    found: dict[int, list[Message]] = {}
    for number, message in enumerate(ordered):
        found.setdefault(root(number), []).append(message)
    return sorted(found.values(), key=lambda thread: when(thread[0]))


def when(message: Message) -> datetime:
    """When a mail was written, or received where it does not say."""
    return message.sent_at or message.received_at


def people(message: Message) -> frozenset[str]:
    """Who writes and who reads, the owner left out."""
    everybody = (message.sender, *message.to, *message.cc)
    return frozenset(one.address for one in everybody if one.address) - {message.account}

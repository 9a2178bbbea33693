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

    named: dict[str, int] = {}
    latest: dict[str, list[int]] = {}
    for number, message in enumerate(ordered):
        keys = [f"id:{name}" for name in (message.message_id, *message.references) if name]
        keys.append(message.thread_key)
        for key in keys:
            known = root(named.setdefault(key, number))
            # The earliest mail stays the root, so that the order of conversations is theirs.
            one, two = sorted((known, root(number)))
            of[two] = one
        subject = _MARKS.sub("", message.subject).strip().casefold()
        if not subject:
            continue
        alike = latest.setdefault(subject, [])
        if not message.references and _MARKS.match(message.subject):
            for earlier in reversed(alike):
                if when(message) - when(ordered[earlier]) > SAME_SUBJECT_WITHIN:
                    break
                if people(message) & people(ordered[earlier]):
                    one, two = sorted((root(number), root(earlier)))
                    of[two] = one
                    break
        alike.append(number)
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

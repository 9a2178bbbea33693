"""How much of a conversation is read to decide about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from jeeves.domain.outbox import Thread, ThreadMessage
from jeeves.mail.proposal import MOST_READ

#: Of a longer conversation as many of the first mails and of the newest are read: those of the
#: first keep their numbers to the meetings that were told.
LONGEST_THREAD = 500
#: Characters of its mails that are read at most, likewise: whoever writes long ones, it is some
#: seconds.
MOST_HEARD = 300_000


def heard_of(thread: Thread) -> list[ThreadMessage]:
    """The mails that are read, in their order: all, or the first and the newest; no drafts."""
    heard = [one for one in thread.messages if not one.message.draft]
    lengths = [min(len(one.message.own_words or one.message.body), MOST_READ) for one in heard]
    if len(heard) <= LONGEST_THREAD and sum(lengths) <= MOST_HEARD:
        return heard
    first, newest = _half(lengths), _half(lengths[::-1])
    return [*heard[:first], *heard[max(first, len(heard) - newest) :]]


def _half(lengths: Sequence[int]) -> int:
    """How many mails of these lengths are half of what may be read; at least one."""
    read = list(accumulate(lengths[: LONGEST_THREAD // 2]))
    return max(1, bisect_right(read, MOST_HEARD // 2))

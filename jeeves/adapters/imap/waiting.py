"""Waiting for mail: IDLE (RFC 2177), or sleep where a server has none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from imapclient import IMAPClient

from jeeves.adapters.imap.account import Timing

#: The wall clock gets ahead of the monotonic one only while the machine sleeps, or when it is set.
CLOCK_JUMP_SECONDS = 10.0


class Pause:
    """One wait: ended by mail, by its time, by ``stopped()`` or by a jump of the clock.

    After a jump the machine may have slept, and the connection be dead without a word: the wait
    ends, and the command that ends IDLE, or the NOOP that follows, must be answered.
    """

    def __init__(self, seconds: float, stopped: Callable[[], bool], timing: Timing) -> None:
        self._deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._timing = timing
        self._drift = time.time() - time.monotonic()

    def sleep(self) -> None:
        """Wait without the server."""
        while patience := self._patience():
            time.sleep(patience)

    def idle(self, client: IMAPClient) -> bool:
        """Wait in IDLE; whether mail was announced."""
        client.idle()
        arrived = announced(client, self._timing.read) or self._listen(client)
        _, last_words = client.idle_done()
        return arrived or tells_of_mail(last_words)

    def _listen(self, client: IMAPClient) -> bool:
        while patience := self._patience():
            asked = time.monotonic()
            responses = client.idle_check(timeout=patience)
            if tells_of_mail(responses):
                return True
            if not responses and time.monotonic() - asked < patience / 2:
                # A closed peer makes idle_check return at once, for ever: end IDLE, which
                # finds out.
                return False
        return False

    def _patience(self) -> float:
        """Seconds until the next look around; 0 where the wait is over."""
        jump = abs(time.time() - time.monotonic() - self._drift)
        if self._stopped() or jump > CLOCK_JUMP_SECONDS:
            return 0.0
        return max(0.0, min(self._deadline - time.monotonic(), self._timing.stop))


def forget_announcements(client: IMAPClient) -> None:
    """What is announced from here on may be missing in the answer to the coming search."""
    client._imap.untagged_responses.pop("EXISTS", None)  # not shown otherwise


def tells_of_mail(responses: Sequence[Any]) -> bool:
    """Whether a server's untagged responses announce new mail."""
    return any(len(r) > 1 and r[1] in {b"EXISTS", b"RECENT"} for r in responses)


def announced(client: IMAPClient, read_seconds: float) -> bool:
    """Whether mail was announced since the last search, before idle_check could see it.

    idle_check polls the socket, and what came together with the answers to earlier commands has
    left the socket by then: it stands among imaplib's untagged responses, or in its read buffer.
    """
    imap = client._imap  # neither library shows these otherwise
    if "EXISTS" in imap.untagged_responses:
        return True
    reader = imap._file if hasattr(imap, "_file") else imap.file  # 3.14 renamed it
    connection = client.socket()
    connection.setblocking(False)
    try:
        return bool(reader.peek(1))
    except OSError:
        # TLS says so where there is nothing to read
        return False
    finally:
        connection.settimeout(read_seconds)

"""Waiting for mail: IDLE (RFC 2177), or sleep where a server has none.

IMAPClient's own idle and idle_check lose what comes before the continuation, take a response in
two segments for a broken one, and return at once, for ever, when the other side has closed.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable
from typing import Any

from jeeves.adapters.imap.account import Timing
from jeeves.adapters.imap.client import Client, reader

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

    def idle(self, client: Client) -> bool:
        """Wait in IDLE; whether mail was announced since `forget_announcements`.

        A server that declines IDLE is left in peace for as long.
        """
        imap = client._imap
        tag = imap._command("IDLE")
        # Announcements may stand before the continuation, which is None.
        while imap._get_response() is not None and not imap.tagged_commands[tag]:
            imap._check_bye()
        if imap.tagged_commands[tag]:
            imap.tagged_commands.pop(tag)
            self.sleep()
            return announced(imap)
        self._listen(client, tag)
        if not imap.tagged_commands[tag]:
            imap.send(b"DONE\r\n")
        imap._command_complete("IDLE", tag)
        return announced(imap)

    def _listen(self, client: Client, tag: bytes) -> None:
        """Until mail is announced, the server ends IDLE by itself, or the wait is over."""
        imap = client._imap
        while not announced(imap) and not imap.tagged_commands[tag]:
            patience = self._patience()
            if not patience:
                return
            if _speaks(client, patience, self._timing.read):
                # In one piece, however many segments it comes in.
                imap._get_response()
                imap._check_bye()

    def _patience(self) -> float:
        """Seconds until the next look around; 0 where the wait is over."""
        jump = abs(time.time() - time.monotonic() - self._drift)
        if self._stopped() or jump > CLOCK_JUMP_SECONDS:
            return 0.0
        return max(0.0, min(self._deadline - time.monotonic(), self._timing.stop))


def forget_announcements(client: Client) -> None:
    """What is announced from here on may be missing in the answer to the coming search."""
    client._imap.untagged_responses.pop("EXISTS", None)  # not shown otherwise


def announced(imap: Any) -> bool:
    """Whether the server told of mail since `forget_announcements`."""
    return "EXISTS" in imap.untagged_responses


def _speaks(client: Client, seconds: float, read_seconds: float) -> bool:
    """Whether the server begins to say something within ``seconds``.

    Raises:
        EOFError: it closed the connection.
    """
    if _peek(client, read_seconds):
        return True
    poll = select.poll()
    poll.register(client.socket(), select.POLLIN)
    if not poll.poll(seconds * 1000):
        return False
    first = _peek(client, read_seconds)
    if first == b"":
        raise EOFError
    return first is not None


def _peek(client: Client, read_seconds: float) -> bytes | None:
    """What can be read without waiting, at least a byte of it.

    None where TLS has nothing yet; empty where a plain connection has nothing, or has ended.
    """
    connection = client.socket()
    connection.setblocking(False)
    try:
        begun: bytes = reader(client._imap).peek(1)
    except ssl.SSLWantReadError:
        return None
    else:
        return begun
    finally:
        connection.settimeout(read_seconds)

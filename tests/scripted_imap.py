"""A small strict IMAP server that fails once, at one step, in one way, and then behaves.

It speaks what Jeeves uses of RFC 3501, RFC 2177, RFC 2971, XOAUTH2 and Gmail's extension. A command
that is unknown, out of place or could change a mailbox is refused and remembered in ``violations``.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import struct
import threading
import time
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from types import TracebackType
from typing import Self

from tests.read_only import changes_nothing

PASSWORD = "scripted-password"
TOKEN = "scripted-token"
UIDVALIDITY = 7
#: A line that no server has reason to send.
LONG_LINE_BYTES = 300_000
#: Nobody waits longer for the other side.
PATIENCE = 20.0
PAUSE = 0.01


class Step(StrEnum):
    """What the server is about to say."""

    GREETING = "greeting"
    CAPABILITY = "capability"
    LOGIN = "login"
    CHALLENGE = "authenticate, challenge"
    AUTHENTICATE = "authenticate, result"
    ID = "id"
    ENABLE = "enable"
    LIST = "list"
    EXAMINE = "examine"
    SEARCH = "search"
    FACTS = "fetch of the facts"
    BODY = "fetch of the bodies"
    OUTLINE = "outline of a large mail"
    PARTS = "parts of a large mail"
    MARKS = "fetch of labels and stars"
    CHANGES = "fetch of what changed"
    IDLE_START = "idle, start"
    IDLE_EVENT = "idle, event"
    IDLE_DONE = "idle, done"
    NOOP = "noop"
    LOGOUT = "logout"


class Place(StrEnum):
    """Where in the answer it happens."""

    BEFORE = "before the answer"
    MIDDLE = "in the middle of the answer"
    BETWEEN = "between untagged and tagged answer"


class Kind(StrEnum):
    """What happens."""

    DROP = "drop"
    RESET = "reset"
    HANG = "hang"
    TRICKLE = "trickle"
    SPLIT = "split"
    BYE = "bye"
    GARBAGE = "garbage"
    CONTINUATION = "continuation nobody asked for"
    WRONG_TAG = "wrong tag"
    NO = "no"
    LATER = "no, for now"
    BAD = "bad"
    LITERAL = "literal that does not come"
    HUGE_LITERAL = "literal of a terabyte"
    ABSURD_LITERAL = "literal beyond all numbers"
    LONG_LINE = "over-long line"
    BINARY = "NUL and 8-bit bytes"


#: The tagged answer, where it is not OK (RFC 5530 for the code).
DECLINED = {
    Kind.NO: b"NO not for you",
    Kind.LATER: b"NO [UNAVAILABLE] not now",
    Kind.BAD: b"BAD not like this",
}
#: The answer to a command ends with a tagged line; these have none.
UNTAGGED = {Step.GREETING, Step.CHALLENGE, Step.IDLE_START, Step.IDLE_EVENT}
#: Their tagged line stands alone.
ALONE = {Step.CHALLENGE, Step.AUTHENTICATE, Step.IDLE_START}


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure of the server."""

    step: Step
    kind: Kind
    place: Place

    def __str__(self) -> str:
        return f"{self.step}: {self.kind} {self.place}"

    @property
    def makes_sense(self) -> bool:
        """Whether the protocol has such a place, and the failure can happen there."""
        if self.place is Place.BETWEEN and self.step in UNTAGGED | ALONE:
            return False
        if self.kind in DECLINED:
            spoken_to = self.step not in {Step.GREETING, Step.IDLE_EVENT}
            return spoken_to and self.place is not Place.MIDDLE
        if self.kind is Kind.WRONG_TAG:
            return self.place is not Place.MIDDLE
        return True


def all_faults() -> list[Fault]:
    """Every step with everything that can happen at every place of it."""
    made = (Fault(step, kind, place) for step in Step for kind in Kind for place in Place)
    return [fault for fault in made if fault.makes_sense]


@dataclass(frozen=True, slots=True)
class ServedMail:
    """A mail on the server."""

    uid: int
    raw: bytes
    gmail_id: int
    thread_id: int
    received_at: datetime
    flags: bytes = b""
    labels: tuple[bytes, ...] = ()
    #: Of a mail of several parts: BODYSTRUCTURE, and its sections by number.
    structure: bytes = b""
    sections: dict[str, bytes] = field(default_factory=dict)

    @property
    def header(self) -> bytes:
        return self.raw[: self.raw.index(b"\r\n\r\n") + 4]


class Gone(Exception):
    """The connection is over."""


class ScriptedImap:
    """The server while the ``with`` block runs.

    Args:
        mails: In the mailbox from the start.
        arriving: Come one by one while the client is idle.
        fault: Happens once, or ``times`` times.
        gmail: Announces X-GM-EXT-1, CONDSTORE and All Mail beside INBOX.
        idle: Announces IDLE.
        news_first: Announces what came since the last search before the continuation of IDLE,
            not after it.
        tls: Speaks TLS from the first byte on.
        settled: Called when the client, idle again, has searched after everything arrived.
        on: Called once each, before the answer of a step is made.
    """

    def __init__(
        self,
        mails: Iterable[ServedMail] = (),
        arriving: Iterable[ServedMail] = (),
        fault: Fault | None = None,
        *,
        times: int = 1,
        gmail: bool = True,
        idle: bool = True,
        news_first: bool = False,
        tls: ssl.SSLContext | None = None,
        settled: Callable[[], None] = lambda: None,
        on: dict[Step, Callable[[], None]] | None = None,
    ) -> None:
        self.mails = {mail.uid: mail for mail in mails}
        self.arriving = list(arriving)
        self.fault = fault
        self.times = times
        self.password = PASSWORD
        #: UIDs of mails that it lists and does not give out.
        self.withheld: set[int] = set()
        self.gmail = gmail
        self.idle = idle
        self.news_first = news_first
        self.tls = tls
        self.settled = settled
        self.on = dict(on or {})
        #: Called once each, when a search has found what it finds: what comes now is announced
        #: with its answer.
        self.late: list[Callable[[], None]] = []
        self.uidnext = max(self.mails, default=0) + 1
        #: The state of the mailbox that the last search saw.
        self.searched = 0
        self.commands: list[str] = []
        self.violations: list[str] = []
        self.connections: list[_Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        # closing alone does not wake the thread that accepts
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for connection in self.connections:
            connection.hang_up()
            connection.join()

    def all_left(self) -> bool:
        """Whether the client has closed every connection it made, waiting a little for it."""
        deadline = time.monotonic() + PATIENCE
        for connection in self.connections:
            connection.join(max(0.0, deadline - time.monotonic()))
        return not any(connection.is_alive() for connection in self.connections)

    def deliver(self, mail: ServedMail) -> None:
        """Put a mail into the mailbox; nobody is told."""
        self.mails[mail.uid] = mail
        self.uidnext = max(self.uidnext, mail.uid + 1)

    def take(self, step: Step) -> Fault | None:
        """The fault, if it is to happen now."""
        fault = self.fault
        if fault is None or fault.step is not step:
            return None
        self.times -= 1
        if not self.times:
            self.fault = None
        return fault

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            connection = _Connection(self, peer)
            self.connections.append(connection)
            connection.start()


class _Connection(threading.Thread):
    """One client."""

    def __init__(self, server: ScriptedImap, peer: socket.socket) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._peer = peer
        self._peer.settimeout(PATIENCE)
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        self._tag = b"*"
        self._state = "greeted"

    def run(self) -> None:
        with suppress(Gone, OSError):
            if self._server.tls is not None:
                self._peer = self._server.tls.wrap_socket(self._peer, server_side=True)
            self._converse()
        self._peer.close()

    def _converse(self) -> None:
        self._answer(Step.GREETING, b"* OK [CAPABILITY %b] ready\r\n" % self._capabilities())
        while True:
            self._obey(self._line())

    def hang_up(self) -> None:
        with suppress(OSError):
            self._peer.shutdown(socket.SHUT_RDWR)

    def _capabilities(self) -> bytes:
        names = [b"IMAP4rev1", b"ID", b"AUTH=XOAUTH2"]
        names += [b"X-GM-EXT-1", b"CONDSTORE", b"ENABLE"] if self._server.gmail else []
        names += [b"IDLE"] if self._server.idle else []
        return b" ".join(names)

    # --- what is read

    def _line(self) -> bytes:
        while b"\r\n" not in self._unread:
            self._receive()
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line

    def _receive(self) -> None:
        came = self._peer.recv(65536)
        if not came:
            raise Gone
        self._unread += came

    def _obey(self, line: bytes) -> None:
        self._tag, _, command = line.partition(b" ")
        text = command.decode()
        self._server.commands.append(text)
        if not text:
            # an answer to a challenge that came too late to be one
            self._send(b"* BAD no command\r\n")
            return
        if not changes_nothing(text):
            self._refuse(text)
            return
        words = text.split()
        name = words[0].upper()
        if name == "UID":
            name = f"{name} {words[1].upper()}"
        step = {
            "CAPABILITY": self._capability,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "ID": self._id,
            "ENABLE": self._enable,
            "LIST": self._list,
            "EXAMINE": self._examine,
            "NOOP": self._noop,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "IDLE": self._idle,
            "LOGOUT": self._logout,
        }.get(name)
        if step is None:
            self._refuse(text)
        else:
            step(text)

    def _refuse(self, text: str) -> None:
        self._server.violations.append(text)
        self._send(b"%b BAD not here\r\n" % self._tag)

    def _needs(self, text: str, *states: str) -> bool:
        if self._state in states:
            return True
        self._refuse(f"{text} (while {self._state})")
        return False

    # --- the commands

    def _capability(self, _text: str) -> None:
        self._done(Step.CAPABILITY, b"* CAPABILITY %b\r\n" % self._capabilities())

    def _login(self, text: str) -> None:
        if not self._needs(text, "greeted"):
            return
        if not text.endswith(f'"{self._server.password}"'):
            self._send(b"%b NO [AUTHENTICATIONFAILED] Invalid credentials\r\n" % self._tag)
            return
        if self._done(Step.LOGIN, b"* CAPABILITY %b\r\n" % self._capabilities()):
            self._state = "authenticated"

    def _authenticate(self, text: str) -> None:
        if not self._needs(text, "greeted"):
            return
        if not self._answer(Step.CHALLENGE, b"+ \r\n"):
            return
        try:
            said = b64decode(self._line(), validate=True)
        except NoBase64:
            self._refuse("AUTHENTICATE without base64")
            return
        if said.endswith(b"\x01auth=Bearer %b\x01\x01" % TOKEN.encode()):
            if self._done(Step.AUTHENTICATE):
                self._state = "authenticated"
        else:
            self._send(b"%b NO [AUTHENTICATIONFAILED] Invalid credentials\r\n" % self._tag)

    def _id(self, text: str) -> None:
        if self._needs(text, "greeted", "authenticated"):
            self._done(Step.ID, b'* ID ("name" "scripted")\r\n')

    def _enable(self, text: str) -> None:
        if self._needs(text, "authenticated"):
            self._done(Step.ENABLE, b"* ENABLED CONDSTORE\r\n")

    def _list(self, text: str) -> None:
        if self._needs(text, "authenticated", "selected"):
            names = b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n'
            if self._server.gmail:
                names += b'* LIST (\\HasNoChildren \\All) "/" "[Gmail]/All Mail"\r\n'
            self._done(Step.LIST, names)

    def _examine(self, text: str) -> None:
        if not self._needs(text, "authenticated", "selected"):
            return
        examined = self._done(
            Step.EXAMINE,
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
            b"* OK [PERMANENTFLAGS ()] none\r\n"
            b"* %d EXISTS\r\n* 0 RECENT\r\n"
            b"* OK [UIDVALIDITY %d] the same for ever\r\n* OK [UIDNEXT %d] a guess\r\n"
            b"* OK [HIGHESTMODSEQ %d] as the UIDs go\r\n"
            % (len(self._server.mails), UIDVALIDITY, self._server.uidnext, self._server.uidnext),
            b"[READ-ONLY] ",
        )
        self._state = "selected" if examined else "authenticated"

    def _noop(self, text: str) -> None:
        if self._needs(text, "selected"):
            self._before(Step.NOOP)
            self._done(Step.NOOP, b"* %d EXISTS\r\n" % len(self._server.mails))

    def _search(self, text: str) -> None:
        if not self._needs(text, "selected"):
            return
        self._before(Step.SEARCH)
        found = self._found(text)
        self._server.searched = self._server.uidnext
        answer = b"* SEARCH%b\r\n" % b"".join(b" %d" % uid for uid in found)
        if self._server.late:
            self._server.late.pop()()
            answer += b"* %d EXISTS\r\n" % len(self._server.mails)
        self._done(Step.SEARCH, answer)

    def _found(self, text: str) -> list[int]:
        uids = sorted(self._server.mails)
        if after := re.fullmatch(r"UID SEARCH UID (\d+):\*", text):
            first = int(after[1])
            # the last message is always in n:* (RFC 3501, 6.4.8)
            return [uid for uid in uids if uid >= first] or uids[-1:]
        if since := re.fullmatch(r"UID SEARCH SINCE (\S+)", text):
            day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC)
            return [u for u in uids if self._server.mails[u].received_at >= day]
        self._server.violations.append(text)
        return []

    def _fetch(self, text: str) -> None:
        if not self._needs(text, "selected"):
            return
        asked = re.fullmatch(r"UID FETCH (\S+) \(([^)]*)\)(?: \(CHANGEDSINCE (\d+)\))?", text)
        if asked is None:
            self._refuse(text)
            return
        items = asked[2].split()
        step = Step.FACTS
        if items == ["BODY.PEEK[]"]:
            step = Step.BODY
        elif "BODYSTRUCTURE" in items:
            step = Step.OUTLINE
        elif items[0].startswith("BODY.PEEK["):
            step = Step.PARTS
        elif asked[3]:
            step = Step.CHANGES
            items.append("MODSEQ")
        elif items[0] == "FLAGS":
            step = Step.MARKS
        self._before(step)
        wanted = _members(asked[1], max(self._server.mails, default=0))
        gives = any(item.startswith("BODY") for item in items)
        if gives and self._server.withheld & set(wanted):
            self._send(b"%b NO Some messages could not be FETCHed (Failure)\r\n" % self._tag)
            return
        answer = b""
        for number, uid in enumerate(sorted(self._server.mails), 1):
            if uid in wanted and uid > int(asked[3] or 0):
                values = b" ".join(self._item(item, self._server.mails[uid]) for item in items)
                answer += b"* %d FETCH (UID %d %b)\r\n" % (number, uid, values)
        self._done(step, answer)

    def _item(self, item: str, mail: ServedMail) -> bytes:
        if section := re.fullmatch(r"BODY\.PEEK\[(.*)\](?:<0\.(\d+)>)?", item):
            text = {"": mail.raw, "HEADER": mail.header}.get(section[1])
            text = mail.sections.get(section[1]) if text is None else text
            if text is None:
                return b"BODY[%b] NIL" % section[1].encode()
            cut = text[: int(section[2])] if section[2] else text
            offset = b"<0>" if section[2] else b""
            return b"BODY[%b]%b {%d}\r\n%b" % (section[1].encode(), offset, len(cut), cut)
        when = mail.received_at.strftime("%d-%b-%Y %H:%M:%S +0000").encode()
        labels = b" ".join(b"{%d}\r\n%b" % (len(label), label) for label in mail.labels)
        value = {
            "RFC822.SIZE": b"%d" % len(mail.raw),
            "INTERNALDATE": b'"%b"' % when,
            "FLAGS": b"(%b)" % mail.flags,
            "BODYSTRUCTURE": mail.structure,
            "MODSEQ": b"(%d)" % mail.uid,
        }
        if self._server.gmail:
            value["X-GM-MSGID"] = b"%d" % mail.gmail_id
            value["X-GM-THRID"] = b"%d" % mail.thread_id
            value["X-GM-LABELS"] = b"(%b)" % labels
        if item not in value:
            self._server.violations.append(f"FETCH {item}")
            return b"X NIL"
        return b"%b %b" % (item.encode(), value[item])

    def _idle(self, text: str) -> None:
        if not self._needs(text, "selected"):
            return
        server = self._server
        self._before(Step.IDLE_START)
        # what came since the last search is announced in one segment with the continuation
        news = b"" if server.searched == server.uidnext else b"* %d EXISTS\r\n" % len(server.mails)
        start = b"+ idling\r\n"
        if not self._answer(Step.IDLE_START, news + start if server.news_first else start + news):
            return
        if not server.arriving and server.searched == server.uidnext:
            server.settled()
        while b"\r\n" not in self._unread:
            readable, _, _ = select.select([self._peer], [], [], PAUSE if server.arriving else None)
            if readable:
                self._receive()
            elif server.arriving:
                server.deliver(server.arriving.pop(0))
                count = len(server.mails)
                self._answer(Step.IDLE_EVENT, b"* %d EXISTS\r\n* 1 RECENT\r\n" % count)
        said = self._line().decode()
        server.commands.append(said)
        if said.upper() != "DONE":
            self._refuse(said)
            return
        self._done(Step.IDLE_DONE, b"* OK Still here\r\n")

    def _logout(self, _text: str) -> None:
        self._done(Step.LOGOUT, b"* BYE until later\r\n")
        raise Gone

    # --- what is said

    def _before(self, step: Step) -> None:
        self._server.on.pop(step, lambda: None)()

    def _done(self, step: Step, untagged: bytes = b"", code: bytes = b"") -> bool:
        return self._answer(step, untagged, b"%b OK %bdone\r\n" % (self._tag, code))

    def _send(self, what: bytes) -> None:
        self._peer.sendall(what)

    def _answer(self, step: Step, untagged: bytes, tagged: bytes = b"") -> bool:
        """Send the answer, with the fault if its time has come; False where it was NO or BAD."""
        fault = self._server.take(step)
        if fault is None:
            self._send(untagged + tagged)
            return True
        whole = untagged + tagged
        cut = {
            Place.BEFORE: 0,
            Place.MIDDLE: len(whole) // 2,
            Place.BETWEEN: len(untagged),
        }[fault.place]
        if fault.kind in DECLINED:
            self._send(b"%b%b %b\r\n" % (whole[:cut], self._tag, DECLINED[fault.kind]))
            return False
        if fault.kind is Kind.SPLIT:
            self._send_split(whole, cut)
            return True
        self._send(whole[:cut])
        self._fail(fault.kind)
        self._send(whole[cut:])
        return True

    def _send_split(self, whole: bytes, cut: int) -> None:
        """In segments with pauses: cut at ``cut``, around the first line's end, and in the last."""
        line = whole.index(b"\r\n")
        marks = sorted({0, 1, cut, cut + 1, line, line + 1, line + 2, len(whole) - 1, len(whole)})
        for start, end in pairwise(marks):
            self._send(whole[start:end])
            time.sleep(PAUSE)

    def _fail(self, kind: Kind) -> None:
        """Let it happen; returns where the server goes on as if nothing had been."""
        inserted = {
            Kind.GARBAGE: b"%% what is this? %%\r\n",
            Kind.CONTINUATION: b"+ go on\r\n",
            Kind.WRONG_TAG: b"%b0 OK done\r\n" % self._tag,
            Kind.LITERAL: b'* LIST (\\Noselect) "/" {100000}\r\nlost\r\n',
            Kind.HUGE_LITERAL: b'* LIST (\\Noselect) "/" {1000000000000}\r\nlost\r\n',
            Kind.ABSURD_LITERAL: b'* LIST (\\Noselect) "/" {%b}\r\nlost\r\n' % (b"9" * 30),
            Kind.LONG_LINE: b"* OK %b\r\n" % (b"x" * LONG_LINE_BYTES),
            Kind.BINARY: b"* OK caf\xe9 \x00\xff\xfe\r\n",
        }
        if kind in inserted:
            self._send(inserted[kind])
            return
        if kind is Kind.BYE:
            self._send(b"* BYE closing for maintenance\r\n")
        if kind is Kind.RESET:
            self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if kind is Kind.HANG:
            while True:
                self._receive()
        while kind is Kind.TRICKLE:
            self._send(b"x")
            time.sleep(5 * PAUSE)
        raise Gone


def _members(uids: str, highest: int) -> set[int]:
    """The numbers of a sequence set (RFC 3501, 9)."""
    found: set[int] = set()
    for piece in uids.replace("*", str(highest)).split(","):
        first, _, last = piece.partition(":")
        found.update(range(int(first), int(last or first) + 1))
    return found

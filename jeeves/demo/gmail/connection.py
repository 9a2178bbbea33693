"""The server's side of a connection: Gmail's LIST and STORE, and a log of what clients send."""

from __future__ import annotations

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from base64 import b64encode
from contextlib import AsyncExitStack, closing, suppress
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from proxyprotocol.sock import SocketInfo
from pymap.config import IMAPConfig
from pymap.context import connection_exit, current_command
from pymap.exceptions import MailboxReadOnly, NotSupportedError
from pymap.fetch import MessageAttributes
from pymap.flags import FlagOp
from pymap.imap import IMAPConnection, IMAPServer
from pymap.imap.state import ConnectionState
from pymap.parsing.command import Command, CommandAuth
from pymap.parsing.command.auth import ListCommand, SelectCommand
from pymap.parsing.command.select import FetchCommand, StoreCommand
from pymap.parsing.response import (
    CommandResponse,
    Response,
    ResponseBad,
    ResponseCode,
    ResponseContinuation,
    ResponseOk,
    UntaggedResponse,
)
from pymap.parsing.response.specials import FetchResponse, ListResponse, LSubResponse
from pymap.parsing.specials import FetchAttribute
from pymap.selected import SelectedMailbox
from pysasl.creds.external import ExternalCredentials
from pysasl.creds.server import ServerCredentials
from pysasl.exception import AuthenticationError
from pysasl.mechanism import ChallengeResponse, ServerChallenge

from jeeves.demo.gmail.account import GmailAccount
from jeeves.demo.gmail.condstore import (
    EnableCommand,
    GmailSelected,
    asks_for_mod_sequences,
    gmail_selected,
    of_the_changed,
)
from jeeves.demo.gmail.extension import GmailStore
from jeeves.demo.gmail.login import GmailAuthenticate, GmailLogin
from jeeves.demo.gmail.message import mail_of
from jeeves.demo.gmail.refusals import TOKEN_CHALLENGE

#: What pymap asks of a command: its response, and the mailbox to tell news of.
Answer: TypeAlias = tuple[CommandResponse, SelectedMailbox | None]

#: Far longer than the end of a dropped connection takes.
DROP_SECONDS = 5.0
LITERAL = re.compile(rb"\{(\d+)\+?\}\r?\n")


class GmailState(ConnectionState):
    """The commands that Gmail answers differently."""

    def __init__(self, login: GmailLogin, config: IMAPConfig, account: GmailAccount) -> None:
        super().__init__(login, config)
        self.gmail_login = login
        self.account = account
        self._condstore = False

    @property
    def _mailbox(self) -> GmailSelected:
        return gmail_selected(self.selected)

    async def do_command(self, cmd: Command) -> CommandResponse:
        """Any command but AUTHENTICATE; while the account is throttled few are carried out."""
        if self._session is not None and isinstance(cmd, CommandAuth):
            self.gmail_login.count()
        return await super().do_command(cmd)

    async def do_enable(self, cmd: EnableCommand) -> Answer:
        """ENABLE; only CONDSTORE can be."""
        enabled = cmd.capabilities & {b"CONDSTORE"} & set(self.capability.capabilities)
        if enabled:
            self._enable_condstore()
        response = ResponseOk(cmd.tag, cmd.command + b" completed.")
        response.add_untagged(UntaggedResponse(b" ".join([b"ENABLED", *enabled])))
        return response, None

    def _enable_condstore(self) -> None:
        self._condstore = True
        if self._selected is not None:
            self._mailbox.condstore = True

    async def do_select(self, cmd: SelectCommand) -> Answer:
        """SELECT and EXAMINE, with HIGHESTMODSEQ."""
        response, selected = await super().do_select(cmd)
        if b"CONDSTORE" in self.capability:
            if cmd.options.has(b"CONDSTORE"):
                self._condstore = True
            mailbox = gmail_selected(selected)
            mailbox.condstore = self._condstore
            code = ResponseCode.of(b"HIGHESTMODSEQ %d" % mailbox.mod_sequence)
            response.add_untagged_ok(b"Highest.", code)
        return response, selected

    async def do_fetch(self, cmd: FetchCommand) -> Answer:
        """FETCH, of MODSEQ and with CHANGEDSINCE as well."""
        if asks_for_mod_sequences(cmd):
            if b"CONDSTORE" not in self.capability:
                return ResponseBad(cmd.tag, b"FETCH: CONDSTORE is not offered."), None
            self._enable_condstore()
            cmd = of_the_changed(cmd, self.selected)
        return await super().do_fetch(cmd)

    async def do_store(self, cmd: StoreCommand) -> Answer:
        """STORE; labels may move the message into other mailboxes and out of this one."""
        if cmd.options:
            raise NotSupportedError("STORE takes no modifiers.")
        if cmd.silent:
            uids = (uid for _, uid in self.selected.messages.get_uids(cmd.sequence_set))
            self._mailbox.silenced.update(uids)
        if not isinstance(cmd, GmailStore) or cmd.labels is None:
            return await super().do_store(cmd)
        if self.selected.readonly:
            raise MailboxReadOnly()
        messages, _ = await self.session.fetch_messages(self.selected, cmd.sequence_set, False)
        response = ResponseOk(cmd.tag, cmd.command + b" completed.")
        items = [FetchAttribute(b"X-GM-LABELS"), *([FetchAttribute(b"UID")] if cmd.uid else [])]
        for sequence, message in messages:
            mail = mail_of(message)
            if cmd.mode is FlagOp.REPLACE:
                mail.labels = set(cmd.labels)
            elif cmd.mode is FlagOp.ADD:
                mail.labels |= cmd.labels
            else:
                mail.labels -= cmd.labels
            await self.account.settle(mail)
            if not cmd.silent:
                values = list(MessageAttributes(message, self.selected, items))
                response.add_untagged(FetchResponse(sequence, values))
        return response, await self.session.check_mailbox(self.selected)

    async def do_list(self, cmd: ListCommand) -> Answer:
        """LIST and LSUB, with the attributes of RFC 6154."""
        mailboxes, updates = await self.session.list_mailboxes(
            cmd.ref_name, cmd.filter, subscribed=cmd.only_subscribed, selected=self._selected
        )
        response = ResponseOk(cmd.tag, cmd.command + b" completed.")
        answer = LSubResponse if cmd.only_subscribed else ListResponse
        for name, delimiter, attributes in mailboxes:
            special = [self.account.attributes[name]] if name in self.account.attributes else []
            response.add_untagged(answer(name, delimiter, [*attributes, *special]))
        return response, updates


class GmailConnection(IMAPConnection):
    """A connection that answers in whole lines and writes to a file what it is asked.

    Commands stand one a line in the file, without literals and passwords. What continues a
    command (after a literal, or DONE) stands on a line that begins with a blank.
    """

    wire_log: Path | None = None
    _continued = False
    _secret = False

    async def write_response(self, resp: Response) -> None:
        """Send a response in one piece.

        pymap sends it in many, and IMAPClient gives up an IDLE in which it meets half a line.
        """
        whole = BytesIO()
        await resp.async_write(whole)
        with suppress(ConnectionError):
            self.writer.write(whole.getvalue())
            await self.writer.drain()

    async def authenticate(
        self, state: ConnectionState, mech_name: bytes
    ) -> ServerCredentials | None:
        """What AUTHENTICATE brings; that a token does not let in is told by a challenge first."""
        command = current_command.get()
        response = command.response if isinstance(command, GmailAuthenticate) else None
        mechanism = state.auth.get_server(mech_name)
        if response is None or mechanism is None:
            credentials = await super().authenticate(state, mech_name)
        else:
            try:
                credentials, _ = mechanism.server_attempt([ChallengeResponse(b"", response)])
            except ServerChallenge as exc:
                raise AuthenticationError("One response is not enough.") from exc
        if (
            isinstance(credentials, ExternalCredentials)
            and isinstance(state, GmailState)
            and state.gmail_login.refusal_of(credentials)
        ):
            await self.write_response(ResponseContinuation(b64encode(TOKEN_CHALLENGE)))
            await self.read_continuation(0)
        return credentials

    async def readline(self) -> memoryview:
        """Read a line and write it to the log."""
        line = await super().readline()
        if self.wire_log is not None:
            self._log(bytes(line), self.wire_log)
        return line

    async def read_continuation(self, literal_length: int) -> memoryview:
        """Read what continues a command."""
        self._continued = True
        try:
            return await super().read_continuation(literal_length)
        finally:
            self._continued = False

    def _log(self, line: bytes, path: Path) -> None:
        if not self._continued:
            secret = re.match(rb"\S+ +(LOGIN|AUTHENTICATE +\S+)", line, re.IGNORECASE)
            self._secret = secret is not None
            line = secret[0] if secret else line
        elif self._secret:
            return
        text = without_literals(line).strip()
        if text:
            with path.open("ab") as log:
                log.write((b" " if self._continued else b"") + text + b"\n")


def without_literals(line: bytes) -> bytes:
    """A command line without the content of its non-synchronising literals (RFC 7888)."""
    kept = b""
    while literal := LITERAL.search(line):
        kept += line[: literal.start()] + b"{%b}" % literal[1]
        line = line[literal.end() + int(literal[1]) :]
    return kept + line


class GmailImap(IMAPServer):
    """Answers every connection with the classes above."""

    def __init__(
        self,
        login: GmailLogin,
        config: IMAPConfig,
        account: GmailAccount,
        wire_log: Path | None,
    ) -> None:
        super().__init__(login, config)
        self.gmail_login = login
        self.account = account
        self.wire_log = wire_log
        self._writers: dict[asyncio.Task[object], StreamWriter] = {}

    async def __call__(
        self, reader: StreamReader, writer: StreamWriter, sock_info: SocketInfo
    ) -> None:
        """Serve one connection to its end."""
        connection = GmailConnection(self.commands, self._config, reader, writer, sock_info)
        connection.wire_log = self.wire_log
        task = asyncio.current_task()
        if task is not None:
            self._writers[task] = writer
            task.add_done_callback(self._writers.pop)
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            await connection.run(GmailState(self.gmail_login, self._config, self.account))

    async def drop_connections(self) -> None:
        """Every client has lost its connection, without a BYE, and it counts no more."""
        dropped = list(self._writers.items())
        for _, writer in dropped:
            writer.transport.abort()
        if dropped:
            await asyncio.wait([task for task, _ in dropped], timeout=DROP_SECONDS)

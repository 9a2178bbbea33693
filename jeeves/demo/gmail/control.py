"""The child process of the demo's mail server: listens, and obeys its parent over stdin.

One JSON object a line in each direction. The first line on stdout tells host and port; after
that every request gets one answer. The end of stdin ends the process, so it cannot outlive
whoever started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import threading
from argparse import Namespace
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config
from pymap.backend.dict.filter import FilterSet
from pymap.config import BackendCapability
from pymap.parsing.commands import Commands
from pymap.parsing.specials.flag import Flag, Seen
from pysasl import SASLAuth
from pysasl.hashing import Cleartext

from jeeves.demo.gmail.account import GmailAccount
from jeeves.demo.gmail.condstore import EnableCommand
from jeeves.demo.gmail.connection import GmailImap
from jeeves.demo.gmail.extension import GmailStore, GmailUidStore, patch_pymap
from jeeves.demo.gmail.login import GmailAuthenticate, GmailLogin, mechanisms
from jeeves.demo.gmail.mailbox import GmailMailbox
from jeeves.demo.gmail.refusals import Refusal

HOST = "127.0.0.1"
#: How often it is seen whether the parent still lives; a second net below the end of stdin.
PARENT_SECONDS = 1.0
#: Longest command line, in bytes; pymap's 64 KiB are too few for a FETCH of many UIDs.
LINE_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What the server offers and to whom."""

    address: str
    password: str
    port: int
    german: bool
    special_use: bool
    all_mail: bool
    condstore: bool
    connections: int
    wire_log: Path | None


class GmailConfig(Config):
    """pymap's settings: one account, no TLS, no look-ups in the network."""

    def __init__(self, options: Options) -> None:
        super().__init__(
            Namespace(proxy_protocol=None),
            host=HOST,
            port=options.port,
            demo_data=False,
            demo_user=options.address,
            demo_password=options.password,
            # pymap's own would load a certificate that CERT_FILE of the environment names.
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            tls_enabled=False,
            hash_context=Cleartext(),
            invalid_user_sleep=0,
        )
        offered = {
            b"SPECIAL-USE": options.special_use,
            b"CONDSTORE": options.condstore,
        }
        self._offered = [name for name, wanted in offered.items() if wanted]

    @property
    def backend_capability(self) -> BackendCapability:
        """IDLE, X-GM-EXT-1, ENABLE and, if wanted, SPECIAL-USE and CONDSTORE."""
        return BackendCapability(
            idle=True,
            object_id=True,
            multi_append=True,
            custom=[b"X-GM-EXT-1", b"ENABLE", *self._offered],
        )

    @property
    def commands(self) -> Commands:
        """pymap's commands, with STORE of labels, ENABLE and SASL-IR."""
        commands = Commands()
        for command in (GmailStore, GmailUidStore, EnableCommand, GmailAuthenticate):
            commands.register(command)
        return commands

    @property
    def initial_capability(self) -> list[bytes]:
        """What is announced before a login; the ways to log in are added."""
        return [*super().initial_capability, b"SASL-IR"]

    @property
    def tls_auth(self) -> SASLAuth:
        """The ways to log in beside LOGIN."""
        return mechanisms()

    @property
    def greeting(self) -> bytes:
        """Without the machine's name: pymap asks the DNS for it."""
        return b"Gimap ready for requests"


class Control:
    """Carries out what the parent asks."""

    def __init__(self, account: GmailAccount, login: GmailLogin, imap: GmailImap) -> None:
        self._account = account
        self._login = login
        self._imap = imap

    async def answer(self, line: bytes) -> Mapping[str, Any]:
        """The answer to one request; ``{"error": ...}`` where it cannot be carried out."""
        try:
            request = json.loads(line)
            match request.pop("do"):
                case "deliver":
                    return await self._deliver(**request)
                case "change":
                    return await self._change(**request)
                case "expunge":
                    await self._account.erase(self._account.mail(int(request["gmail_id"])))
                    return {}
                case "change_uidvalidity":
                    return await self._change_uidvalidity(request["mailbox"])
                case "accept_tokens":
                    self._login.good_tokens = frozenset(request["tokens"])
                    return {}
                case "refuse_logins":
                    reason = request["reason"]
                    self._login.closed = None if reason is None else Refusal(reason)
                    return {}
                case "throttle":
                    self._login.throttled = int(request["answers"])
                    return {}
                case "drop_connections":
                    await self._imap.drop_connections()
                    return {}
                case other:
                    return {"error": f"unknown request {other!r}"}
        except (KeyError, TypeError, ValueError) as exc:
            return {"error": f"{type(exc).__name__}: {exc}"}

    async def _deliver(
        self, raw: str, labels: list[str], received_at: str | None, seen: bool
    ) -> Mapping[str, Any]:
        mail = await self._account.deliver(
            b64decode(raw),
            labels=labels,
            received_at=datetime.fromisoformat(received_at) if received_at else None,
            flags=frozenset[Flag]({Seen} if seen else ()),
        )
        return {"gmail_id": str(mail.gmail_id), "thread_id": str(mail.thread_id)}

    async def _change(
        self,
        gmail_id: str,
        add_labels: list[str],
        remove_labels: list[str],
        add_flags: list[str],
        remove_flags: list[str],
    ) -> Mapping[str, Any]:
        await self._account.change(
            self._account.mail(int(gmail_id)),
            add_labels=add_labels,
            remove_labels=remove_labels,
            add_flags=[Flag(flag.encode()) for flag in add_flags],
            remove_flags=[Flag(flag.encode()) for flag in remove_flags],
        )
        return {}

    async def _change_uidvalidity(self, name: str) -> Mapping[str, Any]:
        mailbox = await self._account.get_mailbox(name)
        if not isinstance(mailbox, GmailMailbox):
            raise TypeError(name)
        uidvalidity = await mailbox.renumber()
        # RFC 3501 lets UIDVALIDITY change between sessions only.
        await self._imap.drop_connections()
        return {"uidvalidity": uidvalidity}


async def serve(options: Options) -> None:
    """Listen until stdin ends or the parent is gone."""
    parent = os.getppid()
    patch_pymap()
    config = GmailConfig(options)
    config.apply_context()
    login = GmailLogin(config, options.address, options.password, options.connections)
    account = GmailAccount(german=options.german, all_mail=options.all_mail)
    if not options.special_use:
        account.attributes.clear()
    config.set_cache[options.address] = (account, FilterSet())
    imap = GmailImap(login, config, account, options.wire_log)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await imap(reader, writer, SocketInfo.get(writer, None))

    server = await asyncio.start_server(accept, HOST, options.port, limit=LINE_BYTES)
    port = server.sockets[0].getsockname()[1]
    say({"host": HOST, "port": port})
    loop = asyncio.get_running_loop()
    orphaned = asyncio.Event()
    # A thread, for asyncio cannot read a file or a terminal as stdin on every system.
    threading.Thread(
        target=obey, args=(Control(account, login, imap), loop, orphaned), daemon=True
    ).start()
    while not orphaned.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(orphaned.wait(), PARENT_SECONDS)
        except TimeoutError:
            continue
    server.close()


def obey(control: Control, loop: asyncio.AbstractEventLoop, orphaned: asyncio.Event) -> None:
    """Answer requests from stdin until it ends or nobody reads the answers."""
    try:
        # Not sys.stdin: the interpreter would wait for its lock, held by this thread, at exit.
        with open(0, "rb", closefd=False) as requests:
            for line in requests:
                say(asyncio.run_coroutine_threadsafe(control.answer(line), loop).result())
    except BrokenPipeError:
        pass
    finally:
        loop.call_soon_threadsafe(orphaned.set)


def say(answer: Mapping[str, Any]) -> None:
    """Write one line to the parent."""
    print(json.dumps(answer), flush=True)

"""How soon mail is stored and judged once the server tells of it, and once it is delivered."""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any
from unittest.mock import patch

from jeeves import bootstrap, interpreter, logs, modelling
from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount, waiting
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import GmailServer
from jeeves.domain.message import Cursor, Message, Unreadable
from jeeves.domain.outbox import Outcome, Recorded
from jeeves.domain.ports import Ingested, Judgement
from jeeves.errors import ConfigError
from jeeves.service.daemon import Daemon
from jeeves.settings import Settings
from scripts.bench.ingesting import archive
from scripts.bench.ingesting.database import embedded
from scripts.bench.ingesting.settings import Server
from scripts.bench.judgement.tables import table

WAIT_SECONDS = 20.0
#: Between a verdict and the next delivery: Jeeves is back in IDLE.
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Reaction:
    """Milliseconds (p50, p99) over all deliveries by one way."""

    name: str
    mails: int
    #: From EXISTS, as Jeeves reads it, to the commit of the message and of its verdict.
    exists_to_stored: tuple[float, float]
    exists_to_verdict: tuple[float, float]
    delivery_to_stored: tuple[float, float]
    delivery_to_verdict: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reactions:
    """All ways of delivery."""

    reactions: list[Reaction]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            "reaction: milliseconds under IDLE, p50 / p99",
            [
                "delivery",
                "mails",
                "EXISTS to stored",
                "to verdict",
                "delivery to stored",
                "to verdict",
            ],
            [
                [
                    one.name,
                    str(one.mails),
                    *(
                        f"{p50:.1f} / {p99:.1f}"
                        for p50, p99 in (
                            one.exists_to_stored,
                            one.exists_to_verdict,
                            one.delivery_to_stored,
                            one.delivery_to_verdict,
                        )
                    ),
                ]
                for one in self.reactions
            ],
        )


@dataclass(slots=True)
class Watch:
    """When what happened to the mail under way, by `time.perf_counter`."""

    exists: float = 0.0
    stored: float = 0.0
    judged: threading.Event = field(default_factory=threading.Event)
    verdict: float = 0.0

    def note_exists(self) -> None:
        """The first announcement counts."""
        self.exists = self.exists or time.perf_counter()

    def begin(self) -> None:
        """A new mail is about to be delivered."""
        self.exists = self.stored = self.verdict = 0.0
        self.judged.clear()


class WatchedStore(PostgresStore):
    """Jeeves's store, which notes when its commits were done."""

    def __init__(self, dsn: str, watch: Watch) -> None:
        super().__init__(dsn)
        self._watch = watch

    def ingest(
        self, account: str, batch: Sequence[Message | Unreadable], cursor: Cursor | None
    ) -> Ingested:
        """Note the commit of new messages."""
        result = super().ingest(account, batch, cursor)
        if batch:
            self._watch.stored = time.perf_counter()
        return result

    def record(self, judgements: Sequence[Judgement], outcomes: Sequence[Outcome] = ()) -> Recorded:
        """Note the commit of verdicts."""
        recorded = super().record(judgements, outcomes)
        self._watch.verdict = time.perf_counter()
        self._watch.judged.set()
        return recorded


def reaction(folder: Path, deliveries: int) -> Reactions:
    """Deliver one mail at a time, each as soon as the one before is judged."""
    found = []
    with ExitStack() as stack:
        database = stack.enter_context(embedded(folder / "reaction"))
        dovecot = stack.enter_context(archive.dovecot(folder / "live", []))
        gmail = stack.enter_context(GmailServer())
        client = stack.enter_context(dovecot.client())
        inbox = archive.maildir(folder / "live", dovecot.address)

        def rename(raw: bytes) -> None:
            mail = inbox / "tmp" / f"{time.time_ns()}.bench"
            mail.write_bytes(raw)
            archive.give_to_server(mail)
            mail.rename(inbox / "new" / mail.name)

        ways: list[tuple[str, Server, Callable[[bytes], object]]] = [
            ("Gmail-like server", gmail, gmail.deliver),
            ("Dovecot, APPEND", dovecot, lambda raw: client.append("INBOX", raw)),
            ("Dovecot, a file renamed into the Maildir", dovecot, rename),
        ]
        for name, server, deliver in ways:
            print(f"{name}: {deliveries} deliveries ...", file=sys.stderr)
            database.empty()
            with _watching(server, folder / "reaction", database.dsn) as watch:
                times = [_timed(watch, deliver, number) for number in range(deliveries)]
            found.append(Reaction(name, deliveries, *map(_quantiles, zip(*times, strict=True))))
    return Reactions(found)


@contextmanager
def _watching(server: Server, home: Path, dsn: str) -> Iterator[Watch]:
    """Jeeves's daemon, waiting for mail, without channels to tell anybody."""
    interpreter.adapt()
    logs.configure(quiet=True)
    watch = Watch()
    heard = waiting.announced

    def noting(imap: Any) -> bool:
        told = heard(imap)
        if told:
            watch.note_exists()
        return told

    stop = threading.Event()
    account = ImapAccount(server.address, server.password, server.host, server.port, "none")
    scorer = modelling.make_scorer(Settings(jeeves_home=home))
    daemon = Daemon(
        mailbox=GmailMailbox(account),
        open_store=lambda: WatchedStore(dsn, watch),
        serving=lambda: scorer,
        notifiers=[],
        clock=bootstrap.now,
        poll_seconds=60.0,
        stop=stop,
    )
    with patch.object(waiting, "announced", noting):
        thread = threading.Thread(target=daemon.run, daemon=True)
        thread.start()
        time.sleep(1.0)
        yield watch
        stop.set()
        thread.join(WAIT_SECONDS)


def _timed(watch: Watch, deliver: Callable[[bytes], object], number: int) -> list[float]:
    raw = a_mail(number)
    watch.begin()
    started = time.perf_counter()
    deliver(raw)
    if not watch.judged.wait(WAIT_SECONDS):
        raise ConfigError(f"Mail {number} was not judged within {WAIT_SECONDS:.0f} s.")
    time.sleep(_PAUSE)
    exists = watch.exists or started
    return [
        1000 * (end - begin) for begin in (exists, started) for end in (watch.stored, watch.verdict)
    ]


def _quantiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(milliseconds)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)]


def a_mail(number: int) -> bytes:
    """A mail that needs a place, in a conversation of its own."""
    message = EmailMessage()
    message["From"] = f"Ana Lopez <ana{number}@example.org>"
    message["To"] = "Sam Reader <sam@example.org>"
    message["Subject"] = f"Lunch on Thursday? ({number})"
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{time.time_ns()}-{os.getpid()}@example.org>"
    message.set_content(
        "Hi Sam,\n\nwould you like to meet for lunch on Thursday at 12:30? I would love to catch "
        "up and go over the plan with you.\n\nAna\n"
    )
    return message.as_bytes().replace(b"\n", b"\r\n")

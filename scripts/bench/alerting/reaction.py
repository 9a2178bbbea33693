"""How soon a text is on its way once its verdict is committed, in the running daemon."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jeeves import bootstrap, logs, modelling
from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.adapters.sms import SmsNotifier
from jeeves.demo.gmail_server import GmailServer
from jeeves.domain.outbox import Outcome, Recorded
from jeeves.domain.ports import Judgement
from jeeves.errors import ConfigError
from jeeves.service.daemon import Daemon
from jeeves.settings import Settings
from scripts.bench.alerting.faults import RECIPIENT, SENDER
from scripts.bench.ingesting.reaction import a_mail
from scripts.bench.judgement.tables import table
from tests.twilio_standin import TwilioStandIn

WAIT_SECONDS = 30.0
#: Between a text and the next delivery: the courier has settled it, and Jeeves is back in IDLE.
_PAUSE = 0.1
_LOOK = 0.0005


@dataclass(frozen=True, slots=True)
class Reaction:
    """Milliseconds from the commit of a verdict to the arrival of the request at Twilio."""

    alerts: int
    p50: float
    p99: float
    longest: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        row = [f"{self.p50:.1f}", f"{self.p99:.1f}", f"{self.longest:.1f}"]
        yield table(
            "reaction: milliseconds from the verdict's commit to the request at Twilio",
            ["alerts", "p50", "p99", "longest"],
            [[str(self.alerts), *row]],
        )


@dataclass(slots=True)
class Watch:
    """When verdicts that made an alert were committed, by `time.monotonic`."""

    committed: list[float] = field(default_factory=list)


class WatchedStore(PostgresStore):
    """Jeeves's store, which notes when its verdicts were committed."""

    def __init__(self, dsn: str, watch: Watch) -> None:
        super().__init__(dsn)
        self._watch = watch

    def record(self, judgements: Sequence[Judgement], outcomes: Sequence[Outcome] = ()) -> Recorded:
        """Note the commit."""
        recorded = super().record(judgements, outcomes)
        if recorded.alerts:
            self._watch.committed.append(time.monotonic())
        return recorded


def reaction(dsn: str, home: Path, count: int) -> Reaction:
    """Deliver one mail at a time, each as soon as the text about the one before has gone.

    Raises:
        ConfigError: a text did not come.
    """
    milliseconds = []
    with ExitStack() as stack:
        twilio = stack.enter_context(TwilioStandIn())
        twilio.carries_at_once = True
        server = stack.enter_context(GmailServer())
        watch = stack.enter_context(_daemon(server, twilio, dsn, home))
        for number in range(count):
            server.deliver(a_mail(number))
            deadline = time.monotonic() + WAIT_SECONDS
            while not (arrived := _sent(twilio, number)):
                if time.monotonic() > deadline:
                    raise ConfigError(f"No text about mail {number} in {WAIT_SECONDS:.0f} s.")
                time.sleep(_LOOK)
            milliseconds.append(1000 * (arrived - watch.committed[number]))
            time.sleep(_PAUSE)
    milliseconds.sort()
    return Reaction(
        alerts=count,
        p50=statistics.median(milliseconds),
        p99=milliseconds[int(count * 0.99)],
        longest=milliseconds[-1],
    )


def _sent(twilio: TwilioStandIn, number: int) -> float | None:
    """When the request arrived that asked for text ``number``; None before it has."""
    sent = [request for request in twilio.requests if request.method == "POST"]
    return sent[number].arrived_at if len(sent) > number else None


@contextmanager
def _daemon(server: GmailServer, twilio: TwilioStandIn, dsn: str, home: Path) -> Iterator[Watch]:
    """Jeeves's daemon, waiting for mail, with texts as its one channel."""
    logs.configure(quiet=True)
    watch = Watch()
    stop = threading.Event()
    account = ImapAccount(server.address, server.password, server.host, server.port, "none")
    notifier = SmsNotifier(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        sender=SENDER,
        to=RECIPIENT,
        base_url=twilio.base_url,
    )
    scorer = modelling.make_scorer(Settings(jeeves_home=home))
    daemon = Daemon(
        mailbox=GmailMailbox(account),
        open_store=lambda: WatchedStore(dsn, watch),
        serving=lambda: scorer,
        notifiers=[notifier],
        clock=bootstrap.now,
        poll_seconds=60.0,
        stop=stop,
    )
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    time.sleep(1.0)
    yield watch
    stop.set()
    thread.join(WAIT_SECONDS)

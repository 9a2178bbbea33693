"""The cycle, for ever: IDLE or poll, one courier thread per channel, back-off."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.ports import Clock, LabelStore, LabelWriter, Mailbox, Notifier, Scorer, Store
from jeeves.errors import (
    ConfigError,
    DeliveryError,
    JeevesError,
    LoginRefused,
    StoreError,
    TransientError,
)
from jeeves.service.delivery import deliver, new_reference
from jeeves.service.label_writing import write_labels_forever
from jeeves.service.marking import Marking
from jeeves.service.pulse import SILENT, Pulse
from jeeves.service.relabelling import reconsider
from jeeves.service.silence import read_again_notices, unread_notices
from jeeves.service.stopping import GRACE_SECONDS
from jeeves.service.telling import announce_unread, beat_read, tell_of_model
from jeeves.service.terms import FREE, Terms
from jeeves.service.triage import ingest, judge_pending
from jeeves.service.warming import warm_up
from jeeves.service.watching import Weekly
from jeeves.service.weekly import announce_week

log = structlog.get_logger()

#: Seconds before the n-th reconnect; the last one repeats.
BACK_OFF = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
#: A server that refused the login, its certificate or the mailbox is asked again this seldom:
#: more would lock the account.
REFUSED_SECONDS = 900.0
#: How often a courier looks for alerts that became due by themselves.
COURIER_SECONDS = 5.0
#: A long wait shows this often that it is one.
LOOK_SECONDS = 1.0


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row, at least one; a part of it is chance."""
    spread: float = random.uniform(1.0, 1.5)  # noqa: S311  # spreads reconnects, hides nothing
    return spread * BACK_OFF[min(failures, len(BACK_OFF)) - 1]


class ClosableStore(Store, LabelStore, Protocol):
    """A store with a connection of its own."""

    def close(self) -> None:
        """Give the connection back."""
        ...


@dataclass(slots=True)
class Daemon:
    """Watches one mailbox until ``stop`` is set."""

    mailbox: Mailbox
    #: Makes a store with a connection of its own: one for each thread.
    open_store: Callable[[], ClosableStore]
    #: Gives the model that serves now.
    serving: Callable[[], Scorer]
    notifiers: Sequence[Notifier]
    clock: Clock
    poll_seconds: float
    stop: threading.Event
    #: One of several: whatever goes wrong is waited out, so that the others go on.
    one_of_several: bool = False
    #: Writes our labels back; None where the owner did not ask for it.
    label_writer: LabelWriter | None = None
    #: How alerts are told.
    terms: Terms = FREE
    #: Called after each cycle that went well; returns at once.
    beat: Callable[[], None] = lambda: None
    #: Why a newer model than the one that serves is not used; empty where none was refused.
    refused_models: Sequence[str] = ()
    #: Told that this goes on: for who restarts what hangs.
    pulse: Pulse = SILENT
    #: Which of the accounts it is, from 1 on: logs tell this in place of the address.
    number: int = 1
    #: Is told what is done and how long it takes.
    meter: Meter = UNMETERED
    _marking: Marking = field(init=False)
    _weekly: Weekly = field(init=False)
    _wakes: dict[int, threading.Event] = field(init=False, default_factory=dict)
    _crash: BaseException | None = field(init=False, default=None)
    #: Since when the database cannot be used, and whether that was told.
    _store_lost_at: datetime | None = field(init=False, default=None)
    _told_directly: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._marking = Marking(self.mailbox, self.clock)
        self._weekly = Weekly(self.mailbox.account, self.clock, self.terms.rules.zone)

    def run(self) -> None:
        """Read, judge and deliver until ``stop`` is set.

        Raises:
            LoginRefused, ConfigError: at the first connection, unless it is one of several; later
                refusals are waited out and told to the owner.
        """
        with structlog.contextvars.bound_contextvars(account=self.number):
            self._run()

    def _run(self) -> None:
        couriers = [
            _thread(notifier.channel, self._deliver_forever, notifier)
            for notifier in self.notifiers
        ]
        self._wakes = {id(notifier): threading.Event() for notifier in self.notifiers}
        if self.label_writer is not None:
            wake = self._wakes[id(self.label_writer)] = threading.Event()
            parts = (self.label_writer, self.open_store, wake, self.stop)
            couriers.append(_thread("labels", write_labels_forever, *parts))
        for courier in couriers:
            courier.start()
        try:
            with closing(self.open_store()) as store:
                self._watch_forever(store)
        finally:
            self.stop.set()
            self._wake_couriers()
            for courier in couriers:
                courier.join(GRACE_SECONDS)
            self.mailbox.close()
        if self._crash is not None:
            raise self._crash

    def _watch_forever(self, store: Store) -> None:
        failures = 0
        ever_read = False
        while not self.stop.is_set():
            try:
                self.pulse.goes_on()
                self._cycle(store)
                if not ever_read:
                    self._tell_of_model(store)
                    warm_up(self.serving(), self.clock())
                ever_read = True
                self._store_found(store)
                self.beat()
                self.pulse.read()
                self.mailbox.wait(self.poll_seconds, self._to_stop)
                # Not before: a connection that always dies in the wait is made ever more seldom.
                failures = 0
            except (LoginRefused, ConfigError) as exc:
                if not ever_read and not self.one_of_several:
                    raise
                self._wait_out("refused", store, exc)
            except TransientError as exc:
                failures += 1
                self.meter.failed("unavailable")
                wait = back_off(failures)
                log.warning("waiting", seconds=round(wait, 1), failures=failures, error=str(exc))
                self._report(store, str(exc))
                self._rest(wait, str(exc))
            except Exception as exc:
                if not self.one_of_several:
                    raise
                self._wait_out("failed", store, exc)

    def _wait_out(self, what: str, store: Store, cause: Exception) -> None:
        # What is not expected may hold a mail's words: then only its class is told.
        said = str(cause) if isinstance(cause, JeevesError) else type(cause).__name__
        self.meter.failed(what)
        log.warning(what, seconds=REFUSED_SECONDS, error=said)
        self._report(store, said)
        self._rest(REFUSED_SECONDS, said)

    def _to_stop(self) -> bool:
        """Whether to stop; asked by whatever waits, which so shows that it does not hang."""
        self.pulse.goes_on()
        return self.stop.is_set()

    def _rest(self, seconds: float, cause: str) -> None:
        self.pulse.waits(cause)
        until = time.monotonic() + seconds
        while not self._to_stop() and (left := until - time.monotonic()) > 0:
            self.stop.wait(min(left, LOOK_SECONDS))

    def _cycle(self, store: Store) -> None:
        account, terms = self.mailbox.account, self.terms
        ingest(self.mailbox, store, self.clock, self.pulse.goes_on, self.meter)
        read_at = self.clock()
        channels = terms.told_first(n.channel for n in self.notifiers)
        scorer = self.serving()
        judged, _ = judge_pending(
            *(account, store, scorer, channels, self.clock, terms),
            *(self.pulse.goes_on, self.meter),
        )
        # Not of alerts alone: what was settled is taken back, and labelled.
        if judged:
            self._wake_couriers()
        beat_read(self.mailbox, store, read_at, channels, terms)
        self._marking.step_if_due(store)
        if reconsider(account, store, channels, read_at, terms):
            self._wake_couriers()
        self._weekly.say_if_due(store, scorer)
        if announce_week(account, store, channels, lambda: scorer, read_at, terms):
            self._wake_couriers()

    def _wake_couriers(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    def _deliver_forever(self, notifier: Notifier) -> None:
        others = [n.channel for n in self.notifiers if n is not notifier]
        wake = self._wakes[id(notifier)]
        account, clock, terms = self.mailbox.account, self.clock, self.terms
        try:
            with closing(self.open_store()) as store:
                while not self.stop.is_set():
                    try:
                        deliver(account, store, notifier, others, clock, terms, self.meter)
                    except TransientError as exc:
                        log.warning("courier waits", channel=notifier.channel, error=str(exc))
                    except Exception as exc:
                        if not self.one_of_several:
                            raise
                        log.warning(
                            "courier failed", channel=notifier.channel, error=type(exc).__name__
                        )
                        self.stop.wait(BACK_OFF[-1])
                    wake.wait(COURIER_SECONDS)
                    wake.clear()
        except BaseException as exc:  # noqa: BLE001  # a courier that died unseen would be silence
            self._crash = exc
            self.stop.set()

    def _report(self, store: Store, cause: str) -> None:
        """Tell the owner once that mail is not being read, when it has been so for long."""
        if self._told_directly:
            return
        now = self.clock()
        channels = self.terms.told_first(n.channel for n in self.notifiers)
        try:
            if announce_unread(self.mailbox.account, store, channels, now, cause, self.terms):
                self._wake_couriers()
        except StoreError as exc:
            self._say_directly(str(exc), now)

    def _say_directly(self, cause: str, now: datetime) -> None:
        """Without a database there is no outbox: send once, unrecorded."""
        self._store_lost_at = self._store_lost_at or now
        channels = [notifier.channel for notifier in self.notifiers]
        notices = unread_notices(
            *(self.mailbox.account, self._store_lost_at, cause, channels, new_reference, now),
            self.terms.silent_after,
            self.terms.rules.zone,
        )
        if not notices or self._told_directly:
            return
        self._told_directly = True
        first = self.terms.told_first(channels)
        sent = set()
        pairs = zip(self.notifiers, notices, strict=True)
        for notifier, notice in sorted(pairs, key=lambda pair: pair[0].channel not in first):
            if notifier.channel not in first and first[0] in sent:
                continue
            try:
                notifier.send(notice)
                sent.add(notifier.channel)
            except DeliveryError as exc:
                log.warning("notice not sent", channel=notifier.channel, error=str(exc))

    def _store_found(self, store: Store) -> None:
        """The database can be used; if it was told that it cannot, that is over."""
        if self._told_directly:
            channels = self.terms.told_first(n.channel for n in self.notifiers)
            zone = self.terms.rules.zone
            store.announce(
                read_again_notices(
                    self.mailbox.account, channels, new_reference, self.clock(), zone
                )
            )
            self._wake_couriers()
        self._store_lost_at, self._told_directly = None, False

    def _tell_of_model(self, store: Store) -> None:
        channels = self.terms.told_first(n.channel for n in self.notifiers)
        account = self.mailbox.account
        tell_of_model(account, store, channels, self.refused_models, self.clock())
        self._wake_couriers()


def _thread(name: str, target: Callable[..., None], *parts: Any) -> threading.Thread:
    """A thread whose log tells the account, too."""
    run = (target, *parts)
    return threading.Thread(target=copy_context().run, args=run, name=name, daemon=True)


def run_all(daemons: Sequence[Daemon], stop: threading.Event, patient: bool = False) -> None:
    """Run one daemon here, or several side by side, none of which stops another.

    Where ``patient``, a single one, too, waits out whatever goes wrong.

    Raises: as ``Daemon.run``, of a single one.
    """
    if len(daemons) == 1 and not patient:
        daemons[0].run()
        return
    watchers = [
        threading.Thread(target=replace(one, one_of_several=True).run, daemon=True)
        for one in daemons
    ]
    for watcher in watchers:
        watcher.start()
    try:
        # Not join: a signal must be heard at once.
        stop.wait()
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join(2 * GRACE_SECONDS)

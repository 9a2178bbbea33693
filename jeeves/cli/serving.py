"""Commands that read mail: run, check, demo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jeeves.accounts import Account
    from jeeves.bootstrap import Database
    from jeeves.domain.ports import Notifier, Scorer
    from jeeves.service.triage import CycleReport
    from jeeves.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(run)
    app.command()(check)
    app.command()(demo)


def run(
    once: Annotated[bool, typer.Option("--once", help="One cycle, or one demo round.")] = False,
    patient: Annotated[
        bool,
        typer.Option(
            "--patient",
            help="Wait out a refused login, too: for what starts Jeeves anew however it ended.",
        ),
    ] = False,
) -> None:
    """Watch the mailbox until stopped; without an account, show the demo.

    Example: jeeves run
    """
    from jeeves.settings import load_settings

    settings = load_settings()
    if not settings.has_account:
        show_demo(settings, once)
    elif once:
        check()
    else:
        watch(settings, patient)


def watch(settings: Settings, patient: bool = False) -> None:
    """Run the daemon in the foreground; ``patient`` as in ``service.daemon.run_all``."""
    import threading
    from contextlib import closing

    from jeeves import bootstrap, logs, modelling, notifying
    from jeeves.cli.metering import open_metrics
    from jeeves.errors import ModelError
    from jeeves.service.daemon import run_all
    from jeeves.service.delivery import hasten
    from jeeves.service.retention import drop_old_text_forever
    from jeeves.service.stopping import StopFlag, stop_on_signals

    logs.configure(form=settings.log_format, level=settings.log_level)
    stop = StopFlag()

    def reported(sid: str, status: str, _code: int | None) -> None:
        # Each report comes in a thread of its own.
        with closing(database.store()) as store:
            hasten(store, sid, status, bootstrap.now())

    with (
        stop_on_signals(stop) as insistence,
        bootstrap.open_database(settings) as database,
        notifying.open_callback(settings, reported),
        notifying.open_speech(settings) as speech,
        bootstrap.open_heartbeat(settings) as beat,
        bootstrap.open_service_manager(settings) as pulse_of,
    ):
        refused: list[str] = []
        try:
            renewed = modelling.make_renewed(settings, refused.extend)
        except ModelError as exc:
            tell_of_no_model(settings, database, speech, str(exc))
            raise
        accounts = settings.accounts
        notifiers = [notifying.notifiers_of(settings, account, speech) for account in accounts]
        channels = {notifier.channel for listed in notifiers for notifier in listed}
        with open_metrics(settings, database, renewed.serving, channels) as meter:
            daemons = [
                bootstrap.make_daemon(
                    *(settings, account, database, told_by, renewed, stop),
                    *(beat, refused, pulse_of(account.address), meter),
                )
                for account, told_by in zip(accounts, notifiers, strict=True)
            ]
            nightly = modelling.make_nightly(settings, meter)
            if nightly is not None:
                threading.Thread(target=nightly.run, args=(stop,), name="nightly").start()
            threading.Thread(
                target=drop_old_text_forever,
                args=(database.retention, bootstrap.make_keep(settings), bootstrap.now, stop),
                name="retention",
                daemon=True,
            ).start()
            try:
                run_all(daemons, stop, patient)
            finally:
                insistence.end()


def tell_of_no_model(
    settings: Settings, database: Database, speech: Notifier | None, reason: str
) -> None:
    """Tell the owners of all accounts once that no mail can be judged."""
    from contextlib import closing

    from jeeves import bootstrap, notifying
    from jeeves.service.delivery import deliver_all
    from jeeves.service.telling import tell_of_model

    with closing(database.store()) as store:
        for account in settings.accounts:
            notifiers = notifying.notifiers_of(settings, account, speech)
            terms = bootstrap.make_terms(settings)
            channels = terms.told_first(notifier.channel for notifier in notifiers)
            address = account.address.lower()
            tell_of_model(address, store, channels, [reason], bootstrap.now())
            deliver_all(address, store, notifiers, bootstrap.now, terms)


def check() -> None:
    """Read, judge and deliver once, as cron wants it; silent when nothing happened.

    While one runs, another ends at once: they do not pile up. `jeeves cron install` sets it up.

    Example: */5 * * * * jeeves check
    """
    from contextlib import ExitStack

    from jeeves import bootstrap, logs, notifying
    from jeeves.errors import JeevesError
    from jeeves.settings import load_settings

    settings = load_settings()
    accounts = settings.accounts or (settings.account(),)
    logs.configure(quiet=True, form=settings.log_format, level=settings.log_level)
    failures: list[JeevesError] = []
    with ExitStack() as opened:
        if not opened.enter_context(bootstrap.turn_to_check(settings)):
            if sys.stdout.isatty():
                print("Another `jeeves check` is under way; this one leaves it to that.")
            return
        database = opened.enter_context(bootstrap.open_database(settings))
        speech = opened.enter_context(notifying.open_speech(settings))
        beat = opened.enter_context(bootstrap.open_heartbeat(settings))
        for account in accounts:
            try:
                report = cycle(settings, account, database, speech)
            except JeevesError as exc:
                # The others are still read; what went wrong first is what is told.
                failures.append(exc)
                continue
            beat(account.address)
            if sys.stdout.isatty() or report.fetched or report.sent or report.failed:
                print(summary(report))
            if report.week:
                print(report.week)
        drop_some_old_text(settings, database)
    for failure in failures[1:]:
        print(failure, file=sys.stderr)
    if failures:
        raise failures[0]


def drop_some_old_text(settings: Settings, database: Database) -> None:
    """A part of what is due once a day; the next check goes on. No cycle fails because of it."""
    from contextlib import closing

    from jeeves import bootstrap
    from jeeves.errors import StoreError
    from jeeves.service.retention import MOST_STEPS, drop_old_text

    try:
        with closing(database.retention()) as store:
            drop_old_text(store, bootstrap.make_keep(settings), bootstrap.now(), MOST_STEPS)
    except StoreError as exc:
        print(f"jeeves: old text not dropped: {exc}", file=sys.stderr)


def cycle(
    settings: Settings, account: Account, database: Database, speech: Notifier | None
) -> CycleReport:
    """One cycle of one account."""
    from contextlib import closing

    from jeeves import bootstrap, modelling, notifying
    from jeeves.service.label_writing import try_to_write_labels
    from jeeves.service.telling import tell_of_model
    from jeeves.service.triage import run_cycle

    notifiers = notifying.notifiers_of(settings, account, speech)
    terms = bootstrap.make_terms(settings)
    channels = terms.told_first(notifier.channel for notifier in notifiers)
    with (
        closing(database.store()) as store,
        closing(bootstrap.make_mailbox(settings, account)) as mailbox,
    ):

        def load_scorer() -> Scorer:
            return modelling.make_scorer(
                settings,
                lambda refused: tell_of_model(
                    mailbox.account, store, channels, refused, bootstrap.now()
                ),
            )

        report = run_cycle(mailbox, store, load_scorer, notifiers, bootstrap.now, terms)
        if writer := bootstrap.make_label_writer(settings, account):
            try_to_write_labels(writer, store)
    return report


def summary(report: CycleReport) -> str:
    """One line about a cycle, in counts."""
    parts = [f"{report.fetched} fetched", f"{report.added} new", f"{report.judged} judged"]
    parts.append(f"{report.sent} alerts sent")
    if report.unreadable:
        parts.append(f"{report.unreadable} unreadable")
    if report.failed:
        parts.append(f"{report.failed} alerts failed (see `jeeves status`)")
    return ", ".join(parts)


def demo(
    once: Annotated[bool, typer.Option("--once", help="One round, then exit.")] = False,
) -> None:
    """See Jeeves work on a sample mailbox; nothing leaves this machine.

    Example: jeeves demo
    """
    from jeeves.settings import load_settings

    show_demo(load_settings(), once)


def show_demo(settings: Settings, once: bool) -> None:
    """Run the demo on the screen."""
    from jeeves.demo.stage import perform

    perform(settings, once)

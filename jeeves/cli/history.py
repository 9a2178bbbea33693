"""Commands about mail from before Jeeves: backfill, audit, import."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeeves.cli.progress import progress

if TYPE_CHECKING:
    from rich.table import Table

    from jeeves.accounts import Account
    from jeeves.domain.message import FetchedMail
    from jeeves.service.audit import Audit
    from jeeves.service.backfill import BackfillReport
    from jeeves.service.history import ImportReport
    from jeeves.settings import Settings

TRY_LATER = 75
MEGABYTE = 1_000_000
OneAccount = Annotated[
    str, typer.Option("--account", metavar="ADDRESS", help="Which account; the first by default.")
]
#: Of the labels that were taken as they are, so many are named.
LABELS_NAMED = 20


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(backfill)
    app.command()(audit)
    app.command("import")(import_)


def backfill(
    days: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Mail of the last N days.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All mail there is.")] = False,
    account: OneAccount = "",
) -> None:
    """Read mail from before Jeeves, the newest first, and judge it silently: it never alerts.

    It fetches BACKFILL_MB_PER_DAY a day at most and then ends with exit code 75; run again, it
    goes on where it stopped, whatever stopped it.

    Example: jeeves backfill --days 365
    """
    from jeeves import logs
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    if (days is None) == (not everything):
        raise ConfigError("How far back? Give either --days N or --all.")
    logs.configure(quiet=True)
    settings = load_settings()
    report = read_back(settings, settings.account(account or None), days)
    print(backfilled(report))
    end_if_put_off(report)


def read_back(settings: Settings, account: Account, days: int | None) -> BackfillReport:
    """Backfill the last ``days`` (None: all there is) of an account, and show how far it is.

    Raises:
        MailboxError, StoreError, ConfigError: what was committed stays.
    """
    from jeeves import bootstrap, modelling
    from jeeves.service.backfill import run_backfill

    since = None if days is None else (bootstrap.now() - timedelta(days=days)).date()
    with (
        bootstrap.open_database(settings) as database,
        closing(database.store()) as store,
        closing(database.history()) as history,
        closing(bootstrap.make_mailbox(settings, account)) as mailbox,
        progress("mails") as told,
    ):
        return run_backfill(
            mailbox,
            store,
            history,
            lambda: modelling.make_scorer(settings),
            bootstrap.now,
            since,
            settings.backfill_mb_per_day * MEGABYTE,
            lambda report: told(report.seen, report.total, megabytes(report.octets)),
        )


def audit(
    fix: Annotated[bool, typer.Option("--fix", help="Fetch what is missing, and look again.")] = (
        False
    ),
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    account: OneAccount = "",
) -> None:
    """Compare the mail server with the database, over what was to be read by now.

    Exit code 1 when mail is missing. What --fix fetches counts for BACKFILL_MB_PER_DAY, and
    never alerts.

    Example: jeeves audit --fix
    """
    from jeeves import bootstrap, logs, modelling
    from jeeves.service.audit import fill_gap, run_audit
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    mailbox = bootstrap.make_mailbox(settings, settings.account(account or None))
    with (
        bootstrap.open_database(settings) as database,
        closing(database.store()) as store,
        closing(database.history()) as history,
        closing(mailbox),
    ):
        found = run_audit(mailbox, store, history, bootstrap.now)
        filled = None
        if fix and found.missing:
            with progress("mails") as told:
                filled = fill_gap(
                    found,
                    mailbox,
                    store,
                    history,
                    lambda: modelling.make_scorer(settings),
                    bootstrap.now,
                    settings.backfill_mb_per_day * MEGABYTE,
                    lambda report: told(report.seen, report.total, megabytes(report.octets)),
                )
            found = run_audit(mailbox, store, history, bootstrap.now)
    if as_json:
        print(json.dumps(audit_json(found, filled), indent=2))
    else:
        if filled is not None:
            print(backfilled(filled))
        show_audit(found)
    if filled is not None:
        end_if_put_off(filled)
    if found.missing:
        raise typer.Exit(1)


def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help=".eml, folder, mbox or Maildir")
    ],
    account: Annotated[
        str, typer.Option(help="Whose mail it is; GMAIL_ADDRESS if not given.")
    ] = "",
) -> None:
    """Store mail from disk and judge it silently: imported mail never alerts.

    Of a Google Takeout, labels and conversations come along. Run again, it adds nothing twice.

    Example: jeeves import ~/Takeout/Mail/All.mbox
    """
    from itertools import chain

    from jeeves import bootstrap, logs, modelling
    from jeeves.adapters.archive import UnreadableFile, mails, octets_of
    from jeeves.service.history import import_mails
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    labels: Counter[str] = Counter()
    archives = [mails(path, labels) for path in paths]
    total = sum(octets_of(path) for path in paths)
    owner = owner_of(settings, account)
    with (
        bootstrap.open_database(settings) as database,
        closing(database.store()) as store,
        closing(database.history()) as history,
        progress("MB") as told,
    ):
        unreadable = 0

        def readable() -> Iterator[FetchedMail]:
            nonlocal unreadable
            for mail in chain.from_iterable(archives):
                if isinstance(mail, UnreadableFile):
                    unreadable += 1
                    print(f"{mail.source}: {mail.reason}", file=sys.stderr)
                else:
                    yield mail

        def tell(report: ImportReport) -> None:
            told(report.octets // MEGABYTE, total // MEGABYTE, f"{report.read:,} mails")

        counts = import_mails(
            readable(),
            owner,
            aliases_of(settings, owner),
            store,
            history,
            lambda: modelling.make_scorer(settings),
            bootstrap.now,
            tell,
        )
    print(
        f"{counts.read} read, {counts.added} new, {counts.judged} judged, "
        f"{counts.unreadable + unreadable} unreadable"
    )
    if labels:
        print(about_labels(labels))
    if counts.unreadable or unreadable:
        raise typer.Exit(1)


def owner_of(settings: Settings, account: str) -> str:
    """Address of the account that mail on disk belongs to, in lower case.

    Raises:
        ConfigError: none was given, and none is configured.
    """
    from jeeves.errors import ConfigError

    owner = account or (settings.accounts[0].address if settings.accounts else "")
    if not owner:
        raise ConfigError("Whose mail is it? Give --account ADDRESS, or set GMAIL_ADDRESS.")
    return owner.lower()


def aliases_of(settings: Settings, address: str) -> tuple[str, ...]:
    """The other addresses of an account's owner; none where it is not configured."""
    accounts = (one for one in settings.accounts if one.address.lower() == address.lower())
    return next((one.aliases for one in accounts), ())


def megabytes(octets: int) -> str:
    """``1.5 MB``."""
    return f"{octets / MEGABYTE:,.1f} MB"


def backfilled(report: BackfillReport) -> str:
    """One line about what was fetched, in counts."""
    return (
        f"{report.seen:,} of {report.total:,} looked at, {report.fetched:,} fetched "
        f"({megabytes(report.octets)}), {report.added:,} new, {report.judged:,} judged, "
        f"{report.unreadable:,} unreadable"
    )


def end_if_put_off(report: BackfillReport) -> None:
    """Exit code 75, with the reason, where the bandwidth was not enough."""
    if report.put_off:
        print(f"jeeves: {report.put_off}", file=sys.stderr)
        raise typer.Exit(TRY_LATER)


def show_audit(found: Audit) -> None:
    """The gap in a table, and all in one line of counts."""
    from jeeves.cli.comparing import console_for_tables

    if found.missing:
        console_for_tables().print(gap_table(found))
    print(
        f"{found.expected:,} expected, {len(found.missing):,} missing; "
        f"{found.gone:,} stored but gone from the server, {found.unreadable:,} unreadable"
    )


def gap_table(found: Audit) -> Table:
    """One line for each missing mail: ids, date and size, nothing of what it says."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("uid", justify="right", no_wrap=True)
    table.add_column("X-GM-MSGID", justify="right", no_wrap=True)
    table.add_column("received (UTC)", no_wrap=True)
    table.add_column("octets", justify="right", no_wrap=True)
    for one in found.missing:
        received = one.received_at.strftime("%Y-%m-%d %H:%M")
        table.add_row(str(one.uid), one.gmail_id or "", received, f"{one.size:,}")
    return table


def audit_json(found: Audit, filled: BackfillReport | None) -> dict[str, Any]:
    """An audit, and what --fix did, for machines."""
    return {
        "mailbox": found.mailbox,
        "uidvalidity": found.uidvalidity,
        "expected": found.expected,
        "missing": [
            {
                "uid": one.uid,
                "gmail_id": one.gmail_id,
                "received_at": one.received_at.isoformat(),
                "octets": one.size,
            }
            for one in found.missing
        ],
        "gone": found.gone,
        "unreadable": found.unreadable,
        "fetched": filled.fetched if filled else 0,
        "put_off": filled.put_off if filled else "",
    }


def about_labels(labels: Counter[str]) -> str:
    """Which labels of a Takeout were not taken for Gmail's own; named on a terminal only."""
    names = f"Labels taken for the owner's own: {len(labels):,}"
    if sys.stdout.isatty():
        named = [f"{label} ({count:,})" for label, count in labels.most_common(LABELS_NAMED)]
        names += f" ({', '.join(named)}{', ...' if len(labels) > LABELS_NAMED else ''})"
    return (
        f"{names}. Gmail's own (Inbox, Sent, Starred) are known by their "
        "English names: if yours are among these, switch Gmail to English and export again."
    )

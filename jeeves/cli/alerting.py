"""Commands that have alerts in hand: alerts, mute, unmute, pause."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jeeves.bootstrap import Database
    from jeeves.domain.listing import ToldAlert
    from jeeves.domain.outbox import MuteKind
    from jeeves.settings import Settings

#: A longer number is no id.
LONGEST_ID = 18
#: What is said once has at most so many rows: on three channels, with their reminders.
ROWS_AN_ENTRY = 6

Target = Annotated[
    str | None,
    typer.Argument(
        metavar="THREAD|SENDER",
        help="The id that `list` shows of any message of the conversation; or an address.",
    ),
]
OneAccount = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Of this account only; else of all.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(alerts)
    app.command()(mute)
    app.command()(unmute)
    app.command()(pause)


def alerts(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """What was sent, when, to which channel, why, and whether it arrived; the newest first.

    With --json there is an object for each channel, and --limit counts these.

    Example: jeeves alerts --limit 5
    """
    from rich.console import Console

    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings
    from jeeves.tables import alert_table

    logs.configure(quiet=True)
    settings = load_settings()
    now = bootstrap.now()
    with bootstrap.open_database(settings) as database, closing(database.reading()) as reading:
        rows = reading.told(limit if as_json else limit * ROWS_AN_ENTRY)
        pauses = reading.pauses(now)
    if as_json:
        print(json.dumps([as_object(row) for row in rows], indent=2, ensure_ascii=False))
        return
    if rows:
        Console().print(alert_table(rows, settings.zone, now, limit))
    else:
        print("No alerts yet: they follow new mail in which somebody wants to meet.")
    for account, until in pauses.items():
        print(f"Paused until {moment(until, now, settings.zone)} ({account}).")


def as_object(row: ToldAlert) -> dict[str, Any]:
    """One alert for machines; times are UTC."""
    alert, back = row.alert, row.taken_back

    def iso(at: datetime | None) -> str | None:
        from datetime import UTC

        return at.astimezone(UTC).isoformat() if at else None

    return {
        "reference": alert.reference,
        "account": alert.account,
        "kind": alert.kind.value,
        "channel": alert.channel.value,
        "message": alert.message_id,
        "thread": alert.thread_key,
        "question": alert.question or None,
        "text": alert.text,
        "why": row.why or None,
        "state": alert.state.value,
        "created_at": iso(alert.created_at),
        "due_at": iso(alert.not_before),
        "expires_at": iso(alert.expires_at),
        "meeting_at": iso(alert.meeting_at),
        "held": row.held,
        "attempts": alert.attempts,
        "tried_at": iso(alert.tried_at),
        "sent_at": iso(alert.settled_at if alert.receipt else None),
        "settled_at": iso(alert.settled_at),
        "receipt": alert.receipt.id if alert.receipt else None,
        "note": (alert.receipt.note if alert.receipt else "") or None,
        "error": alert.error or None,
        "delivery": alert.delivery or None,
        "delivered_at": iso(alert.delivered_at),
        "resent": alert.resent,
        "closed_at": iso(row.closed_at),
        "taken_back": back
        and {
            "reference": back.reference,
            "state": back.state.value,
            "settled_at": iso(back.settled_at),
            "text": back.text,
        },
        "digest": row.digest or None,
        "parts": list(row.parts),
    }


def mute(target: Target = None, account: OneAccount = "") -> None:
    """Never be told of a conversation or a sender; without either, list what is muted.

    What waits to be told of it is dropped. Its mail is still read and judged.

    Example: jeeves mute 17; jeeves mute ana@example.org
    """
    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    with bootstrap.open_database(settings) as database:
        if target is None:
            list_mutes(database, settings)
            return
        kind, values, what = resolve(target, account, settings, database)
        now = bootstrap.now()
        with closing(database.store()) as store:
            new = [store.mute(address, kind, value, now) for address, value in values]
    print(f"Muted: {what}." if any(new) else f"Already muted: {what}.")


def unmute(
    target: Annotated[
        str,
        typer.Argument(
            metavar="THREAD|SENDER",
            help="The id of any message of the conversation; or an address.",
        ),
    ],
    account: OneAccount = "",
) -> None:
    """Be told again of a conversation or a sender: of what comes from now on.

    Example: jeeves unmute ana@example.org
    """
    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    with bootstrap.open_database(settings) as database:
        kind, values, what = resolve(target, account, settings, database)
        with closing(database.store()) as store:
            gone = [store.unmute(address, kind, value) for address, value in values]
    print(f"No longer muted: {what}." if any(gone) else f"Not muted: {what}.")


def list_mutes(database: Database, settings: Settings) -> None:
    """Print what is muted."""
    from rich.console import Console

    from jeeves.tables import mute_table

    with closing(database.reading()) as reading:
        rows = reading.muted()
    if rows:
        Console().print(mute_table(rows, settings.zone))
    else:
        print("Nothing is muted: `jeeves mute ID` mutes a conversation, `jeeves mute ADDRESS` one.")


def resolve(
    target: str, account: str, settings: Settings, database: Database
) -> tuple[MuteKind, list[tuple[str, str]], str]:
    """What is named: its kind, its value in each account, and how it is called.

    Raises:
        ConfigError: it is neither the id of a message nor an address.
    """
    from jeeves.accounts import is_address
    from jeeves.domain.outbox import MuteKind
    from jeeves.errors import ConfigError

    asked = target.strip()
    if asked.isascii() and asked.isdecimal():
        with closing(database.reading()) as reading:
            row = reading.message(int(asked)) if len(asked) <= LONGEST_ID else None
        message = row.message if row else None
        if message is None:
            raise ConfigError(
                f"There is no readable message {asked[:LONGEST_ID]}: `jeeves list` shows their ids."
            )
        if account and settings.account(account).address.lower() != message.account:
            raise ConfigError(f"Message {asked} is of another account.")
        what = f"the conversation of message {asked}"
        return MuteKind.THREAD, [(message.account, message.thread_key)], what
    address = parseaddr(asked)[1].lower()
    if not is_address(address):
        raise ConfigError(
            "Name a conversation by the id that `jeeves list` shows of one of its messages, or a "
            "sender by an address such as ana@example.org."
        )
    return MuteKind.SENDER, [(one, address) for one in addresses(settings, account)], address


def addresses(settings: Settings, account: str) -> list[str]:
    """The accounts that are meant, as the database knows them.

    Raises:
        ConfigError: there is none, or none of this address.
    """
    meant = settings.accounts if not account and settings.accounts else ()
    return [one.address.lower() for one in meant or (settings.account(account or None),)]


def pause(
    until: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="2h|until ...|resume",
            help="How long (90m, 2h, 3d), until when (until 14:00, until fri, until 2026-12-01), "
            "or resume.",
        ),
    ] = None,
    account: OneAccount = "",
) -> None:
    """Say nothing for a while; without a time, tell until when.

    What comes meanwhile and is still of use then goes as one when the pause ends. That Jeeves
    cannot read mail or deliver alerts is told all the same.

    Example: jeeves pause 2h; jeeves pause until tomorrow 9:00; jeeves pause resume
    """
    from jeeves import bootstrap, logs
    from jeeves.domain.schedule import parse_pause
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    words, now = " ".join(until or ()).strip(), bootstrap.now()
    meant = addresses(settings, account)
    resumes = words.lower() == "resume"
    ends = parse_pause(words, now, settings.rules()) if words and not resumes else None
    with bootstrap.open_database(settings) as database, closing(database.store()) as store:
        if resumes:
            ended = [store.resume(address, now) for address in meant]
            print("Alerts go again." if any(ended) else "There was no pause.")
            return
        if ends is not None:
            for address in meant:
                store.pause(address, ends)
        print_pauses(
            [(address, store.paused_until(address, now)) for address in meant], now, settings.zone
        )


def print_pauses(
    pauses: Sequence[tuple[str, datetime | None]], now: datetime, zone: ZoneInfo | None
) -> None:
    """Print until when, once where it is the same for all accounts."""

    def said(until: datetime | None) -> str:
        return f"Paused until {moment(until, now, zone)}." if until else "Not paused."

    if len({until for _, until in pauses}) == 1:
        print(said(pauses[0][1]))
        return
    for address, until in pauses:
        print(f"{address}: {said(until)}")


def moment(at: datetime, now: datetime, zone: ZoneInfo | None) -> str:
    """A moment on the owner's clock, with its year where that is another."""
    there, here = at.astimezone(zone), now.astimezone(zone)
    year = f" {there:%Y}" if there.year != here.year else ""
    return f"{there:%a} {there.day} {there:%b}{year} {there:%H:%M}"

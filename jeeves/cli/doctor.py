"""Every link, tried: ok, a warning, or broken, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from jeeves import bootstrap
from jeeves.cli.examining import channels, database, machine, mail, model, scheduler
from jeeves.cli.examining.channels import what_leaves
from jeeves.cli.examining.finding import Check, Finding, Found, Grade
from jeeves.errors import JeevesError
from jeeves.settings import Settings, load_settings


def examine() -> Iterator[Finding]:
    """Try the links; a broken one does not stop the rest, nor does one that hangs or crashes.

    They are tried side by side and told in their order, each when it is known.
    """
    try:
        settings = load_settings()
    except JeevesError as exc:
        yield Finding(
            "settings", Found(str(exc), Grade.BROKEN, ".env.example explains each setting")
        )
        return
    yield from links(settings)


def links(settings: Settings) -> Iterator[Finding]:
    """Every link of these settings."""
    known, arrivals = database.Known(), mail.Arrivals()
    looks = partial(database.look, settings, known)
    asked = Check("database", looks, partial(database.mends, settings), database.SECONDS)
    first = [
        Check("settings", partial(machine.files, settings, Path.cwd())),
        asked,
        Check("disk", partial(machine.disk, settings)),
        *mail.checks(settings, arrivals),
    ]
    telling = list(channels.checks(settings))
    for check in first:
        yield check.finding()
    # These go by what the database and the mail servers have told.
    yield Check("clock", partial(clock, settings, known, arrivals)).finding()
    yield Check(
        "model", lambda: model.look(settings, known.mails_a_day, known.new_labels)
    ).finding()
    for check in telling:
        yield check.finding()
    yield from channels.configured(settings)
    if settings.has_account:
        runs = partial(scheduler.look, settings, known.beats, bootstrap.now())
        yield Check("scheduler", runs).finding()
    yield Finding("leaves", Found(what_leaves(settings)))


def clock(settings: Settings, known: database.Known, arrivals: mail.Arrivals) -> Found:
    """This machine's clock beside those of Postgres and of the mail servers."""
    now = bootstrap.now()
    elsewhere: dict[str, datetime] = {}
    if known.clock_ahead is not None:
        with suppress(OverflowError):
            elsewhere["Postgres's"] = now + known.clock_ahead
    return machine.clock(settings, now, elsewhere, arrivals.newest)

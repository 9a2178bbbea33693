"""The database: whether it can be used, and what it knows for the checks after it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from jeeves import bootstrap, modelling
from jeeves.cli.examining.finding import Found
from jeeves.errors import JeevesError, ModelError, SchemaOutOfDate
from jeeves.settings import Settings

#: The embedded server may have to be made first, or to recover.
SECONDS = 120.0


@dataclass(slots=True)
class Known:
    """What the database told; as it stands here where it could not be asked."""

    mails_a_day: float | None = None
    #: The last beat of every (account, name), and its detail.
    beats: Mapping[tuple[str, str], tuple[datetime, str]] | None = None
    #: Mails of which the owner has said something since the last training; None: not known.
    new_labels: int | None = None
    #: By how much its clock is ahead of ours. None: not known, or it is the same clock.
    clock_ahead: timedelta | None = None


def look(settings: Settings, known: Known) -> Found:
    """Connect, compare the schema, and ask for what the other checks want to know."""
    with bootstrap.open_database(settings) as opened, closing(opened.reading()) as reading:
        backlog = reading.backlog()
        now = bootstrap.now()
        known.mails_a_day = reading.mails_a_day(now)
        known.beats = reading.heartbeats()
        if settings.database_url is not None:
            asked_at = bootstrap.now()
            shows = reading.clock()
            known.clock_ahead = shows - (asked_at + (bootstrap.now() - asked_at) / 2)
        with closing(opened.store()) as store:
            try:
                known.new_labels = store.said_after(modelling.trained_up_to(settings)).messages
            except ModelError:
                known.new_labels = None
    kind = "embedded" if settings.database_url is None else "DATABASE_URL"
    says = f"{kind}, schema up to date, {backlog.messages} messages"
    return Found(says)


def mends(settings: Settings, error: JeevesError) -> str:
    """What mends a database that cannot be used."""
    if isinstance(error, SchemaOutOfDate):
        return "jeeves migrate"
    if settings.database_url is not None:
        return "start that server, or correct DATABASE_URL in .env"
    return f"see the newest lines of {settings.jeeves_home}/postgres-*/postgres.log"

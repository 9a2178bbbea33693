"""The demo's mail: invented people, real forms, dates that follow the clock.

Each file below ``mailbox/`` is a mail as it comes over the wire, with two differences. It begins
with fields of its own, which are not part of the mail:

    X-Sample-When: -3b 09:12     received 3 business days ago at 09:12; also -4d 18:30 (days)
                                 and -95m (minutes); left out in what arrives during the demo
    X-Sample-Zone: -0500         the sender's clock, for all times in the file
    X-Sample-Letter: Y           what a reader says of it: see `Letter`
    X-Sample-Labels: \\Inbox, Friends
    X-Sample-Seen: no            left out where it has been read

and a time in it is written ``{{FORMAT MOMENT}}``: ``{{gmail lunch-ana-1}}`` is the time of the
mail in that file as Gmail quotes it, ``{{weekday +3b 12:30}}`` a day to come, ``{{date}}`` the
mail's own time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast

from jeeves.domain.message import Address

OWNER: Final = Address("Sam Reader", "demo@jeeves.example")
FOLDER: Final = Path(__file__).parent / "mailbox"

#: Y needs a place, L place known, C call or online, V vague or not theirs, N none.
Letter = Literal["Y", "L", "C", "V", "N"]

FIELD = re.compile(rb"X-Sample-(\w+): (.*)\n")
PLACEHOLDER = re.compile(rb"\{\{(\w+)(?: ([^{}]+))?\}\}")
MINUTES = re.compile(r"-(\d+)m")
MOMENT = re.compile(r"([+-]\d+)([db]) (\d\d):(\d\d)")
SATURDAY = 5

# Not strftime's names: those follow the locale of the process.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TAGE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
# fmt: off
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August",
          "September", "October", "November", "December")
# fmt: on


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One mail, ready to be delivered."""

    #: Name of its file without ending.
    name: str
    #: RFC 5322, lines ended by CRLF.
    raw: bytes
    received_at: datetime
    #: Gmail's own begin with a backslash.
    labels: tuple[str, ...]
    letter: Letter
    seen: bool

    @property
    def own(self) -> bool:
        """Whether the owner wrote it."""
        return "\\Sent" in self.labels


@dataclass(frozen=True, slots=True)
class Source:
    """A file below ``mailbox/``, without its own fields."""

    fields: dict[str, str]
    mail: bytes
    arriving: bool

    @property
    def zone(self) -> str:
        """The sender's offset from UTC, such as -0500."""
        return self.fields.get("Zone", "+0000")


def initial_mails(now: datetime) -> list[SampleMail]:
    """What is in the mailbox when the demo begins, oldest first. ``now`` is aware."""
    mails = [sample(name, now) for name, source in sources().items() if not source.arriving]
    return sorted(mails, key=lambda mail: mail.received_at)


def arriving_mails(now: datetime) -> list[SampleMail]:
    """What arrives while the demo runs, in order; each as if received at ``now``."""
    return [sample(name, now) for name, source in sources().items() if source.arriving]


@cache
def sources() -> dict[str, Source]:
    """All files by name, in the order of their paths."""
    found = {}
    for path in sorted(FOLDER.glob("*/*.eml")):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        fields = {}
        while field := FIELD.match(text):
            fields[field[1].decode("ascii")] = field[2].decode("utf-8")
            text = text[field.end() :]
        found[path.stem] = Source(fields, text, path.parent.name == "arriving")
    return found


def sample(name: str, now: datetime) -> SampleMail:
    """The mail of one file, with all its times filled in."""
    source = sources()[name]

    def fill(placeholder: re.Match[bytes]) -> bytes:
        moment = placeholder[2].decode("ascii") if placeholder[2] else name
        time = moment_of(moment, source.zone, now)
        return formatted(placeholder[1].decode("ascii"), time).encode("ascii")

    return SampleMail(
        name=name,
        raw=PLACEHOLDER.sub(fill, source.mail).replace(b"\n", b"\r\n"),
        received_at=moment_of(name, source.zone, now),
        labels=tuple(source.fields["Labels"].split(", ")),
        letter=cast(Letter, source.fields["Letter"]),
        seen=source.fields.get("Seen", "yes") == "yes",
    )


def moment_of(moment: str, zone: str, now: datetime) -> datetime:
    """The time that is meant, on a clock of ``zone``; a mail's name means when it was received.

    Raises:
        ValueError: ``moment`` is neither a mail nor a time.
    """
    tzinfo = datetime.strptime(zone, "%z").tzinfo
    here = now.astimezone(tzinfo).replace(second=0, microsecond=0)
    if moment in sources():
        source = sources()[moment]
        when = source.fields.get("When", "-0m")
        return moment_of(when, source.zone, now).astimezone(tzinfo)
    if minutes := MINUTES.fullmatch(moment):
        return here - timedelta(minutes=int(minutes[1]))
    day = MOMENT.fullmatch(moment)
    if day is None:
        raise ValueError(f"{moment!r} is neither the name of a sample mail nor a time")
    count, step = abs(int(day[1])), timedelta(days=1 if day[1].startswith("+") else -1)
    while count:
        here += step
        if day[2] == "d" or here.weekday() < SATURDAY:
            count -= 1
    return here.replace(hour=int(day[3]), minute=int(day[4]))


def formatted(form: str, time: datetime) -> str:
    """``time`` as mail programs, calendars and people write it; ASCII only.

    Raises:
        ValueError: there is no such form.
    """
    day, month = DAYS[time.weekday()], MONTHS[time.month - 1]
    clock = f"{time.hour % 12 or 12}:{time:%M} {'AM' if time.hour < 12 else 'PM'}"
    forms = {
        "date": format_datetime(time),
        "gmail": f"{day[:3]}, {month[:3]} {time.day}, {time.year} at {clock}",
        "outlook": f"{day}, {month} {time.day}, {time.year} {clock}",
        "apple": f"{month[:3]} {time.day}, {time.year}, at {clock}",
        "google": f"{day[:3]} {month[:3]} {time.day}, {time.year}",
        "day": f"{day}, {month} {time.day}",
        "weekday": day,
        "wochentag": TAGE[time.weekday()],
        "dotted": f"{time:%d.%m.%Y}",
        "slashed": f"{time:%d/%m/%Y}",
        "iso": f"{time:%Y-%m-%d}",
        "clock": f"{time:%H:%M}",
        "local": f"{time:%Y%m%dT%H%M%S}",
        "utc": f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}",
    }
    if form not in forms:
        raise ValueError(f"{form!r} is not a way to write a time")
    return forms[form]

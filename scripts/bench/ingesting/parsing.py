"""Mails parsed per second of CPU time: Jeeves beside Python's own parser."""

from __future__ import annotations

import email
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import policy
from typing import Any

from jeeves.domain.message import FetchedMail, Origin
from jeeves.mail import content, headers, mime
from scripts.bench.ingesting.pulling import spread, summed
from scripts.bench.judgement.tables import table

READ = "Jeeves: all it stores (own words, identity, people, invitations)"
COMPARABLE = "Jeeves: 6 decoded headers and the text"
DEFAULT = "email.policy.default: 6 decoded headers and the text"
_NAMES = ("from", "to", "cc", "subject", "date", "message-id")
_RECEIVED = datetime(2026, 3, 1, tzinfo=UTC)
#: policy.default takes a while: each round has other mails, one of so many.
_STRIDE = 6


@dataclass(frozen=True, slots=True)
class Parse:
    """One way; medians and (least, most) over the rounds."""

    name: str
    mails_per_cpu_second: tuple[float, float, float]
    #: Its rate over that of policy.default in the same round.
    over_default: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Parses:
    """All ways side by side."""

    mails: int
    rounds: int
    parses: list[Parse]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"parse: {self.rounds} rounds of {self.mails:,} mails; median (least to most)",
            ["way", "mails per CPU s", "against policy.default"],
            [
                [one.name, spread(one.mails_per_cpu_second, 0), spread(one.over_default, 1) + " x"]
                for one in self.parses
            ],
        )


def parse(mails: list[bytes], rounds: int) -> Parses:
    """Each round gives the same mails to each way."""
    ways: dict[str, Callable[[bytes], object]] = {
        READ: _read,
        COMPARABLE: _headers_and_text,
        DEFAULT: _by_default,
    }
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        part = mails[number % _STRIDE :: _STRIDE]
        for name, way in ways.items():
            started = time.process_time()
            for raw in part:
                way(raw)
            rates[name].append(len(part) / (time.process_time() - started))
    return Parses(
        len(part),
        rounds,
        [
            Parse(
                name,
                summed(rates[name]),
                summed([a / b for a, b in zip(rates[name], rates[DEFAULT], strict=True)]),
            )
            for name in ways
        ],
    )


def _read(raw: bytes) -> object:
    mail = FetchedMail(raw, mailbox="INBOX", received_at=_RECEIVED, uid=1, uidvalidity=1)
    return mime.read(mail, account="sam@example.org", origin=Origin.LIVE)


def _headers_and_text(raw: bytes) -> object:
    """The same output as `_by_default`, by the steps of `mime.read` that make it."""
    root, fields = mime.parse(raw)
    return [headers.decode(fields.get(name, [""])[0]) for name in _NAMES], content.read(
        root, fields
    ).text


def _by_default(raw: bytes) -> object:
    mail = email.message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain", "html"))
    try:
        text = body.get_content() if body is not None else ""
    except (LookupError, ValueError):
        text = ""  # a charset that it does not know
    return [str(mail[name]) for name in _NAMES], text

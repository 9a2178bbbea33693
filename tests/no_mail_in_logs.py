"""Promise 5 over the whole test run: everything that is logged is looked at for words of mails.

In this process these are all events of structlog and all records of logging, whatever is
configured; of child processes, what a test reads of their logs. Looked for are addresses and phone
numbers, whatever they are, words that stand in the tests' mails and nowhere else, and three words
in a row of any mail that `tests.builders` has made.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import structlog

#: Of a mail, so many words at its beginning and at its end.
WORDS = 60
WORD = re.compile(r"[^\W_]+")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PHONE = re.compile(r"\+[1-9]\d{7,14}\b")
#: Words of the mails, people and phones of the tests that no event has reason to hold.
CANARIES = frozenset(
    "lopez zanzibar quokka xanthippe invoice lunch grab thursday 15005550010 15005550006".split()
)
#: Loggers of servers that stand in for the real ones in this process, and of the tests' libraries.
NOT_OURS = ("asyncio", "hypothesis", "pymap", "faker", "tests")

_mails: set[tuple[str, ...]] = set()
#: What was found since the last look.
_found: list[str] = []


def mail_is(*texts: str) -> None:
    """From now on nothing may log three words in a row of these texts."""
    for text in texts:
        said = words(text[:2000]), words(text[-2000:])
        _mails.update(triples([*said[0][:WORDS]]))
        _mails.update(triples([*said[1][-WORDS:]]))


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def triples(said: list[str]) -> Iterator[tuple[str, ...]]:
    # numbers and single letters stand everywhere
    return (three for three in zip(said, said[1:], said[2:], strict=False) if telling(three))


def telling(three: tuple[str, ...]) -> bool:
    return all(len(word) > 2 and not word.isdigit() for word in three)


def of_a_mail(text: str) -> str | None:
    """What of a mail stands in a text that was logged; None where nothing does."""
    for pattern in (ADDRESS, PHONE):
        if met := pattern.search(text):
            return met[0]
    said = words(text)
    if canaries := CANARIES.intersection(said):
        return ", ".join(canaries)
    return next((" ".join(three) for three in triples(said) if three in _mails), None)


def look_at(text: str) -> None:
    """Remember it if there is anything of a mail in a text that was logged."""
    if found := of_a_mail(text):
        _found.append(f"{found!r} in {text!r}")


def look_at_log(err: str | None) -> None:
    """Look at the events among the lines that a child process wrote to standard error."""
    for line in (err or "").splitlines():
        if line.startswith("{") and '"event"' in line:
            look_at(line)


def taken() -> list[str]:
    """What was found since the last look."""
    found = _found.copy()
    _found.clear()
    return found


def fail_if_any() -> None:
    found = taken()
    assert not found, f"something of a mail was logged: {found[0]}"


def listen() -> None:
    """Look at everything that this process logs from now on; to be called once."""
    tell = structlog.BoundLoggerBase._proxy_to_logger
    make_record = logging.getLogRecordFactory()

    def telling_us(
        self: structlog.BoundLoggerBase, method: str, event: str | None = None, **more: Any
    ) -> Any:
        # Of an exception the class and the places are told, see jeeves.logs.
        said = {name: value for name, value in more.items() if name != "exc_info"}
        look_at(f"{event} {said} {structlog.contextvars.get_contextvars()}")
        return tell(self, method, event, **more)

    def record_us(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        if record.levelno >= logging.WARNING and not record.name.startswith(NOT_OURS):
            look_at(f"{record.name} {record.getMessage()}")
        return record

    # Its other name is what wrappers of one's own are told to call: all loggers pass here.
    structlog.BoundLoggerBase._proxy_to_logger = telling_us  # type: ignore[method-assign,assignment]
    logging.setLogRecordFactory(record_us)

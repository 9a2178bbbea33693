"""Logs: events with ids and counts, never anything of a mail. Human on a terminal, else JSON."""

from __future__ import annotations

import logging
import sys
import threading
from traceback import walk_tb
from types import TracebackType
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Format = Literal["auto", "human", "json"]
Level = Literal["debug", "info", "warning", "error"]


def configure(quiet: bool = False, form: Format = "auto", level: Level = "info") -> None:
    """Send all that is logged to standard error, an event a line.

    What libraries log (logging, and where not ``quiet`` also warnings) is an event without its
    words, which may be of a mail or an address. So is, where not ``quiet``, what nobody caught: its
    class, and where it was raised.

    Args:
        quiet: Only warnings and worse, as a command that prints its own result wants.
        form: human, or JSON with UTC times; auto is human on a terminal.
        level: What is worth less than this is left out.
    """
    terminal = sys.stderr.isatty()
    human = form == "human" or (form == "auto" and terminal)
    least = max(getattr(logging, level.upper()), logging.WARNING if quiet else logging.DEBUG)
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=terminal)
        if human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
            if human
            else structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_words,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _hear_libraries()
    if not quiet:
        logging.captureWarnings(True)
        sys.excepthook = _crashed
        threading.excepthook = lambda told: _crashed(
            told.exc_type, told.exc_value, told.exc_traceback
        )


def without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Tell of an exception its class and where it was raised: its message may hold anything."""
    exc = event.pop("exc_info", None)
    if isinstance(exc, tuple):
        exc = exc[1]
    elif exc and not isinstance(exc, BaseException):
        exc = sys.exception()
    return {**event, **told_of(exc)} if isinstance(exc, BaseException) else event


def told_of(exc: BaseException) -> dict[str, object]:
    """The classes of ``exc`` and of what caused it, and the places it came through."""
    classes: list[str] = []
    cause: BaseException | None = exc
    while cause is not None and len(classes) < 10:
        classes.append(type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    places = [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(exc.__traceback__)
    ]
    return {"error": " from ".join(classes), "traceback": places}


def _crashed(
    kind: type[BaseException], exc: BaseException | None, trace: TracebackType | None
) -> None:
    if isinstance(exc, KeyboardInterrupt):
        sys.__excepthook__(kind, exc, trace)
    elif exc is not None and not isinstance(exc, SystemExit):
        structlog.get_logger().critical("crashed", exc_info=exc)


def _hear_libraries() -> None:
    root = logging.getLogger()
    if not any(isinstance(one, _Libraries) for one in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))


class _Libraries(logging.Handler):
    """Tells that a library logged something, and where; not what."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        more = {"exc_info": record.exc_info} if record.exc_info else {}
        tell("library", library=record.name, place=f"{record.module}:{record.lineno}", **more)

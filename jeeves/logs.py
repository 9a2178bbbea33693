"""Logs: events with ids and counts, never anything of a mail. Human on a terminal, else JSON."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(quiet: bool = False) -> None:
    """Send structlog's events to standard error.

    Args:
        quiet: only warnings and worse, as a command that prints its own result wants.
    """
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if not terminal else "%H:%M:%S", utc=False),
            *([] if terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.WARNING if quiet else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )

"""What is logged, and how: an event a line, for people or for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from jeeves import logs


class Err:
    """What was written to standard error, which is no terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._written = ""

    def getvalue(self) -> str:
        self._written += self._capsys.readouterr().err
        return self._written


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> Iterator[Err]:
    """Whatever a test configures is undone."""
    hooks = sys.excepthook, threading.excepthook
    handlers = logging.getLogger().handlers[:]
    yield Err(capsys)
    sys.excepthook, threading.excepthook = hooks
    logging.getLogger().handlers[:] = handlers
    logging.captureWarnings(False)
    structlog.reset_defaults()


def events(err: Err) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.getvalue().splitlines()]


def test_off_a_terminal_an_event_is_a_line_of_json_in_utc(err: Err) -> None:
    logs.configure()
    with structlog.contextvars.bound_contextvars(account=2):
        structlog.get_logger().info("judged", messages=3)
    [event] = events(err)
    moment = event.pop("timestamp")
    assert event == {"event": "judged", "level": "info", "messages": 3, "account": 2}
    assert moment.endswith("Z")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() < 60


def test_log_format_stands_over_what_standard_error_is(
    err: Err, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure(form="human")
    structlog.get_logger().info("judged", messages=3)
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[info +\] judged +messages=3\n", err.getvalue())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    logs.configure(form="json")
    structlog.get_logger().info("judged")
    assert json.loads(err.getvalue().splitlines()[1])["event"] == "judged"


@pytest.mark.parametrize(
    ("level", "quiet", "said"),
    [
        ("debug", False, ["debug", "info", "warning", "error"]),
        ("info", False, ["info", "warning", "error"]),
        ("error", False, ["error"]),
        ("debug", True, ["warning", "error"]),
        ("error", True, ["error"]),
    ],
)
def test_log_level_leaves_out_what_is_worth_less(
    level: logs.Level, quiet: bool, said: list[str], err: Err
) -> None:
    logs.configure(quiet=quiet, level=level)
    log = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    assert [event["level"] for event in events(err)] == said


def test_of_a_library_is_told_that_it_spoke_and_not_what_it_said(err: Err) -> None:
    logs.configure()
    logs.configure()
    logging.getLogger("library.part").warning("no answer from %s", "a wombat")
    warnings.warn("a wombat is deprecated", stacklevel=1)
    told, warned = events(err)
    assert told["event"] == "library"
    assert told["library"] == "library.part"
    assert re.fullmatch(r"test_logs:\d+", told["place"])
    assert warned["library"] == "py.warnings"
    assert "wombat" not in err.getvalue()


def broken() -> None:
    try:
        int("a wombat")
    except ValueError as exc:
        raise LookupError("b'Subject: a wombat'") from exc


def test_of_a_bug_is_told_its_class_and_place_and_not_its_message(err: Err) -> None:
    logs.configure()
    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    try:
        broken()
    except LookupError as exc:
        sys.excepthook(type(exc), exc, exc.__traceback__)
        structlog.get_logger().error("failed", exc_info=True)
    told = events(err)
    assert [event["event"] for event in told] == ["crashed", "crashed", "failed"]
    for event in told:
        assert event["error"] == "LookupError from ValueError"
        assert re.search(r"test_logs\.py:\d+ broken$", event["traceback"][-1])
    assert "wombat" not in err.getvalue()

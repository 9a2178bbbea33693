"""Once a night, in the owner's zone, by day only where the nights are slept through."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from jeeves.adapters.retraining_child import SEE, RetrainingChild
from jeeves.service.nightly import Nightly
from tests.fakes import FakeClock

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class FakeTraining:
    """Under way until told."""

    result: str | None = None
    stopped: bool = False

    def ended(self) -> str | None:
        return self.result

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Trainings:
    """Every training that was begun."""

    begun: list[FakeTraining] = field(default_factory=list)

    def __call__(self) -> FakeTraining:
        self.begun.append(FakeTraining())
        return self.begun[-1]


def nightly(at: datetime, hour: int = 3) -> tuple[Nightly, FakeClock, Trainings]:
    clock, trainings = FakeClock(at), Trainings()
    return Nightly(trainings, clock, hour, BERLIN), clock, trainings


def test_it_begins_once_a_night_in_the_owners_zone() -> None:
    # noon of the 19th in Berlin
    night, clock, trainings = nightly(datetime(2026, 11, 19, 11, 0, tzinfo=UTC))
    begun = []
    for _ in range(48 * 4):
        before = len(trainings.begun)
        night.step()
        if len(trainings.begun) > before:
            begun.append(clock.now.astimezone(BERLIN))
            trainings.begun[-1].result = ""
        clock.advance(minutes=15)
    assert [f"{at:%d %H:%M}" for at in begun] == ["20 03:00", "21 03:00"]


def test_one_that_is_under_way_is_waited_for() -> None:
    night, clock, trainings = nightly(datetime(2026, 11, 19, 2, 0, tzinfo=UTC))
    night.step()
    clock.advance(days=1)
    night.step()
    assert len(trainings.begun) == 1
    trainings.begun[0].result = ""
    night.step()
    assert len(trainings.begun) == 2


def test_a_machine_that_sleeps_at_night_trains_by_day_after_three_days() -> None:
    night, clock, trainings = nightly(datetime(2026, 11, 19, 11, 0, tzinfo=UTC))
    days = 0
    while not trainings.begun:
        night.step()
        clock.advance(days=1)
        days += 1
    assert days == 4
    trainings.begun[0].result = ""
    night.step()
    assert len(trainings.begun) == 1


def test_why_one_failed_is_logged() -> None:
    night, clock, trainings = nightly(datetime(2026, 11, 19, 2, 0, tzinfo=UTC))
    night.step()
    trainings.begun[0].result = "jeeves: no room"
    clock.advance(minutes=1)
    with capture_logs() as logs:
        night.step()
    assert logs == [
        {"event": "retraining failed", "reason": "jeeves: no room", "log_level": "warning"}
    ]


def test_at_the_end_a_training_under_way_is_ended() -> None:
    night, _, trainings = nightly(datetime(2026, 11, 19, 2, 0, tzinfo=UTC))
    stop = threading.Event()
    thread = threading.Thread(target=night.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 10
    while not trainings.begun and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert trainings.begun[0].stopped


def ended(child: RetrainingChild) -> str:
    deadline = time.monotonic() + 30
    while (said := child.ended()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("pass", ""),
        # the gate's refusal
        ("raise SystemExit(1)", ""),
        ("import sys; sys.exit('jeeves: no room')", "jeeves: no room"),
        # a bug: its message may be of a mail, and what is said here is logged
        ("int('a wombat')", f"It ended with exit code 1, by a bug (ValueError): {SEE}."),
        (
            "raise LookupError('one\\nwombat')",
            f"It ended with exit code 1, by a bug (LookupError): {SEE}.",
        ),
        ("import os; os.kill(os.getpid(), 9)", "It ended with exit code -9."),
    ],
)
def test_what_a_training_in_a_process_of_its_own_says(code: str, said: str) -> None:
    assert ended(RetrainingChild((sys.executable, "-c", code))) == said


def test_a_training_in_a_process_of_its_own_can_be_ended() -> None:
    child = RetrainingChild((sys.executable, "-c", "import time; time.sleep(60)"))
    assert child.ended() is None
    began = time.monotonic()
    child.stop()
    assert time.monotonic() - began < timedelta(seconds=30).total_seconds()

"""What a signal sets, it sets: at whatever moment it comes."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jeeves.service.stopping import StopFlag, stop_on_signals

SOON = 20.0


@contextmanager
def handled(number: signal.Signals) -> Iterator[None]:
    """What handles the signal now handles it afterwards."""
    before = signal.getsignal(number)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_wait_stops(number: signal.Signals) -> None:
    stop = StopFlag()
    with (
        handled(signal.SIGTERM),
        handled(signal.SIGINT),
        handled(signal.SIGALRM),
        stop_on_signals(stop),
    ):
        # as a thread holds it while it begins to wait
        assert stop._changed.acquire(timeout=SOON)
        signal.raise_signal(number)
        stop._changed.release()
        assert stop.wait(SOON)


def test_signals_at_every_moment_of_a_wait_are_heard() -> None:
    with handled(signal.SIGALRM):
        for _ in range(300):
            stop = StopFlag()
            signal.signal(signal.SIGALRM, lambda *_, flag=stop: flag.set())
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.0005))
            while not stop.is_set():
                stop.wait(0.00002)


def test_who_waits_is_woken_and_time_that_passes_is_told() -> None:
    stop = StopFlag()
    assert not stop.wait(0.001)
    woken: list[bool] = []
    waiting = threading.Thread(target=lambda: woken.append(stop.wait()))
    waiting.start()
    threading.Timer(0.01, stop.set).start()
    started = time.monotonic()
    assert stop.wait(SOON)
    waiting.join(SOON)
    assert woken == [True]
    assert time.monotonic() - started < SOON
    stop.clear()
    assert not stop.is_set()
    assert not stop.wait(0)

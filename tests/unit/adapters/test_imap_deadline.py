"""Deadlines of commands: one thread watches them all."""

from __future__ import annotations

import threading
import time

from jeeves.adapters.imap.deadline import Deadline


def watching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "deadline"]


def test_what_takes_too_long_is_ended_though_a_longer_deadline_went_before() -> None:
    expired = threading.Event()
    deadline = Deadline(expired.set)
    with deadline.within(60):
        time.sleep(0.02)  # the thread waits by now
    with deadline.within(0.01):
        assert expired.wait(5)
    deadline.rest()


def test_what_is_done_in_time_is_left_alone() -> None:
    expired = threading.Event()
    deadline = Deadline(expired.set)
    for _ in range(3):
        with deadline.within(0.05):
            pass
    assert not expired.wait(0.15)


def test_the_deadline_of_what_lies_around_another_holds_on() -> None:
    expired = threading.Event()
    deadline = Deadline(expired.set)
    with deadline.within(0.05):
        with deadline.within(60):
            pass
        assert expired.wait(5)


def test_many_commands_share_one_thread_which_ends_at_rest() -> None:
    before = len(watching())
    deadline = Deadline(lambda: None)
    for _ in range(5):
        with deadline.within(60):
            assert len(watching()) == before + 1
    deadline.rest()
    until = time.monotonic() + 5
    while len(watching()) > before and time.monotonic() < until:
        time.sleep(0.01)
    assert len(watching()) == before
    with deadline.within(60):
        assert len(watching()) == before + 1
    deadline.rest()

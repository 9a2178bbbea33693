"""What the service manager is told, on a real datagram socket."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jeeves.adapters.sd_notify import START_SECONDS, TIMES, ServiceManager, watchdog_of


class Told:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{path[1:]}" if path.startswith("@") else path)
        self.socket.setblocking(False)

    def __call__(self) -> list[str]:
        """The datagrams since the last call."""
        came = []
        while True:
            try:
                came.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return came


class Seconds:
    """A clock in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> Iterator[Told]:
    # pytest's own folders can be too long for a socket's path
    with tempfile.TemporaryDirectory() as folder:
        other_end = Told(str(Path(folder, "notify")))
        yield other_end
        other_end.socket.close()


def test_a_start_goes_on_until_mail_was_read_and_asks_for_time_meanwhile(told: Told) -> None:
    seconds = Seconds()
    manager = ServiceManager(told.path, 1, watchdog=60.0, clock=seconds)
    pulse = manager.loop("ana")
    pulse.goes_on()
    assert told() == ["WATCHDOG=1\nEXTEND_TIMEOUT_USEC=60000000"]
    pulse.read()
    (ready,) = told()
    assert ready.startswith("READY=1\nSTATUS=Mail was read at ")
    seconds.now += 60.0
    pulse.goes_on()
    assert told() == ["WATCHDOG=1"]
    pulse.read()
    assert "READY=1" not in told()[0]
    manager.stopping()
    assert told() == ["STOPPING=1\nSTATUS=Ends."]


def test_without_a_watchdog_a_start_still_asks_for_time_and_then_says_no_more(told: Told) -> None:
    seconds = Seconds()
    pulse = ServiceManager(told.path, 1, clock=seconds).loop("ana")
    pulse.goes_on()
    assert told() == [f"EXTEND_TIMEOUT_USEC={START_SECONDS * 1e6:.0f}"]
    pulse.read()
    told()
    seconds.now += START_SECONDS
    pulse.goes_on()
    assert told() == []


def test_thousands_of_steps_are_told_a_few_times_only(told: Told) -> None:
    seconds = Seconds()
    pulse = ServiceManager(told.path, 1, watchdog=60.0, clock=seconds).loop("ana")
    for _ in range(60_00):
        pulse.goes_on()
        seconds.now += 0.01
    assert len(told()) == TIMES


def test_one_loop_that_hangs_keeps_the_sign_of_life_of_all_away(told: Told) -> None:
    seconds = Seconds()
    manager = ServiceManager(told.path, 2, watchdog=60.0, clock=seconds)
    ana, ben = manager.loop("ana"), manager.loop("ben")
    ana.goes_on()
    assert told() == []
    ben.goes_on()
    assert len(told()) == 1
    for _ in range(10):
        seconds.now += 30.0
        ana.goes_on()
    # the last one within the time that Ben's last step is good for
    assert len(told()) == 2
    ben.goes_on()
    assert len(told()) == 1


def test_what_cannot_be_read_is_the_status_until_it_can(told: Told) -> None:
    manager = ServiceManager(told.path, 2)
    ana, ben = manager.loop("ana"), manager.loop("ben")
    ana.read()
    ben.waits("The server\nREADY=0 does not answer.")
    assert told()[1:] == [
        "STATUS=1 of 2 accounts cannot be read: The server READY=0 does not answer."
    ]
    ben.read()
    assert told()[0].startswith("STATUS=Mail was read at ")


@pytest.mark.skipif(not Path("/proc/net/unix").exists(), reason="only Linux has abstract sockets")
def test_an_abstract_socket_is_found() -> None:
    other_end = Told(f"@jeeves-{os.getpid()}")
    ServiceManager(other_end.path, 1).loop("ana").read()
    assert other_end()[0].startswith("READY=1")
    other_end.socket.close()


def test_a_service_manager_that_is_not_there_is_said_once_and_stops_nothing() -> None:
    with capture_logs() as logs:
        pulse = ServiceManager("/nowhere/notify", 1, watchdog=1.0).loop("ana")
        pulse.goes_on()
        pulse.read()
        pulse.waits("It is late.")
    assert [line["event"] for line in logs] == ["service manager not told"]


def test_one_that_does_not_listen_holds_nothing_up(told: Told) -> None:
    pulse = ServiceManager(told.path, 1).loop("ana")
    with capture_logs() as logs:
        for _ in range(2000):
            pulse.read()
    assert len(logs) == 1


def test_without_one_nothing_is_told() -> None:
    with capture_logs() as logs:
        manager = ServiceManager.of({}, 1)
        manager.loop("ana").read()
        manager.stopping()
    assert logs == []


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "300000000"}, 300.0),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": str(os.getpid())}, 300.0),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_by_whom_it_is_meant_for(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_of(environment) == seconds

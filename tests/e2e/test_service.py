"""Jeeves as it is run for good: by a service manager that is told of it, by cron, and removed."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.starters import Starters

#: For a machine that does many things at once.
SOON = 30.0
WATCHDOG = 1.0


class NotifySocket:
    """Where systemd would listen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.lines: list[str] = []

    def next(self, seconds: float) -> list[str]:
        """The lines of the next datagram; none where none comes in time."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return []
        lines = self._socket.recv(4096).decode().splitlines()
        self.lines += lines
        return lines

    def until(self, wanted: str) -> None:
        """Read on to a line that begins so."""
        deadline = time.monotonic() + SOON
        while not any(line.startswith(wanted) for line in self.next(0.2)):
            assert time.monotonic() < deadline, (wanted, self.lines)

    def silence(self, seconds: float) -> bool:
        """Whether nothing comes for so long, once all that was sent is read."""
        while self.next(0):
            pass
        return not self.next(seconds)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def notify() -> Iterator[NotifySocket]:
    # pytest's own folders can be too long for a socket's path
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(NotifySocket(Path(folder, "notify"))) as opened,
    ):
        yield opened


@pytest.fixture
def ending() -> Iterator[Callable[[subprocess.Popen[str]], subprocess.Popen[str]]]:
    """Ends what is given to it, however the test ends."""
    started: list[subprocess.Popen[str]] = []

    def take(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        started.append(process)
        return process

    yield take
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def starters(tmp_path: Path, jeeves: Jeeves) -> Starters:
    made = Starters(tmp_path / "programs")
    jeeves.configure(
        PATH=f"{made.folder}:{jeeves.environment['PATH']}",
        XDG_CONFIG_HOME=str(tmp_path / "config"),
    )
    return made


def frozen(server: GmailServer) -> None:
    """The server says nothing from now on, and its connections stay open."""
    os.kill(server.pid, signal.SIGSTOP)


def thawed(server: GmailServer) -> None:
    os.kill(server.pid, signal.SIGCONT)


def test_systemd_is_told_of_the_first_read_of_each_step_and_of_the_end(
    jeeves_on_postgres: Jeeves,
    gmail: GmailServer,
    notify: NotifySocket,
    ending: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(
        NOTIFY_SOCKET=str(notify.path), WATCHDOG_USEC=f"{WATCHDOG * 1e6:.0f}", POLL_SECONDS="1"
    )
    frozen(gmail)
    try:
        daemon = ending(jeeves_on_postgres.start("run"))
        notify.until("EXTEND_TIMEOUT_USEC=")
        # the login is not answered: it has begun, it has read nothing, and it makes no step
        assert notify.silence(1.5 * WATCHDOG)
        assert "READY=1" not in notify.lines
        thawed(gmail)
        notify.until("READY=1")
        for _ in range(4):
            notify.until("WATCHDOG=1")
        frozen(gmail)
        time.sleep(WATCHDOG + 1.0)
        # the next look at the mailbox is not answered: whoever watches is told nothing more
        assert notify.silence(1.5 * WATCHDOG)
    finally:
        thawed(gmail)
    notify.until("WATCHDOG=1")
    assert notify.lines.count("READY=1") == 1
    daemon.terminate()
    notify.until("STOPPING=1")
    _, err = daemon.communicate(timeout=SOON)
    assert daemon.returncode == 0, err
    assert "Traceback" not in err


def test_a_mailbox_that_cannot_be_read_is_the_status_and_no_start(
    jeeves_on_postgres: Jeeves,
    gmail: GmailServer,
    notify: NotifySocket,
    ending: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
) -> None:
    jeeves_on_postgres.watch(gmail)
    gmail.close()
    jeeves_on_postgres.configure(
        NOTIFY_SOCKET=str(notify.path), WATCHDOG_USEC=f"{WATCHDOG * 1e6:.0f}"
    )
    ending(jeeves_on_postgres.start("run"))
    notify.until("STATUS=Mail cannot be read: ")
    # it waits, and so it lives
    for _ in range(5):
        notify.until("WATCHDOG=1")
    assert "READY=1" not in notify.lines


def test_checks_that_overlap_do_not_pile_up(
    jeeves_on_postgres: Jeeves,
    gmail: GmailServer,
    ending: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
) -> None:
    jeeves_on_postgres.watch(gmail)
    gmail.deliver(raw_mail("Lunch on Thursday?", "Do you want to meet for lunch on Thursday?"))
    lock = jeeves_on_postgres.home / "check.lock"
    frozen(gmail)
    try:
        first = ending(jeeves_on_postgres.start("check"))
        wait_for_lock(lock)
        second = jeeves_on_postgres("check")
        assert (second.stdout, second.stderr) == ("", "")
        assert first.poll() is None
        assert "leaves it to that" in on_a_terminal(jeeves_on_postgres, "check")
        assert first.poll() is None
    finally:
        thawed(gmail)
    out, err = first.communicate(timeout=SOON)
    assert (first.returncode, out) == (0, "1 fetched, 1 new, 1 judged, 0 alerts sent\n"), err


def test_a_check_that_was_killed_is_in_nobodys_way(
    jeeves_on_postgres: Jeeves,
    gmail: GmailServer,
    ending: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
) -> None:
    jeeves_on_postgres.watch(gmail)
    gmail.deliver(raw_mail("Your invoice", "Please find the invoice attached."))
    frozen(gmail)
    try:
        first = ending(jeeves_on_postgres.start("check"))
        wait_for_lock(jeeves_on_postgres.home / "check.lock")
        first.kill()
        first.wait()
    finally:
        thawed(gmail)
    assert "1 fetched" in jeeves_on_postgres("check").stdout


def test_a_home_that_cannot_be_written_is_told(jeeves_on_postgres: Jeeves, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    jeeves_on_postgres.configure(
        JEEVES_HOME=str(tmp_path / "file" / "home"),
        GMAIL_ADDRESS="ana@example.org",
        GMAIL_APP_PASSWORD="x",
    )
    (line,) = jeeves_on_postgres("check", code=2).stderr.splitlines()
    assert "cannot be written" in line


def wait_for_lock(path: Path) -> None:
    """Until somebody holds it."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError), path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        time.sleep(0.02)
    pytest.fail("the lock was not taken")


def on_a_terminal(jeeves: Jeeves, *arguments: str) -> str:
    """What a command says to a terminal."""
    ours, theirs = os.openpty()
    ran = subprocess.run(
        [sys.executable, "-m", "jeeves", *arguments],
        env=jeeves.environment,
        cwd=jeeves.home,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        timeout=SOON,
        check=True,
    )
    os.close(theirs)
    assert ran.returncode == 0
    said = os.read(ours, 4096).decode()
    os.close(ours)
    return said


SECRET = "abcdefghijklmnop"


def configured(jeeves: Jeeves) -> None:
    """An account in .env, where a service finds it."""
    (jeeves.home / ".env").write_text(
        f"GMAIL_ADDRESS=ana@example.org\nGMAIL_APP_PASSWORD={SECRET}\nSPEECH=off\n"
    )


def test_a_service_is_installed_said_again_and_taken_away(
    jeeves: Jeeves, starters: Starters, tmp_path: Path
) -> None:
    configured(jeeves)
    file = tmp_path / "config" / "systemd" / "user" / "jeeves.service"
    first = jeeves.cold("service", "install", "--user")
    assert str(file) in first.stdout
    assert "It runs." in first.stdout
    text = file.read_text()
    assert f"WorkingDirectory={tmp_path}\n" in text
    assert f"JEEVES_HOME={tmp_path}" in text
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert command.removeprefix("ExecStart=").strip('"').startswith(str(Path(sys.prefix, "bin")))
    assert SECRET not in text
    assert "ana@example.org" not in text
    starters.asked()
    jeeves("service", "install", "--user")
    assert not [line for line in starters.asked() if "restart" in line]
    assert file.read_text() == text
    gone = jeeves.cold("uninstall", "--user").stdout
    assert f"removed: {file}" in gone
    assert f"rm -r {tmp_path}" in gone
    assert not file.exists()
    assert (tmp_path / ".env").exists()
    assert "Nothing was installed." in jeeves("uninstall", "--user").stdout


def test_what_would_be_written_can_be_seen_first(
    jeeves: Jeeves, starters: Starters, tmp_path: Path
) -> None:
    configured(jeeves)
    shown = jeeves("service", "install", "--print", "--system").stdout
    assert "\nUser=" in shown
    assert "\n[Install]\nWantedBy=multi-user.target\n" in shown
    assert "*/7 * * * *" in jeeves("cron", "install", "--every", "7", "--print").stdout
    assert starters.asked() == []
    assert not (tmp_path / "config").exists()


def test_lines_of_a_crontab_come_and_go(jeeves: Jeeves, starters: Starters) -> None:
    configured(jeeves)
    starters.table.write_text("0 1 * * * mine\n")
    said = jeeves.cold("cron", "install").stdout
    assert "in your crontab now" in said
    assert [line.split("#")[0].split()[-1] for line in starters.table.read_text().splitlines()] == [
        *("mine", "check", "--if-due"),
    ]
    assert "already" in jeeves("cron", "install").stdout
    jeeves("cron", "install", "--no-retrain", "--every", "1")
    assert len(starters.table.read_text().splitlines()) == 2
    assert "the lines in your crontab" in jeeves("uninstall", "--user").stdout
    assert starters.table.read_text() == "0 1 * * * mine\n"


def test_settings_of_a_shell_that_no_service_would_know_are_told(
    jeeves: Jeeves, starters: Starters
) -> None:
    jeeves.configure(GMAIL_ADDRESS="ana@example.org", GMAIL_APP_PASSWORD=SECRET)
    for command in (("service", "install", "--user"), ("cron", "install")):
        (line,) = jeeves(*command, code=2).stderr.splitlines()
        assert "knows nothing of what is set in your shell" in line
        assert SECRET not in line
    assert not [line for line in starters.asked() if "Version" not in line]


def test_settings_that_are_wrong_start_nothing_and_keep_nothing_installed(
    jeeves: Jeeves, starters: Starters
) -> None:
    configured(jeeves)
    jeeves("cron", "install")
    with (jeeves.home / ".env").open("a") as file:
        file.write("POLL_SECONDS=never\n")
    (line,) = jeeves("service", "install", "--user", code=2).stderr.splitlines()
    assert "POLL_SECONDS" in line
    assert "the lines in your crontab" in jeeves("uninstall", "--user").stdout


def test_wrong_usage_is_told(jeeves: Jeeves, starters: Starters) -> None:
    configured(jeeves)
    told = jeeves("service", "install", "--user", "--account", "ana", code=2)
    assert "leave --account out" in told.stderr
    jeeves("cron", "install", "--every", "0", code=2)
    assert starters.asked() == []

"""The process of the demo's mail server: it starts, says why it cannot, and is never left over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jeeves.demo.gmail_server import GmailServer
from jeeves.demo.mails import SampleMail
from jeeves.errors import ConfigError, MailboxUnavailable
from tests.builders import raw_mail

ROOT = Path(__file__).resolve().parents[2]


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped by somebody else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def ends(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while not ended(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return ended(pid)


def test_none_is_left_after_the_block() -> None:
    with GmailServer() as server:
        pid = server.pid
        assert not ended(pid)
    assert ended(pid)
    server.close()
    with pytest.raises(MailboxUnavailable):
        server.deliver(raw_mail())


def test_none_is_left_after_an_error_in_the_block() -> None:
    pids = []

    def fail() -> None:
        with GmailServer() as server:
            pids.append(server.pid)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert ended(pids[0])


def test_none_is_left_after_an_error_at_the_start() -> None:
    pids = []

    def broken() -> Iterator[SampleMail]:
        pids.append(server.pid)
        yield from ()
        raise KeyError

    server = GmailServer(broken())
    with pytest.raises(KeyError):
        server.__enter__()
    assert ended(pids[0])


def test_sigterm_ends_it_and_the_next_request_says_so() -> None:
    with GmailServer() as server:
        os.kill(server.pid, signal.SIGTERM)
        assert ends(server.pid)
        with pytest.raises(MailboxUnavailable, match="mail server"):
            server.deliver(raw_mail())


def test_it_ends_when_its_parent_is_killed() -> None:
    script = (
        "import time; from jeeves.demo.gmail_server import GmailServer\n"
        "with GmailServer() as s: print(s.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert not ended(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert ends(pid)


def test_by_hand_it_tells_its_port_and_ends_with_its_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jeeves.demo.gmail_server"],
        cwd=ROOT, input=b"", capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    assert b'"port": ' in done.stdout
    assert done.stderr == b""


def test_pymap_stays_out_of_the_process_that_starts_it() -> None:
    script = (
        "import sys; from jeeves.demo.gmail_server import GmailServer\n"
        "with GmailServer() as s: s.deliver(b'Subject: x\\n\\n')\n"
        "assert not [m for m in sys.modules if m.startswith('pymap')]"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=30, check=True)


def test_a_port_in_use_is_one_sentence() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MailboxUnavailable, match="is the port free"):
            GmailServer(port=port).__enter__()


def test_another_version_of_pymap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jeeves.demo.gmail_server.version", lambda _name: "0.37.0")
    with pytest.raises(ConfigError, match=r"needs pymap 0\.36\.7, and version 0\.37\.0"):
        GmailServer().__enter__()

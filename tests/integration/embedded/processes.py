"""Processes that use the embedded Postgres, and those it consists of."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

from tests.conftest import ROOT

AS_ROOT = os.geteuid() == 0
#: Who runs the server.
SERVER_UID = pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid()
#: Uses the database of a home until its standard input ends, then tells what stop() said.
CLIENT = """
import pathlib, sys
from jeeves.adapters.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
print(server.stop(), flush=True)
"""


def end_servers(home: Path) -> list[int]:
    """No server is left, also of a test that failed half way; the processes that were."""
    pids = server_pids(home)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sockets = home / "postgres-18/socket"
    if pids and sockets.is_symlink():
        shutil.rmtree(sockets.readlink(), ignore_errors=True)
    return pids


def execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    """What ``statement`` gives, in a transaction of its own."""
    with (
        contextlib.closing(psycopg2.connect(dsn)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def server_pids(home: Path) -> list[int]:
    """Processes that work in the cluster of ``home``: postgres, initdb and their children."""
    room = (home / "postgres-18").resolve()
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and (folder / "cwd").readlink().is_relative_to(room):
                found.append(int(folder.name))
    return found


def postmaster_pid(home: Path) -> int:
    return int((home / "postgres-18/cluster/postmaster.pid").read_text().split()[0])


def kill_server(home: Path) -> Path:
    """Server and user were killed and left everything behind; where the server listened."""
    client = run_client(home)
    first_line(client)
    kill(client)
    os.kill(postmaster_pid(home), signal.SIGKILL)
    until(lambda: server_pids(home) == [])
    return (home / "postgres-18/socket").readlink()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited 30 seconds in vain"
        time.sleep(0.005)


def run_client(home: Path, *, script: str = CLIENT, **environment: str) -> subprocess.Popen[str]:
    """Another process that uses the database of ``home``."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def first_line(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def leave(client: subprocess.Popen[str]) -> str:
    """Let the client stop; what it printed since."""
    return client.communicate(timeout=60)[0].strip()


def kill(client: subprocess.Popen[str]) -> None:
    client.kill()
    client.communicate(timeout=60)


def stranger_process() -> subprocess.Popen[bytes]:
    """A process of the server's user that is no server."""
    return subprocess.Popen(["sleep", "600"], user=SERVER_UID if AS_ROOT else None)

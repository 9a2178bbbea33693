"""A process that has loaded the program and, for each command, forks one that runs it.

What a command costs is mostly the loading of its libraries, the same ones for each. Here it still
has a process of its own, with an environment, a folder and streams of its own, and ends as
``python -m jeeves`` does; only what is loaded when it begins is already there. That a command
loads what it needs is for a cold start to prove.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

#: Bytes of one order: arguments, environment, folder.
ORDER_BYTES = 1_000_000


class Warm:
    """Runs commands, one at a time, in forks of a process that has loaded ``modules``."""

    def __init__(self, modules: Sequence[str], root: Path) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.warm", str(theirs.fileno()), *modules],
                cwd=root,
                # the threads of a library that computes would not outlive a fork
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` with ``timeout``, whose TimeoutExpired it raises."""
        order = json.dumps([list(arguments), dict(environment), str(cwd)]).encode()
        streams: dict[str, IO[bytes]] = {}
        with ExitStack() as opened:
            theirs: list[IO[bytes]] = [opened.enter_context(Path(os.devnull).open("rb"))]
            for name in ("out", "err"):
                reading, writing = os.pipe()
                streams[name] = opened.enter_context(os.fdopen(reading, "rb"))
                theirs.append(opened.enter_context(os.fdopen(writing, "wb")))
            self._ours.sendall(len(order).to_bytes(4, "big") + order)
            socket.send_fds(self._ours, [b"."], [one.fileno() for one in theirs])
            for one in theirs:
                one.close()
            number = int.from_bytes(self._receive(), "big")
            told = self._read(streams, number, seconds)
        code = int.from_bytes(self._receive(), "big", signed=True)
        if told is None:
            raise subprocess.TimeoutExpired(list(arguments), seconds)
        out, err = (told[name].decode() for name in ("out", "err"))
        return subprocess.CompletedProcess(list(arguments), code, out, err)

    def _read(
        self, streams: Mapping[str, IO[bytes]], number: int, seconds: float
    ) -> dict[str, bytes] | None:
        """Both streams to their ends; None, and the command is killed, where it takes too long."""
        told = dict.fromkeys(streams, b"")
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for name, stream in streams.items():
                selector.register(stream, selectors.EVENT_READ, name)
            while selector.get_map():
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    os.kill(number, signal.SIGKILL)
                    return None
                for key, _ in ready:
                    came = os.read(key.fd, 65536)
                    told[key.data] += came
                    if not came:
                        selector.unregister(key.fileobj)
        return told

    def _receive(self) -> bytes:
        came = b""
        while len(came) < 4:
            piece = self._ours.recv(4 - len(came))
            assert piece, "the warm process ended"
            came += piece
        return came

    def close(self) -> None:
        self._ours.close()
        self._server.wait()


def serve(connection: socket.socket) -> list[str]:
    """Fork for each order; returns in the fork, with what it is to run, its process made ready."""
    while True:
        length = connection.recv(4, socket.MSG_WAITALL)
        if not length:
            sys.exit()
        order = connection.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL)
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        number = os.fork()
        if not number:
            connection.close()
            return ready(order, streams)
        for stream in streams:
            os.close(stream)
        connection.sendall(number.to_bytes(4, "big"))
        _, status = os.waitpid(number, 0)
        with suppress(BrokenPipeError):
            connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def ready(order: bytes, streams: Sequence[int]) -> list[str]:
    arguments, environment, cwd = json.loads(order)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    named: list[str] = arguments
    return named


def main() -> None:
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.freeze()
    sys.argv[1:] = serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("jeeves", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""The sign of life: a file that is touched and an address that is asked, seldom and harmlessly."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jeeves.adapters.heartbeat import EVERY, LATELY, Heartbeat


class Watcher(ThreadingHTTPServer):
    """Counts who asks."""

    def __init__(self, status: int = 200) -> None:
        asked = self.asked = []  # type: list[str]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-uuid"


@pytest.fixture
def watcher(request: pytest.FixtureRequest) -> Iterator[Watcher]:
    with Watcher(getattr(request, "param", 200)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Seconds:
    """A clock in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_file_is_touched_and_the_address_asked_at_most_once_a_minute(
    watcher: Watcher, tmp_path: Path
) -> None:
    seconds, file = Seconds(), tmp_path / "run" / "alive"
    heartbeat = Heartbeat(file, watcher.url, clock=seconds)
    heartbeat.beat()
    heartbeat.close()
    os.utime(file, (0, 0))
    seconds.now += EVERY - 1
    heartbeat.beat()
    heartbeat.close()
    assert (file.stat().st_mtime, watcher.asked) == (0, ["/secret-uuid"])
    seconds.now += 1
    heartbeat.beat()
    heartbeat.close()
    assert file.stat().st_mtime > 0
    assert len(watcher.asked) == 2


def test_of_several_accounts_all_must_do_well(watcher: Watcher) -> None:
    seconds = Seconds()
    heartbeat = Heartbeat(url=watcher.url, sources=2, clock=seconds)
    heartbeat.beat("a")
    heartbeat.close()
    assert watcher.asked == []
    heartbeat.beat("b")
    heartbeat.close()
    assert len(watcher.asked) == 1
    seconds.now += LATELY + 1
    heartbeat.beat("b")
    heartbeat.close()
    assert len(watcher.asked) == 1


def test_an_address_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        heartbeat = Heartbeat(url=f"http://127.0.0.1:{silent.getsockname()[1]}/secret")
        begun = time.monotonic()
        heartbeat.beat()
        assert time.monotonic() - begun < 1
    # what its thread logs is not another test's
    heartbeat.close()


@pytest.mark.parametrize("watcher", [500], indirect=True)
def test_a_refusal_is_logged_without_the_address(watcher: Watcher) -> None:
    with capture_logs() as logs:
        heartbeat = Heartbeat(url=watcher.url)
        heartbeat.beat()
        heartbeat.close()
    assert [line["event"] for line in logs] == ["heartbeat refused"]
    assert "secret" not in str(logs)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "http://[secret/", "http:///secret"])
def test_an_address_that_cannot_be_asked_is_logged_and_nothing_more(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with capture_logs() as logs:
        heartbeat = Heartbeat(tmp_path / "file" / "below", url)
        heartbeat.beat()
        heartbeat.close()
    assert {line["event"] for line in logs} == {"heartbeat file not touched", "heartbeat not heard"}
    assert "secret" not in str(logs)

"""/metrics and /healthz over HTTP: what is answered, to whom, and what is not."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from jeeves.adapters.metrics import MetricsServer
from jeeves.errors import ConfigError
from tests.integration.test_daemon import until


class Told:
    """What the server is given to tell."""

    def __init__(self) -> None:
        self.well = True
        self.fault: Exception | None = None
        self.accepted: list[str] = []

    def page(self, accept: str) -> tuple[bytes, str]:
        if self.fault:
            raise self.fault
        self.accepted.append(accept)
        return b"jeeves_healthy 1.0\n", "text/plain; version=0.0.4"

    def health(self) -> tuple[bool, Mapping[str, Any]]:
        if self.fault:
            raise self.fault
        return self.well, {"healthy": self.well}


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def server(told: Told) -> Iterator[MetricsServer]:
    with MetricsServer(port=0, page=told.page, health=told.health) as running:
        yield running


def ask(
    server: MetricsServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def test_the_figures_are_given_as_they_are_asked_for(server: MetricsServer, told: Told) -> None:
    status, body, headers = ask(server, "/metrics?x=1", Accept="text/plain")
    assert (status, body) == (200, b"jeeves_healthy 1.0\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4"
    assert told.accepted == ["text/plain"]
    assert "Server" not in headers


@pytest.mark.parametrize(("well", "status"), [(True, 200), (False, 503)])
def test_health_is_a_status_and_one_line(
    well: bool, status: int, server: MetricsServer, told: Told
) -> None:
    told.well = well
    answered, body, headers = ask(server, "/healthz")
    assert answered == status
    assert headers["Content-Type"] == "application/json"
    assert body.count(b"\n") == 1
    assert json.loads(body) == {"healthy": well}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
def test_nothing_but_get_is_answered(method: str, server: MetricsServer) -> None:
    status, body, headers = ask(server, "/healthz", method)
    assert (status, body) == (405, b"")
    assert headers["Allow"] == "GET"


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/healthz/x", "*"])
def test_there_is_nothing_else(path: str, server: MetricsServer) -> None:
    assert ask(server, path)[:2] == (404, b"")


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_whoever_asks_is_shown_no_traceback(
    path: str, server: MetricsServer, told: Told, capfd: pytest.CaptureFixture[str]
) -> None:
    told.fault = LookupError("a wombat")
    with capture_logs() as events:
        assert ask(server, path)[:2] == (500, b"")
        told.fault = None
        assert ask(server, path)[0] == 200
        # It is logged once the answer has gone.
        until(lambda: bool(events))
    assert [(event["event"], event["error"]) for event in events] == [
        ("metrics failed", "LookupError")
    ]
    assert capfd.readouterr().err == ""


def test_a_request_that_is_none_is_refused_without_a_page(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01\x02 hello\r\n\r\n")
        answered = connection.makefile("rb").read()
    assert answered == b""
    assert ask(server, "/healthz")[0] == 200


def test_one_who_asks_slowly_keeps_nobody_else_waiting(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert ask(server, "/healthz")[0] == 200


def test_it_listens_on_this_machine_alone(server: MetricsServer) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_one_sentence(server: MetricsServer, told: Told) -> None:
    with pytest.raises(ConfigError, match=rf"^Port {server.port} .* set METRICS_PORT to one"):
        MetricsServer(port=server.port, page=told.page, health=told.health)


def test_when_it_is_closed_nobody_listens(told: Told) -> None:
    with MetricsServer(port=0, page=told.page, health=told.health) as running:
        port = running.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)

"""The daemon watched from outside: its figures, its health and its log."""

from __future__ import annotations

import json
import socket
import urllib.request
from datetime import datetime
from typing import Any
from urllib.error import HTTPError

from prometheus_client.parser import text_string_to_metric_families

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.conftest import run_sql
from tests.e2e.conftest import PHONE, Jeeves
from tests.e2e.test_path import SECRET_WORDS, end, needs_place, until
from tests.twilio_standin import TwilioStandIn


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body; 0 where nobody listens yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as exc:
        return exc.code, exc.read().decode()
    except OSError:
        return 0, ""


def figures(page: str) -> dict[str, float]:
    """Each sample by its name and the values of its labels, in the order of the labels' names."""
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_the_figures_and_the_health_of_a_daemon_are_those_of_its_work(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    jeeves = jeeves_on_postgres
    port = a_free_port()
    jeeves.watch(gmail)
    jeeves.text_through(twilio)
    jeeves.configure(METRICS_PORT=str(port), LOG_FORMAT="json")
    process = jeeves.start("run")
    until(lambda: get(port, "/healthz")[0] == 200, "it was never well")
    before = figures(get(port, "/metrics")[1])
    gmail.deliver(needs_place())
    gmail.deliver(raw_mail("Your invoice", "Please find the invoice attached."))

    def now() -> dict[str, float]:
        return figures(get(port, "/metrics")[1])

    until(lambda: now().get("jeeves_alerts sms alert sent") == 1, "no text was counted")
    until(lambda: now()["jeeves_messages_unjudged"] == 0, "mail was not judged")
    verdicts = sum_of(before, "jeeves_verdicts_total")
    until(lambda: sum_of(now(), "jeeves_verdicts_total") == verdicts + 2, "no verdict was counted")
    found = now()
    assert found["jeeves_verdicts_total alert"] == before["jeeves_verdicts_total alert"] + 1
    assert found["jeeves_mails_total new"] == before["jeeves_mails_total new"] + 2
    assert found["jeeves_messages"] == before["jeeves_messages"] + 2
    assert found["jeeves_delivery_attempts_total sms sent"] == 1
    assert found["jeeves_request_seconds_count sms"] == 1
    assert 0 < found["jeeves_request_seconds_sum sms"] < 60
    for name in ("jeeves_commit_seconds_count", "jeeves_verdict_seconds_count"):
        assert found[name] > before[name]
    assert found["jeeves_imap_command_seconds_count"] > before["jeeves_imap_command_seconds_count"]
    assert found["jeeves_read_age_seconds 1"] < 600
    assert 20e6 < found["process_resident_memory_bytes"] < 1e9

    # Mail that is not read: as the heartbeat tells, and by the rules of `status`.
    run_sql(
        jeeves.environment["DATABASE_URL"],
        "update heartbeats set beat_at = beat_at - interval '16 minutes'",
    )
    until(lambda: get(port, "/healthz")[0] == 503, "it stayed well")
    health = get(port, "/healthz")[1]
    assert not json.loads(health)["healthy"]
    assert json.loads(jeeves("status", "--json", code=1).stdout)["healthy"] is False
    page = get(port, "/metrics")[1]
    assert figures(page)["jeeves_healthy"] == 0

    err, _ = end(process)
    assert process.returncode == 0
    assert get(port, "/healthz") == (0, "")
    for word in (*SECRET_WORDS, "invoice", "lunch", PHONE, gmail.address, gmail.password):
        assert word.lower() not in (page + health + err).lower(), word
    for event in events(err):
        assert datetime.fromisoformat(event["timestamp"]).utcoffset() is not None
        assert event["timestamp"].endswith("Z")
        assert {"level", "event"} <= set(event)
    assert {event["account"] for event in events(err) if event["event"] == "ingested"} == {1}


def sum_of(found: dict[str, float], name: str) -> float:
    return sum(value for key, value in found.items() if key.split()[0] == name)


def events(err: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.splitlines()]


def test_a_port_that_is_taken_is_one_sentence(
    jeeves_on_postgres: Jeeves, gmail: GmailServer
) -> None:
    jeeves_on_postgres.watch(gmail)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        jeeves_on_postgres.configure(METRICS_PORT=str(port))
        err = jeeves_on_postgres("run", code=2).stderr
    assert err.splitlines()[-1].startswith(f"jeeves: Port {port} of this machine cannot be")
    assert "METRICS_PORT" in err


def test_log_settings_that_are_none_are_refused_without_a_traceback(jeeves: Jeeves) -> None:
    jeeves.configure(LOG_FORMAT="xml", LOG_LEVEL="loud", METRICS_PORT="0")
    err = jeeves("check", code=2).stderr
    for name in ("LOG_FORMAT", "LOG_LEVEL", "METRICS_PORT"):
        assert name in err

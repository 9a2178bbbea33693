"""The figures: what is counted, under which names, and nothing of a mail among them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jeeves.adapters.metrics import PrometheusMeter
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.listing import Backlog
from jeeves.domain.metering import Standing
from jeeves.domain.verdict import Band
from tests.builders import ACCOUNT, an_alert

STANDING = Standing(
    healthy=True,
    read_ages=(12.5, None),
    backlog=Backlog(7, 1, 2, alerts_open=3, alerts_failed=0, alerts_waiting=4),
    outbox={(AlertKind.ALERT, Channel.SMS, AlertState.SENT): 5},
    model="starter-1",
    newest=True,
)
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def a_meter(standing: Callable[[], Standing | None] = lambda: STANDING) -> PrometheusMeter:
    return PrometheusMeter("0.1", standing)


def figures(meter: PrometheusMeter) -> Figures:
    """Each sample, by its name and labels."""
    page = meter.page()[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_what_the_work_tells_is_counted() -> None:
    meter = a_meter()
    meter.committed(new=3, known=1, unreadable=1, seconds=0.004)
    meter.judged([Band.ALERT, Band.QUIET, Band.QUIET], 0.02)
    meter.requested(Channel.SMS, 0.1)
    meter.attempted(an_alert(state=AlertState.SENT))
    meter.commanded(0.001)
    meter.failed("refused")
    meter.retrained(failed=True)
    found = figures(meter)
    expected: Figures = {
        ("jeeves_mails_total", (("as", "new"),)): 3,
        ("jeeves_mails_total", (("as", "known"),)): 1,
        ("jeeves_mails_unreadable_total", ()): 1,
        ("jeeves_verdicts_total", (("band", "quiet"),)): 2,
        ("jeeves_verdicts_total", (("band", "alert"),)): 1,
        ("jeeves_verdicts_total", (("band", "unsure"),)): 0,
        ("jeeves_delivery_attempts_total", (("channel", "sms"), ("state", "sent"))): 1,
        ("jeeves_read_failures_total", (("cause", "refused"),)): 1,
        ("jeeves_read_failures_total", (("cause", "unavailable"),)): 0,
        ("jeeves_trainings_total", (("ended", "failed"),)): 1,
        ("jeeves_commit_seconds_bucket", (("le", "0.002"),)): 0,
        ("jeeves_commit_seconds_bucket", (("le", "0.005"),)): 1,
        ("jeeves_verdict_seconds_sum", ()): 0.02,
        ("jeeves_request_seconds_count", (("channel", "sms"),)): 1,
        ("jeeves_imap_command_seconds_count", ()): 1,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_what_the_database_tells_is_read_with_each_page() -> None:
    found = figures(a_meter())
    expected: Figures = {
        ("jeeves_healthy", ()): 1,
        ("jeeves_database_up", ()): 1,
        ("jeeves_read_age_seconds", (("account", "1"),)): 12.5,
        ("jeeves_read_age_seconds", (("account", "2"),)): math.inf,
        ("jeeves_messages_unjudged", ()): 2,
        ("jeeves_alerts_due", ()): 3,
        ("jeeves_alerts_waiting", ()): 4,
        ("jeeves_alerts", (("channel", "sms"), ("kind", "alert"), ("state", "sent"))): 5,
        ("jeeves_model_info", (("version", "starter-1"),)): 1,
        ("jeeves_info", (("version", "0.1"),)): 1,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_without_a_database_the_rest_is_told_and_it_is_not_well() -> None:
    meter = a_meter(lambda: None)
    meter.judged([Band.ALERT], 0.1)
    found = figures(meter)
    assert found["jeeves_database_up", ()] == found["jeeves_healthy", ()] == 0
    assert found["jeeves_verdicts_total", (("band", "alert"),)] == 1
    assert not any(name.startswith("jeeves_read_age") for name, _ in found)


def test_no_figure_holds_anything_of_an_alert_or_an_account() -> None:
    meter = a_meter()
    alert = an_alert(text="Ana Lopez: lunch? +15005550010", error="refused for +15005550010")
    meter.attempted(alert)
    page = meter.page()[0].decode()
    for word in ("Ana", "lunch", "+1500", ACCOUNT, "@", alert.reference, alert.thread_key):
        assert word not in page


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", "text/plain"), ("application/openmetrics-text;version=1.0.0", "application/openmetrics")],
)
def test_the_page_is_in_the_format_that_is_asked_for(accept: str, kind: str) -> None:
    assert a_meter().page(accept)[1].startswith(kind)


def test_two_meters_do_not_share_figures() -> None:
    one, other = a_meter(), a_meter()
    one.retrained(failed=False)
    assert figures(other)["jeeves_trainings_total", (("ended", "done"),)] == 0

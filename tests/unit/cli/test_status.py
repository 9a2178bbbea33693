"""What `status` says, and to whom."""

from __future__ import annotations

from datetime import UTC

from jeeves.cli.status import StatusReport, render
from jeeves.domain.alert import AlertState, Channel
from jeeves.domain.listing import AlertLine, Backlog
from jeeves.domain.verdict import Reason
from tests.builders import NOW

ALERT = AlertLine(
    reference="jv-ABCD2345",
    message_id=7,
    channel=Channel.SMS,
    state=AlertState.SENT,
    text="Ana wants to meet",
    attempts=1,
    created_at=NOW.astimezone(UTC),
    settled_at=None,
    receipt="",
    note="",
    reasons=(Reason("grab lunch", 1.5), Reason("no place named", 1.0), Reason("my office", -2.0)),
)
REPORT = StatusReport(
    read_ages=(12.0,),
    backlog=Backlog(messages=3, unreadable=0, unjudged=0, alerts_open=0, alerts_failed=0),
    alerts=[ALERT],
    model="starter",
    model_ok=True,
    expected=None,
)


def test_on_a_terminal_an_alert_says_what_carried_it() -> None:
    assert "because: grab lunch, no place named" in render(REPORT, None, reasons=True)


def test_a_journal_is_told_nothing_of_the_mail() -> None:
    told = render(REPORT, None) + str(REPORT.as_json())
    assert "jv-ABCD2345" in told
    assert "lunch" not in told
    assert "Ana" not in told

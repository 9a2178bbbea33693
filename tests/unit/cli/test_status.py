"""What `status` says, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from jeeves.cli.status import StatusReport, gather, render
from jeeves.domain.alert import AlertState, Channel
from jeeves.domain.listing import AlertLine, Backlog
from jeeves.domain.verdict import Reason
from jeeves.domain.watching import WATCHED_BEAT
from jeeves.modelling import ModelInUse
from tests.builders import ACCOUNT, NOW

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


def test_the_last_line_of_the_week_is_shown_for_each_account_that_has_one() -> None:
    report = replace(REPORT, weeks=("week to 19 Nov: 3 mails judged", None))
    lines = render(report, None).splitlines()
    assert lines.count("this week      week to 19 Nov: 3 mails judged") == 1
    assert len([line for line in lines if line.startswith("this week")]) == 1
    assert report.as_json()["weeks"] == ["week to 19 Nov: 3 mails judged", None]


class Views:
    """A database of which only the heartbeats say anything."""

    def __init__(self, beats: Mapping[tuple[str, str], tuple[datetime, str]]) -> None:
        self.beats = beats

    def backlog(self) -> Backlog:
        return REPORT.backlog

    def last_alerts(self, _limit: int) -> list[AlertLine]:
        return []

    def pauses(self, _now: datetime) -> Mapping[str, datetime]:
        return {}

    def mails_a_day(self, _now: datetime) -> float | None:
        return None

    def heartbeats(self) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        return self.beats


def test_the_lines_stand_in_the_order_of_the_accounts() -> None:
    beats = {
        ("new@example.org", WATCHED_BEAT): (NOW, ""),
        (ACCOUNT, WATCHED_BEAT): (NOW, "week to 19 Nov"),
    }
    accounts = ["new@example.org", ACCOUNT.upper(), "other@example.org"]
    report = gather(Views(beats), ModelInUse("starter", True), NOW, accounts)
    assert report.weeks == (None, "week to 19 Nov", None)

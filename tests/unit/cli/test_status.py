"""What `status` says, and to whom."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from jeeves.cli.live import Lines, page
from jeeves.cli.status import Learning, StatusReport, became, gather, next_night, reads, render
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "sent"),
        ({"delivery": "queued"}, "sent, queued at Twilio"),
        ({"delivery": "delivered", "delivered_at": NOW}, "sent, arrived 19 Nov 12:00"),
        ({"state": AlertState.FAILED, "note": "No such number."}, "failed: No such number."),
    ],
)
def test_an_alert_says_how_far_it_came(changes: dict[str, object], words: str) -> None:
    alert = replace(ALERT, **changes)  # type: ignore[arg-type]
    assert became(alert, ZoneInfo("UTC")) == words
    assert replace(REPORT, alerts=[alert]).as_json()["last_alerts"][0]["delivery"] == alert.delivery


def test_each_account_has_its_age() -> None:
    assert reads([12.0]) == "12 s ago"
    assert reads([12.0, None]) == "account 1 12 s ago, account 2 never"
    assert reads([]) == "never"


@pytest.mark.parametrize(
    ("new", "needed", "words"),
    [
        (3, 20, "at 20 new labels, 3 so far (`jeeves ask`); looked at in the night, Fri 20 Nov"),
        (23, 20, "Fri 20 Nov 03:00, from 23 new labels"),
        (1, 0, "only by `jeeves retrain`; 1 new label"),
    ],
)
def test_the_next_retraining_is_told(new: int, needed: int, words: str) -> None:
    utc = ZoneInfo("UTC")
    report = replace(REPORT, learning=Learning(new, needed, next_night(NOW, 3, utc)))
    assert f"retraining     {words}" in render(report, utc)
    assert report.as_json()["new_labels"] == new


def test_the_night_comes_on_the_owners_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_night(NOW, 13, berlin) == NOW + timedelta(days=1)
    assert next_night(NOW, 14, berlin) == NOW + timedelta(hours=1)


def test_what_the_model_misses_is_stated() -> None:
    report = replace(REPORT, expected="catches about 9 of 10", miss_rate=0.0987)
    assert "expect         catches about 9 of 10; misses 10 %" in render(report, None)
    assert report.as_json()["miss_rate"] == 0.0987


def test_only_what_changes_is_a_line_and_the_time_alone_is_no_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(ZoneInfo("UTC"))
    lines.show(REPORT, [], NOW)
    lines.show(replace(REPORT, read_ages=(14.0,)), [], NOW + timedelta(seconds=2))
    lines.lost("No database.", NOW)
    lines.lost("No database.", NOW)
    lines.show(REPORT, [], NOW)
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "2026-11-19 12:00:00 well, reading, 3 messages, 0 to judge, 0 to deliver, 0 waiting, last "
        "jv-ABCD2345 by sms: sent",
        "2026-11-19 12:00:00 not well: No database.",
        told[0],
    ]


def test_the_screen_shows_what_was_told_and_no_control_of_the_terminal() -> None:
    report = replace(REPORT, alerts=[replace(ALERT, text="Ana\x1b[31m: lunch?")])
    console = Console(width=80, record=True, file=io.StringIO(), force_terminal=False)
    console.print(page(report, [], NOW, ZoneInfo("UTC"), 80))
    shown = console.export_text()
    assert "Ana[31m: lunch?" in shown
    assert "\x1b" not in shown
    assert "Ctrl-C ends." in shown

"""What the doctor says of each link, of what leaves the machine, and of its own failures."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from jeeves.adapters import crontab
from jeeves.adapters.systemd import Systemd
from jeeves.cli.examining import channels, machine, mail, scheduler
from jeeves.cli.examining.channels import what_leaves
from jeeves.cli.examining.finding import Check, Finding, Found, Grade
from jeeves.domain.installation import Installation
from jeeves.errors import DeliveryDelayed, DeliveryRefused, MailboxUnavailable
from jeeves.settings import Settings
from tests.builders import NOW
from tests.twilio_standin import Answer, TwilioStandIn

SENDER, PHONE = "+15005550006", "+15005550010"
MINUTES_15 = timedelta(minutes=15)


def settings(home: Path, **given: object) -> Settings:
    return Settings.model_validate({"jeeves_home": home, "speech": "off", **given})


def texting(home: Path, twilio: TwilioStandIn, **given: object) -> Settings:
    return settings(
        home,
        twilio_account_sid=twilio.account_sid,
        twilio_auth_token=SecretStr(twilio.auth_token),
        twilio_from=SENDER,
        alert_to=PHONE,
        twilio_base_url=twilio.base_url,
        **given,
    )


def found_by(checks: Iterator[Check]) -> dict[str, Finding]:
    return {finding.link: finding for finding in [check.finding() for check in list(checks)]}


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


def raising(error: BaseException) -> Callable[[], Found]:
    def examined() -> Found:
        raise error

    return examined


class TestCheck:
    def test_one_that_crashes_is_broken_and_tells_its_class_alone(self) -> None:
        finding = Check("model", raising(KeyError("a secret"))).finding()
        assert not finding.ok
        assert "fault of Jeeves (KeyError)" in finding.says
        assert "secret" not in str(finding) + str(finding.as_json())

    def test_one_that_hangs_is_broken_when_its_time_is_over(self) -> None:
        release = threading.Event()

        def hangs() -> Found:
            release.wait(30)
            return Found("late")

        finding = Check("mail", hangs, seconds=0.05).finding()
        release.set()
        assert (finding.ok, finding.says) == (False, "no answer within 0.05 s")

    def test_an_expected_failure_says_what_mends_it(self) -> None:
        error = MailboxUnavailable("No way there.")
        finding = Check("mail", raising(error), lambda _: "this").finding()
        assert str(finding) == f"mail       BROKEN  No way there.\n{'':19}-> this"
        assert finding.as_json() == {
            "link": "mail",
            "state": "broken",
            "ok": False,
            "says": "No way there.",
            "mends": "this",
        }

    def test_a_warning_still_works(self) -> None:
        assert Finding("disk", Found("little", Grade.WARNING)).ok


class TestMachine:
    @pytest.mark.parametrize(
        ("free", "grade"),
        [(2 * 10**9, Grade.OK), (5 * 10**8, Grade.WARNING), (10**7, Grade.BROKEN)],
    )
    def test_a_disk_that_fills_is_told_before_it_is_full(
        self, tmp_path: Path, free: int, grade: Grade
    ) -> None:
        found = machine.room(tmp_path, free)
        assert (found.grade, bool(found.mends)) == (grade, grade is not Grade.OK)

    def test_a_home_that_is_a_file_is_looked_past_and_one_that_is_not_there_yet_is_fine(
        self, tmp_path: Path
    ) -> None:
        found = machine.disk(settings(tmp_path / "not" / "yet"))
        assert "GB free" in found.says
        assert str(tmp_path) in found.says

    @pytest.mark.parametrize("leaks", [True, False])
    def test_settings_that_others_may_read_are_told(self, tmp_path: Path, leaks: bool) -> None:
        path = tmp_path / ".env"
        path.write_text("SPEECH=off\n", encoding="utf-8")
        path.chmod(0o644 if leaks else 0o600)
        found = machine.files(settings(tmp_path / "home"), tmp_path)
        assert found.grade is (Grade.WARNING if leaks else Grade.OK)
        assert found.mends == (f"chmod 600 {path}" if leaks else "")

    @pytest.mark.parametrize(
        ("ahead", "grade", "words"),
        [
            (timedelta(seconds=5), Grade.OK, "agrees with Postgres's clock"),
            (timedelta(minutes=3), Grade.WARNING, "3 min behind Postgres's clock"),
            (timedelta(minutes=-3), Grade.WARNING, "3 min ahead of Postgres's clock"),
            (timedelta(hours=1), Grade.BROKEN, "60 min behind Postgres's clock"),
        ],
    )
    def test_a_clock_that_is_off_is_told(
        self, tmp_path: Path, ahead: timedelta, grade: Grade, words: str
    ) -> None:
        berlin = settings(tmp_path, timezone="Europe/Berlin")
        found = machine.clock(berlin, NOW, {"Postgres's": NOW + ahead}, None)
        assert found.grade is grade
        assert "13:00 on 19 Nov, Europe/Berlin" in found.says
        assert words in found.says

    def test_a_mail_from_the_future_says_that_the_clock_is_slow(self, tmp_path: Path) -> None:
        berlin = settings(tmp_path, timezone="Europe/Berlin")
        slow = machine.clock(berlin, NOW, {}, NOW + timedelta(hours=2))
        assert (slow.grade, "behind the mail server's" in slow.says) == (Grade.BROKEN, True)
        assert machine.clock(berlin, NOW, {}, NOW - timedelta(days=3)).grade is Grade.OK

    def test_quiet_hours_of_nowhere_are_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Settings, "zone", UTC)
        nowhere = machine.clock(settings(tmp_path), NOW, {}, None)
        assert (nowhere.grade, "TIMEZONE" in nowhere.mends) == (Grade.WARNING, True)
        chosen = machine.clock(settings(tmp_path, timezone="Atlantic/Reykjavik"), NOW, {}, None)
        assert chosen.grade is Grade.OK


class TestMail:
    def test_all_mail_that_is_hidden_is_told_with_the_page(self) -> None:
        found = mail.of_the_inbox("says", chosen=False)
        assert (found.grade, mail.GMAIL_LABELS in found.mends) == (Grade.WARNING, True)
        assert "IMAP_MAILBOX" in mail.of_the_inbox("says", chosen=True).mends

    def test_without_an_account_it_is_said_how_to_begin(self, tmp_path: Path) -> None:
        found = found_by(mail.checks(settings(tmp_path), mail.Arrivals()))["mail"]
        assert not found.ok
        assert "No account is configured" in found.says

    def test_the_newest_of_all_mailboxes_counts(self) -> None:
        arrivals = mail.Arrivals()
        for moment in (NOW, None, NOW - timedelta(days=1)):
            arrivals.told(moment)
        assert arrivals.newest == NOW


class TestTexts:
    def test_sender_and_recipient_are_looked_up_and_nothing_is_sent(
        self, tmp_path: Path, twilio: TwilioStandIn
    ) -> None:
        found = found_by(channels.checks(texting(tmp_path, twilio)))["sms"]
        assert found.found.grade is Grade.OK
        assert found.says == "account active (full); sender and recipient are in order"
        assert {request.method for request in twilio.requests} == {"GET"}
        assert twilio.messages == []

    @pytest.mark.parametrize(
        ("numbers", "words"),
        [
            ({}, "not a number of this Twilio account"),
            ({SENDER: False}, "cannot send text messages"),
        ],
    )
    def test_a_sender_that_cannot_text_is_broken(
        self, tmp_path: Path, twilio: TwilioStandIn, numbers: dict[str, bool], words: str
    ) -> None:
        twilio.numbers = numbers
        found = found_by(channels.checks(texting(tmp_path, twilio)))["sms"]
        assert (found.ok, words in found.says) == (False, True)
        assert found.found.mends.startswith("https://console.twilio.com/")
        assert SENDER not in str(found)

    @pytest.mark.parametrize("verified", [True, False])
    def test_a_trial_account_texts_verified_phones_alone(
        self, tmp_path: Path, twilio: TwilioStandIn, verified: bool
    ) -> None:
        twilio.account_type = "Trial"
        twilio.verified = {PHONE} if verified else set()
        found = found_by(channels.checks(texting(tmp_path, twilio)))["sms"]
        assert (found.ok, "verified numbers only" in found.says) == (verified, not verified)
        assert PHONE not in str(found)

    def test_a_last_text_that_did_not_arrive_is_told_with_twilios_page(
        self, tmp_path: Path, twilio: TwilioStandIn
    ) -> None:
        ours = texting(tmp_path, twilio)
        from jeeves import notifying
        from tests.builders import an_alert

        receipt = notifying.make_sms(ours).send(an_alert(text="Lunch? jv-ABCD2345"))
        twilio.carry(receipt.id, "undelivered", 30034)
        found = found_by(channels.checks(ours))["sms"]
        assert (found.found.grade, "A2P 10DLC" in found.says) == (Grade.WARNING, True)
        assert found.found.mends == "https://www.twilio.com/docs/api/errors/30034"

    def test_an_api_key_that_may_not_look_is_no_fault(
        self, tmp_path: Path, twilio: TwilioStandIn
    ) -> None:
        refusing = Answer(401, 20003)
        twilio.mischief = lambda r: refusing if "Messages" not in r.path else None
        ours = texting(tmp_path, twilio).model_copy(
            update={
                "twilio_api_key": twilio.api_key,
                "twilio_api_secret": SecretStr(twilio.api_secret),
            }
        )
        assert found_by(channels.checks(ours))["sms"].found.grade is Grade.OK

    def test_each_phone_is_examined(self, tmp_path: Path, twilio: TwilioStandIn) -> None:
        path = tmp_path / "accounts.toml"
        path.write_text(
            '[[account]]\naddress = "ana@example.org"\noauth = true\nalert_to = "+15005550011"\n'
            '[[account]]\naddress = "sam@example.org"\noauth = true\n',
            encoding="utf-8",
        )
        ours = texting(tmp_path, twilio, accounts_file=path)
        assert list(found_by(channels.checks(ours))) == ["sms 1", "sms 2"]

    def test_what_mends_it_is_the_page_of_the_refusal(self) -> None:
        assert channels.mends(DeliveryRefused("no", 20003)).endswith("/errors/20003")
        assert channels.mends(DeliveryDelayed("later")) == channels.TWILIO_STATUS


@pytest.mark.parametrize(
    ("found", "quiet", "grade", "words"),
    [
        (["the service jeeves.service"], timedelta(minutes=1), Grade.OK, "runs it"),
        ([], timedelta(minutes=1), Grade.WARNING, "not running by itself"),
        ([], timedelta(days=2), Grade.WARNING, "not running by itself: mail was read 2 days ago"),
        ([], None, Grade.WARNING, "not running by itself: mail was never read"),
        (["cron"], None, Grade.WARNING, "cron is there, but mail was never read"),
        (["cron"], timedelta(hours=2), Grade.BROKEN, "cron is there, but mail was read 2 h ago"),
    ],
)
def test_whether_anything_runs_it_is_told(
    found: list[str], quiet: timedelta | None, grade: Grade, words: str
) -> None:
    told = scheduler.judged(found, quiet, MINUTES_15)
    assert told.grade is grade
    assert words in told.says
    assert bool(told.mends) is (grade is not Grade.OK)


def test_what_is_installed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncat $LINES_FILE\n", encoding="utf-8")
    program.chmod(0o755)
    lines = tmp_path / "lines"
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("LINES_FILE", str(lines))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    root, home = tmp_path / "root", tmp_path / "home"
    lines.write_text("# */5 * * * * jeeves check\n5 4 * * * backup\n", encoding="utf-8")
    assert scheduler.installed(root, home) == []
    lines.write_text("*/5 * * * * /opt/jeeves/.venv/bin/jeeves check\n", encoding="utf-8")
    assert scheduler.installed(root, home) == ["cron"]
    unit = home / ".config" / "systemd" / "user" / "jeeves.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert scheduler.installed(root, home) == ["the service jeeves.service", "cron"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    assert scheduler.installed(root, home) == ["cron"]
    of_its_own = Systemd.of({"XDG_CONFIG_HOME": str(home / "config")}, system=False)
    of_its_own.units.mkdir(parents=True)
    of_its_own.file.touch()
    ours = Installation(("/opt/the jeeves/bin/jeeves",), home, home)
    lines.write_bytes(b"\n".join(crontab.lines(ours, 5, None)))
    assert scheduler.installed(root, home) == ["the service jeeves.service", "cron"]


def test_whoever_starts_a_container_starts_it_again(tmp_path: Path) -> None:
    assert not scheduler.is_container(tmp_path)
    (tmp_path / ".dockerenv").touch()
    assert scheduler.is_container(tmp_path)
    minute, day = timedelta(minutes=1), timedelta(days=1)
    assert scheduler.judged([], minute, MINUTES_15, contained=True).grade is Grade.OK
    assert scheduler.judged([], day, MINUTES_15, contained=True).grade is Grade.WARNING


@pytest.mark.parametrize(
    ("when", "what"), [("always", "alerts through"), ("fallback", "what fails elsewhere through")]
)
def test_services_that_mail_content_goes_to_are_listed_without_their_secrets(
    tmp_path: Path, when: str, what: str
) -> None:
    urls = SecretStr("ntfy://t0ps3cret, mailto://me:t0ps3cret@example.org")
    said = what_leaves(settings(tmp_path, alert_urls=urls, alert_urls_when=when))
    assert f"{what} ALERT_URLS (ntfy, mailto): sender's name, subject" in said
    assert "t0ps3cret" not in said
    assert "ALERT_URLS" not in what_leaves(settings(tmp_path))
    weekly = settings(tmp_path, alert_urls=urls, weekly_digest="on")
    assert what_leaves(weekly).endswith("a digest of what was alerted (WEEKLY_DIGEST)")


def test_a_channel_that_cannot_be_set_up_does_not_stop_the_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, twilio: TwilioStandIn
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    ours = texting(tmp_path, twilio, alert_urls=SecretStr("ntfy://topic"))
    found = found_by(channels.checks(ours))
    assert [(link, one.ok) for link, one in found.items()] == [("sms", True), ("url", False)]
    assert "jeeves[channels]" in found["url"].says


def test_whoever_would_not_be_told_at_all_is_told_so(tmp_path: Path) -> None:
    account = {"gmail_address": "sam@example.org", "gmail_app_password": "x" * 16}
    (sms, speech) = channels.configured(settings(tmp_path, **account))
    assert (sms.link, sms.ok, speech.says) == ("sms", False, "switched off by SPEECH=off")
    (heard,) = channels.configured(settings(tmp_path, **account, speech="on"))
    assert (heard.found.grade, "ALERT_TO" in heard.found.mends) == (Grade.WARNING, True)


def test_where_reports_are_awaited_is_said(tmp_path: Path, twilio: TwilioStandIn) -> None:
    ours = texting(tmp_path, twilio, twilio_callback_url="https://host.example/s3cret-path")
    said = {finding.link: finding.says for finding in channels.configured(ours)}
    assert said["callback"] == "host.example hands Twilio's reports on to 127.0.0.1:8787"

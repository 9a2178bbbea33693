"""SmsNotifier against the stand-in for Twilio, through the real twilio client."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from jeeves.adapters.sms import SmsNotifier
from jeeves.domain.alert import Alert, Channel
from jeeves.domain.ports import Notifier
from jeeves.errors import (
    ConfigError,
    DeliveryDelayed,
    DeliveryError,
    DeliveryRefused,
    DeliveryUnknown,
)
from tests.twilio_standin import Answer, Fault, TwilioStandIn

TO, SENDER = "+15558675310", "+15005550006"
TEXT = "Ana Smith wants to meet, no place yet: lunch on Tuesday? jv-8K2M4QXZ"

Build = Callable[..., SmsNotifier]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def build(twilio: TwilioStandIn) -> Build:
    """Makes a notifier for the stand-in's account; keywords replace its settings."""

    def make(**changes: str | float | None) -> SmsNotifier:
        settings: dict[str, str | float | None] = {
            "account_sid": twilio.account_sid,
            "auth_token": twilio.auth_token,
            "sender": SENDER,
            "to": TO,
            "base_url": twilio.base_url,
            "timeout": 5.0,
        }
        return SmsNotifier(**(settings | changes))  # type: ignore[arg-type]  # mixed keywords

    return make


def an_alert(text: str = TEXT, created_at: datetime | None = None) -> Alert:
    return Alert(
        reference="jv-8K2M4QXZ",
        account="me@example.org",
        thread_key="t1",
        message_id=1,
        channel=Channel.SMS,
        text=text,
        created_at=created_at or datetime.now(UTC),
    )


def send_and_catch(notifier: SmsNotifier) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        notifier.send(an_alert())
    return caught.value


def test_an_alert_becomes_one_message_and_its_sid_the_receipt(
    twilio: TwilioStandIn, build: Build
) -> None:
    notifier: Notifier = build()
    receipt = notifier.send(an_alert())
    (message,) = twilio.messages
    assert receipt.id == message["sid"]
    assert receipt.note == "Twilio: queued"
    (request,) = twilio.requests
    assert dict(request.form) == {
        "To": TO,
        "From": SENDER,
        "Body": TEXT,
        "ValidityPeriod": "14400",
        "SmartEncoded": "true",
    }


def test_an_api_key_and_a_messaging_service_serve_as_well(
    twilio: TwilioStandIn, build: Build
) -> None:
    service = "MG" + "0a" * 16
    notifier = build(
        auth_token=None,
        api_key=twilio.api_key,
        api_secret=twilio.api_secret,
        sender=None,
        messaging_service_sid=service,
    )
    assert notifier.send(an_alert()).id == twilio.messages[0]["sid"]
    assert twilio.requests[0].user == twilio.api_key
    assert twilio.messages[0]["messaging_service_sid"] == service


def test_text_of_any_script_arrives_unchanged(twilio: TwilioStandIn, build: Build) -> None:
    text = "Zoë & Олег: 見面? 50% +1 \N{HOT BEVERAGE} jv-8K2M4QXZ"
    build().send(an_alert(text))
    assert twilio.messages[0]["body"] == text


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(429, 20429), DeliveryDelayed, None),
        (Answer(429), DeliveryDelayed, None),
        (Answer(500, 20500), DeliveryUnknown, None),
        (Answer(502, body=b"<html>bad gateway</html>"), DeliveryUnknown, None),
        (Answer(503, retry_after="60"), DeliveryUnknown, None),
        (Answer(504, body=b""), DeliveryUnknown, None),
        (Answer(408), DeliveryUnknown, None),
        (Answer(201, body=b"<html>welcome to our hotel</html>"), DeliveryUnknown, None),
        (Answer(201, body=b"[]"), DeliveryUnknown, None),
        (Answer(201, body=b"{}"), DeliveryUnknown, None),
        (Answer(401, body=b"no"), DeliveryRefused, 20003),
        (Answer(400, 12345), DeliveryRefused, 12345),
        (Answer(403), DeliveryRefused, None),
        (Answer(400, body=b'{"code": "odd"}'), DeliveryRefused, None),
    ],
)
def test_each_answer_is_told_apart(
    twilio: TwilioStandIn,
    build: Build,
    answer: Answer,
    error: type[DeliveryError],
    code: int | None,
) -> None:
    twilio.script([answer])
    caught = send_and_catch(build())
    assert type(caught) is error
    assert getattr(caught, "code", None) == code
    # Nothing is retried in here: that is the outbox's work.
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("9" * 400, 86400),
    ],
)
def test_retry_after_is_passed_on_in_seconds(
    twilio: TwilioStandIn, build: Build, header: str, seconds: float
) -> None:
    twilio.script([Answer(429, 20429, retry_after=header)])
    caught = send_and_catch(build())
    assert isinstance(caught, DeliveryDelayed)
    assert caught.retry_after == seconds


def test_retry_after_may_be_a_moment(twilio: TwilioStandIn, build: Build) -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    twilio.script([Answer(429, 20429, retry_after=in_an_hour)])
    caught = send_and_catch(build())
    assert isinstance(caught, DeliveryDelayed)
    assert 3000 < (caught.retry_after or 0) <= 3600


def test_a_retry_after_that_says_nothing_is_none(twilio: TwilioStandIn, build: Build) -> None:
    twilio.script([Answer(429, 20429, retry_after="soon")])
    caught = send_and_catch(build())
    assert isinstance(caught, DeliveryDelayed)
    assert caught.retry_after is None


@pytest.mark.parametrize("fault", list(Fault))
def test_silence_a_reset_or_a_fault_of_twilio_leaves_the_outcome_unknown(
    twilio: TwilioStandIn, build: Build, fault: Fault
) -> None:
    twilio.script([fault])
    caught = send_and_catch(build(timeout=0.4))
    assert type(caught) is DeliveryUnknown
    said = {
        Fault.HANG: "within 0.4 s",
        Fault.ACCEPT_THEN_HANG: "within 0.4 s",
        Fault.ACCEPT_THEN_FAIL: "HTTP 500",
    }
    assert said.get(fault, "broke") in str(caught)
    assert len(twilio.requests) == 1


def test_a_refused_connection_is_certainly_not_sent(build: Build) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert type(send_and_catch(build(base_url=f"http://127.0.0.1:{port}"))) is DeliveryDelayed


def test_a_connection_that_is_never_made_is_certainly_not_sent(build: Build) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # A full backlog: Linux drops what else wants to connect.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        assert type(send_and_catch(build(base_url=url, timeout=0.4))) is DeliveryDelayed


def test_an_unknown_host_is_certainly_not_sent(build: Build) -> None:
    caught = send_and_catch(build(base_url="https://sms.invalid", timeout=2.0))
    assert type(caught) is DeliveryDelayed
    assert "sms.invalid" in str(caught)


def test_a_dead_proxy_is_certainly_not_sent(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        caught = send_and_catch(build(base_url="https://sms.invalid", timeout=2.0))
    assert type(caught) is DeliveryDelayed
    assert "proxy" in str(caught)


@pytest.fixture
def untrusted(tmp_path: Path, needs_program: Callable[[str, str], str]) -> Iterator[str]:
    """The URL of a TLS server with a certificate that it has signed itself."""
    openssl = needs_program("openssl", "apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost"]
    command += ["-days", "1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def refuse_to_be_read(listening: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True):
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=refuse_to_be_read, args=(listening,))
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        thread.join()


def test_an_untrusted_certificate_is_certainly_not_sent(build: Build, untrusted: str) -> None:
    caught = send_and_catch(build(base_url=untrusted))
    assert type(caught) is DeliveryDelayed
    assert "certificate" in str(caught)


def test_a_missing_certificate_bundle_is_a_setting_to_mend(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    caught = send_and_catch(build(base_url="https://sms.invalid", timeout=2.0))
    assert type(caught) is DeliveryRefused
    assert "REQUESTS_CA_BUNDLE" in str(caught)


def test_the_loopback_is_reached_past_any_proxy_of_the_environment(
    twilio: TwilioStandIn, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    build().send(an_alert())
    assert len(twilio.messages) == 1


def test_settings_of_twilio_in_the_environment_are_not_read(
    twilio: TwilioStandIn, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
    build().send(an_alert())
    assert twilio.requests[0].user == twilio.account_sid


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_never_follow_a_redirect(
    twilio: TwilioStandIn, build: Build, status: int
) -> None:
    with TwilioStandIn() as other:
        location = f"{other.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
        twilio.script([Answer(status, headers={"Location": location})] * 3)
        assert type(send_and_catch(build())) is DeliveryUnknown
        with pytest.raises(DeliveryUnknown):
            build().find(an_alert())
        with pytest.raises(DeliveryUnknown):
            build().check()
        assert other.requests == []


@pytest.mark.parametrize("fault", [Fault.ACCEPT_THEN_HANG, Fault.ACCEPT_THEN_RESET])
def test_a_lost_answer_is_found_again_by_its_reference(
    twilio: TwilioStandIn, build: Build, fault: Fault
) -> None:
    twilio.script([fault])
    notifier = build(timeout=0.4)
    send_and_catch(notifier)
    receipt = notifier.find(an_alert())
    assert receipt is not None
    assert receipt.id == twilio.messages[0]["sid"]
    assert len(twilio.messages) == 1
    assert twilio.requests[1].query["To"] == TO
    assert build(to="+15558670000").find(an_alert()) is None


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.RESET])
def test_a_message_that_was_never_accepted_is_not_found(
    twilio: TwilioStandIn, build: Build, fault: Fault
) -> None:
    build().send(an_alert("Another one jv-22222222"))
    twilio.script([fault])
    notifier = build(timeout=0.4)
    send_and_catch(notifier)
    assert notifier.find(an_alert()) is None


def test_a_message_is_found_whether_waiting_or_delivered_and_behind_many_others(
    twilio: TwilioStandIn, build: Build
) -> None:
    notifier = build()
    sid = notifier.send(an_alert()).id
    pattern = twilio.messages[0]
    newer = [{**pattern, "body": f"other {n}", "sid": f"SM{n:032x}"} for n in range(2500)]
    twilio.messages.extend(newer)
    found = notifier.find(an_alert())
    assert found is not None
    assert (found.id, found.note) == (sid, "Twilio: queued")
    twilio.settle(sid, "delivered")
    found = notifier.find(an_alert())
    assert found is not None
    assert (found.id, found.note) == (sid, "Twilio: delivered")


@pytest.mark.parametrize("reminder", [False, True])
def test_a_lookup_reads_no_further_than_the_day_before_the_first_attempt(
    twilio: TwilioStandIn, build: Build, reminder: bool
) -> None:
    notifier = build()
    notifier.send(an_alert())
    alert = an_alert()
    if reminder:
        # A reminder is made long before it is said.
        made_at = datetime.now(UTC) - timedelta(days=30)
        alert = replace(alert, created_at=made_at, tried_at=datetime.now(UTC))
    old = format_datetime(datetime.now(UTC) - timedelta(days=3))
    pattern = twilio.messages.pop()
    twilio.messages.extend(
        {**pattern, "body": "old", "date_created": old, "sid": f"SM{n:032x}"} for n in range(1900)
    )
    twilio.requests.clear()
    assert notifier.find(alert) is None
    assert len(twilio.requests) == 1


@pytest.mark.parametrize("code", [30001, 30003, 30008, None])
def test_a_message_lost_for_a_passing_reason_counts_as_none(
    twilio: TwilioStandIn, build: Build, code: int | None
) -> None:
    sid = build().send(an_alert()).id
    twilio.settle(sid, "undelivered", code)
    assert build().find(an_alert()) is None


def test_a_message_that_failed_for_good_is_a_refusal(twilio: TwilioStandIn, build: Build) -> None:
    sid = build().send(an_alert()).id
    twilio.settle(sid, "failed", 30034)
    with pytest.raises(DeliveryRefused, match="A2P 10DLC") as caught:
        build().find(an_alert())
    assert caught.value.code == 30034


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Fault.HANG, DeliveryUnknown),
        (Fault.RESET, DeliveryUnknown),
        (Answer(503), DeliveryUnknown),
        (Answer(200, body=b"hello"), DeliveryUnknown),
        (Answer(200, body=b"{}"), DeliveryUnknown),
        (Answer(429, 20429, retry_after="3"), DeliveryDelayed),
        (Answer(401, 20003), DeliveryRefused),
    ],
)
def test_a_lookup_that_fails_says_how(
    twilio: TwilioStandIn, build: Build, step: Answer | Fault, error: type[DeliveryError]
) -> None:
    twilio.script([step])
    with pytest.raises(DeliveryError) as caught:
        build(timeout=0.4).find(an_alert())
    assert type(caught.value) is error


def test_neither_number_text_nor_secret_gets_into_an_error_or_a_log(
    twilio: TwilioStandIn, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    notifier = build(timeout=0.4)
    told: list[str] = []
    steps = [*Fault, Answer(400, 21211, message=f"{TO} {TEXT}"), Answer(503), Answer(302), None]
    for step in steps:
        for call in (notifier.send, notifier.find):
            twilio.script([step])
            try:
                call(an_alert())
            except DeliveryError:
                told.append(traceback.format_exc())
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = build(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        for call in (closed.send, closed.find):
            with pytest.raises(DeliveryDelayed) as delayed:
                call(an_alert())
            told.append("".join(traceback.format_exception(delayed.value)))
    refused = build(to="+15005550004")
    with pytest.raises(DeliveryRefused) as caught:
        refused.send(an_alert())
    told.append(str(caught.value))
    everything = "\n".join([*told, caplog.text, repr(notifier)])
    assert len(told) > 8
    for secret in (TO[1:], SENDER[1:], "15005550004", "Ana Smith", twilio.auth_token):
        assert secret not in everything


def test_check_tells_the_state_of_the_account(twilio: TwilioStandIn, build: Build) -> None:
    assert build().check() == "account active (full)"
    twilio.account_type = "Trial"
    assert build().check() == "account active (trial)"
    twilio.account_status = "suspended"
    with pytest.raises(DeliveryRefused, match="suspended"):
        build().check()
    with pytest.raises(DeliveryRefused, match="auth token"):
        build(auth_token="wrong").check()
    with pytest.raises(DeliveryRefused, match="SID"):
        build(account_sid="AC" + "0" * 32, api_key=twilio.api_key, api_secret="x").check()
    assert twilio.messages == []


def test_check_accepts_a_standard_api_key_which_may_not_read_the_account(
    twilio: TwilioStandIn, build: Build
) -> None:
    key = {"api_key": twilio.api_key, "api_secret": twilio.api_secret}
    assert build(auth_token=None, **key).check() == "API key accepted"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"account_sid": "SK" + "0" * 32}, "must be AC"),
        ({"account_sid": "AC/../" + "0" * 28}, "must be AC"),
        ({"auth_token": None}, "needs an auth token"),
        ({"auth_token": None, "api_key": "SK1"}, "together with its secret"),
        ({"auth_token": "“pasted”"}, "character"),
        ({"sender": None}, "either a sender"),
        ({"messaging_service_sid": "MG1"}, "either a sender"),
        ({"base_url": "http://sms.example.org"}, "https://"),
        ({"base_url": "sms.example.org"}, "https://"),
        ({"base_url": "https://"}, "https://"),
    ],
)
def test_incomplete_settings_are_named_before_anything_is_sent(
    twilio: TwilioStandIn, build: Build, change: dict[str, str | None], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        build(**change)
    assert twilio.requests == []


def test_twilio_is_imported_only_when_it_is_used() -> None:
    program = (
        "import sys, jeeves.adapters.sms as sms\n"
        "sms.SmsNotifier(account_sid='AC'+'0'*32, auth_token='t', "
        "sender='+15550001', to='+15550002')\n"
        "assert not {'twilio', 'requests', 'urllib3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

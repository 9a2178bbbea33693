"""Delivery reports over real HTTP on the loopback, signed rightly and wrongly."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import structlog
from structlog.testing import capture_logs

from jeeves import notifying
from jeeves.adapters.sms import SmsNotifier
from jeeves.adapters.twilio_callback import LARGEST_BODY, TwilioCallback
from jeeves.errors import ConfigError, StoreUnavailable
from jeeves.settings import Settings
from tests.builders import an_alert
from tests.twilio_standin import TwilioStandIn

URL = "https://host.example/twilio"
FORM = {"MessageSid": "SM" + "0a" * 16, "MessageStatus": "delivered", "To": "+15558675310"}
KIND = {"Content-Type": "application/x-www-form-urlencoded"}

Report = tuple[str, str, int | None]


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def told() -> list[Report]:
    return []


@pytest.fixture
def callback(twilio: TwilioStandIn, told: list[Report]) -> Iterator[TwilioCallback]:
    with TwilioCallback(
        url=URL,
        auth_token=twilio.auth_token,
        port=0,
        told=lambda sid, status, code: told.append((sid, status, code)),
    ) as listening:
        yield listening


def ask(
    callback: TwilioCallback,
    method: str = "POST",
    path: str = "/twilio",
    body: bytes | str = "",
    **headers: str,
) -> tuple[int, str]:
    """Status and everything else of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", callback.port, timeout=5)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**KIND, **sent})
        answer = connection.getresponse()
        return answer.status, str(answer.getheaders()) + answer.read().decode()
    finally:
        connection.close()


def report(callback: TwilioCallback, twilio: TwilioStandIn, url: str = URL, **changes: str) -> int:
    form = {**FORM, **changes}
    signature = twilio.signature(url, form)
    return ask(callback, body=urlencode(form), X_Twilio_Signature=signature)[0]


def test_a_signed_report_is_passed_on(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    assert report(callback, twilio) == 204
    assert report(callback, twilio, MessageStatus="undelivered", ErrorCode="30003") == 204
    assert report(callback, twilio, MessageStatus="sent", ErrorCode="", Body="Zoë & 見面+") == 204
    assert told == [
        (FORM["MessageSid"], "delivered", None),
        (FORM["MessageSid"], "undelivered", 30003),
        (FORM["MessageSid"], "sent", None),
    ]


def test_twilio_may_sign_the_url_with_its_port(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    assert report(callback, twilio, url="https://host.example:443/twilio") == 204
    assert len(told) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/twilio",
        "http://host.example/twilio",
        "https://host.example/twilio/",
        "http://127.0.0.1/twilio",
    ],
)
def test_what_was_signed_for_another_url_is_refused(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report], url: str
) -> None:
    assert report(callback, twilio, url=url) == 403
    assert told == []


def test_what_twilio_has_not_signed_is_refused(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    good = twilio.signature(URL, FORM)
    changed = urlencode({**FORM, "MessageStatus": "failed"})
    more = urlencode({**FORM, "ErrorCode": "30003"})
    less = urlencode({k: v for k, v in FORM.items() if k != "To"})
    twice = "MessageStatus=failed&" + urlencode(FORM)
    for body in (changed, more, less, twice, "", "&" * 200, "a=1&" * 200, b"\xff\xfe=1", "%ff=1"):
        assert ask(callback, body=body, X_Twilio_Signature=good)[0] == 403
    with TwilioStandIn() as other:
        foreign = other.signature(URL, FORM)
    for signature in ("", "x", foreign, good.lower(), good + "=", good[:-2], "é" * 28):
        encoded = signature.encode().decode("latin-1")
        assert ask(callback, body=urlencode(FORM), X_Twilio_Signature=encoded)[0] == 403
    assert ask(callback, body=urlencode(FORM))[0] == 403
    assert told == []


def test_a_signed_body_of_another_kind_is_refused(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    signature = twilio.signature(URL, FORM)
    headers = {"X_Twilio_Signature": signature, "Content_Type": "application/json"}
    assert ask(callback, body=urlencode(FORM), **headers)[0] == 403
    assert told == []


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageSid": ""},
        {"MessageSid": "SM1"},
        {"MessageSid": "CA" + "0" * 32},
        {"MessageStatus": ""},
        {"MessageStatus": "'; drop table alerts; --"},
    ],
)
def test_a_signed_report_about_no_message_is_refused(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report], changes: dict[str, str]
) -> None:
    assert report(callback, twilio, **changes) == 403
    assert told == []


@pytest.mark.parametrize("code", ["-1", "٣", "30003x", "3.0", " 1"])
def test_an_error_code_that_is_no_number_is_none(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report], code: str
) -> None:
    assert report(callback, twilio, ErrorCode=code) == 204
    assert told[0][2] is None


def test_other_paths_methods_and_sizes_are_refused(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    for path in ("/", "/twilio/", "/twilio?x=1", "//host/twilio", "/TWILIO", "/../twilio"):
        assert ask(callback, path=path, body=urlencode(FORM))[0] == 404
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        assert ask(callback, method)[0] == 405
    assert ask(callback, path="/" + "x" * 70_000)[0] == 414
    assert ask(callback, **{f"X_{n}": "1" for n in range(200)})[0] == 431
    large = {**FORM, "Body": "x" * LARGEST_BODY}
    signature = twilio.signature(URL, large)
    assert ask(callback, body=urlencode(large), X_Twilio_Signature=signature)[0] == 413
    for length in (str(2**70), "9" * 4000):
        assert ask(callback, Content_Length=length)[0] == 413
    for length in ("-1", "ten", "0x10", "1,1", ""):
        assert ask(callback, Content_Length=length)[0] == 411
    assert ask(callback, Transfer_Encoding="chunked", Content_Length="4", body="0")[0] == 411
    assert told == []


def test_a_report_that_cannot_be_kept_is_not_acknowledged(twilio: TwilioStandIn) -> None:
    def lost(_sid: str, _status: str, _code: int | None) -> None:
        raise StoreUnavailable("The database cannot be reached")

    with TwilioCallback(url=URL, auth_token=twilio.auth_token, port=0, told=lost) as callback:
        assert report(callback, twilio) == 503


def test_a_client_that_hangs_or_breaks_off_holds_nobody_up(
    callback: TwilioCallback, twilio: TwilioStandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    hanging = [socket.create_connection(("127.0.0.1", callback.port)) for _ in range(20)]
    for one in hanging[:10]:
        one.sendall(b"POST /twilio HTTP/1.1\r\nContent-Type: " + KIND["Content-Type"].encode())
    for one in hanging[10:]:
        one.sendall(
            b"POST /twilio HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 100\r\n\r\nTo=%2B15558675310"
        )
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
    assert report(callback, twilio) == 204
    for one in hanging[:10]:
        one.close()
    out = "".join(capfd.readouterr())
    assert "Traceback" not in out
    assert "15558675310" not in out


def test_an_answer_tells_nothing_about_the_program(callback: TwilioCallback) -> None:
    for method, path in (("GET", "/"), ("POST", "/twilio"), ("POST", "/" + "x" * 70_000)):
        told = ask(callback, method, path)[1].lower()
        assert "python" not in told
        assert "server" not in told


def test_nothing_of_a_report_is_logged(
    callback: TwilioCallback,
    twilio: TwilioStandIn,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    structlog.reset_defaults()
    with capture_logs() as events:
        report(callback, twilio, Body="Ana Lopez: lunch")
        report(callback, twilio, url="https://other.example/x", Body="Ana Lopez: lunch")
        report(callback, twilio, MessageSid="Ana Lopez")
        ask(callback, "GET", "/Ana%20Lopez")
    assert [event["event"] for event in events] == ["twilio callback refused"] * 2
    everything = f"{events}{caplog.text}{capfd.readouterr()}"
    for secret in ("Ana", "15558675310", twilio.auth_token):
        assert secret not in everything


def test_a_text_reports_each_of_its_statuses_through_the_owners_proxy(
    callback: TwilioCallback, twilio: TwilioStandIn, told: list[Report]
) -> None:
    sms = SmsNotifier(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        sender="+15005550006",
        to="+15558675310",
        base_url=twilio.base_url,
        callback_url=URL,
    )
    twilio.callback_proxy = f"http://127.0.0.1:{callback.port}"
    first, second = sms.send(an_alert()).id, sms.send(an_alert()).id
    twilio.carry(first)
    twilio.carry(second, "undelivered", 30034)
    assert told == [
        *((first, status, None) for status in ("sending", "sent", "delivered")),
        *((second, status, None) for status in ("sending", "sent")),
        (second, "undelivered", 30034),
    ]
    assert set(twilio.callback_answers) == {204}


def test_a_fault_of_ours_is_told_by_its_class_alone(
    twilio: TwilioStandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(_sid: str, _status: str, _code: int | None) -> None:
        raise KeyError("+15558675310")

    with (
        capture_logs() as events,
        TwilioCallback(url=URL, auth_token=twilio.auth_token, port=0, told=broken) as callback,
        pytest.raises(http.client.RemoteDisconnected),
    ):
        report(callback, twilio)
    assert events == [
        {"event": "twilio callback failed", "error": "KeyError", "log_level": "error"}
    ]
    assert "15558675310" not in "".join(capfd.readouterr())


def test_it_listens_on_this_machine_only_and_stops_with_its_context(
    twilio: TwilioStandIn,
) -> None:
    def ignore(_sid: str, _status: str, _code: int | None) -> None: ...

    threads = threading.active_count()
    with TwilioCallback(url=URL, auth_token=twilio.auth_token, port=0, told=ignore) as callback:
        port = callback.port
        with socket.create_connection(("127.0.0.1", port)) as one:
            assert one.getsockname()[0] == "127.0.0.1"
        with pytest.raises(OSError):  # noqa: PT011  # which one depends on the machine
            socket.create_connection(("127.0.0.2", port), timeout=1).close()
        with pytest.raises(ConfigError, match="TWILIO_CALLBACK_PORT"):
            TwilioCallback(url=URL, auth_token="x", port=port, told=ignore)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert threading.active_count() <= threads + 1


@pytest.mark.parametrize("token", [None, ""])
def test_without_the_auth_token_one_sentence_says_why_not(token: str | None) -> None:
    with pytest.raises(ConfigError, match="needs TWILIO_AUTH_TOKEN"):
        TwilioCallback(url=URL, auth_token=token, port=0, told=lambda *_: None)


def test_the_listener_runs_only_where_it_is_configured(
    twilio: TwilioStandIn, told: list[Report], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sms = {
        "jeeves_home": tmp_path,
        "twilio_account_sid": twilio.account_sid,
        "twilio_auth_token": twilio.auth_token,
        "twilio_from": "+15005550006",
        "alert_to": "+15558675310",
        "twilio_base_url": twilio.base_url,
    }

    def tell(sid: str, status: str, code: int | None) -> None:
        told.append((sid, status, code))

    settings = Settings.model_validate(
        {**sms, "twilio_callback_url": URL, "twilio_callback_port": port}
    )
    (notifier,) = notifying.notifiers_of(settings, None, None)
    twilio.callback_proxy = f"http://127.0.0.1:{port}"
    with notifying.open_callback(settings, tell):
        twilio.carry(notifier.send(an_alert()).id)
    assert [status for _, status, _ in told] == ["sending", "sent", "delivered"]
    with (
        notifying.open_callback(Settings.model_validate(sms), tell),
        pytest.raises(ConnectionRefusedError),
    ):
        socket.create_connection(("127.0.0.1", port), timeout=1)

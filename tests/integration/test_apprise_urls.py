"""UrlNotifier through the real apprise, against a real HTTP server on the loopback."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from jeeves import notifying
from jeeves.adapters.apprise_urls import CHILD, MOST_ATTEMPTS, UrlNotifier
from jeeves.domain.alert import Alert, Channel
from jeeves.domain.ports import Notifier
from jeeves.errors import ConfigError, DeliveryDelayed, DeliveryError, DeliveryRefused
from jeeves.errors import DeliveryUnknown as Unknown
from jeeves.settings import Settings
from tests.builders import an_alert

TEXT = 'Zoë López: lunch Thu 12:30? No place yet. ("grab lunch") jv-8K2M4QXZ'
SECRET = "t0psecret"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("apprise") is None:
        pytest.skip("apprise is not there; install it with: pip install apprise")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Service:
    """A web service that takes JSON, and answers as told."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        #: HTTP status of the coming answers; None takes the alert and never answers.
        self.answers: list[int | None] = []
        self.location = ""
        #: Seconds before each answer.
        self.delay = 0.0
        self._closing = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.taken.append(json.loads(body))
                status = service.answers.pop(0) if service.answers else 200
                service._closing.wait(None if status is None else service.delay)
                if status is None:
                    return
                self.send_response(status)
                if service.location:
                    self.send_header("Location", service.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def url(self, query: str = "") -> str:
        return f"json://me:{SECRET}@127.0.0.1:{self._server.server_port}/hook{query}"

    def texts(self) -> list[str]:
        return [taken["message"] for taken in self.taken]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


@pytest.fixture
def closed() -> Iterator[str]:
    """The URL of a port at which nobody listens."""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"json://me:{SECRET}@127.0.0.1:{unused.getsockname()[1]}/hook"


def the_alert(text: str = TEXT, **changes: object) -> Alert:
    return an_alert(channel=Channel.URL, text=text, reference="jv-8K2M4QXZ", **changes)


def failure(notifier: UrlNotifier, alert: Alert | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        notifier.send(alert or the_alert())
    return caught.value


def test_an_alert_reaches_the_service_once_with_its_text(service: Service) -> None:
    notifier: Notifier = UrlNotifier([service.url()])
    receipt = notifier.send(the_alert())
    assert service.texts() == [TEXT]
    assert (receipt.id, receipt.note) == ("jv-8K2M4QXZ", "sent through JSON")
    assert notifier.follow(the_alert(receipt=receipt)) is None


@pytest.mark.parametrize(
    "text",
    [
        "見面好嗎? Олег \N{HOT BEVERAGE} $(touch x) `touch x` ; | & > x '; drop table alerts; --",
        "<b>bold</b> &amp; {{ body }} ${HOME} :smile: \\n \\x41 %s {0}",
        "x" * 1500,
    ],
)
def test_what_a_mail_says_arrives_as_it_is(service: Service, text: str) -> None:
    UrlNotifier([service.url()]).send(the_alert(text))
    assert service.texts() == [text]


def test_what_a_mail_says_calls_nobody(service: Service) -> None:
    UrlNotifier([service.url()]).send(the_alert("@everyone <@123> @here lunch?"))
    assert service.texts()[0].replace("\u2060", "") == "@everyone <@123> @here lunch?"
    assert "@everyone" not in service.texts()[0]
    assert "@123" not in service.texts()[0]


@pytest.mark.parametrize("status", [401, 429, 500])
def test_what_a_service_does_not_confirm_is_unknown(service: Service, status: int) -> None:
    service.answers = [status]
    caught = failure(UrlNotifier([service.url()]))
    assert type(caught) is Unknown
    assert "JSON" in str(caught)
    assert len(service.taken) == 1


def test_a_service_that_never_answers_is_unknown_in_time(service: Service) -> None:
    service.answers = [None]
    started = time.monotonic()
    assert type(failure(UrlNotifier([service.url()], seconds=2))) is Unknown
    assert time.monotonic() - started < 14
    assert len(service.taken) == 1


def test_the_patience_that_a_url_asks_for_stands(service: Service) -> None:
    service.answers = [None]
    started = time.monotonic()
    assert type(failure(UrlNotifier([service.url("?rto=0.3")], seconds=40))) is Unknown
    assert time.monotonic() - started < 12


def test_a_service_slower_than_the_patience_of_apprise_is_heard(service: Service) -> None:
    service.delay = 5  # apprise gives up after 4
    assert UrlNotifier([service.url()]).send(the_alert()).note == "sent through JSON"


def test_where_nobody_can_be_reached_it_has_certainly_not_left(closed: str) -> None:
    # one by one: together, either could hide the other
    for url in (closed, "json://nowhere.invalid/hook"):
        caught = failure(UrlNotifier([url]))
        assert type(caught) is DeliveryDelayed
        assert "network" in str(caught)


def test_a_connection_that_is_made_and_breaks_is_unknown() -> None:
    def break_off(listening: socket.socket) -> None:
        listening.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=break_off, args=(listening,))
        thread.start()
        url = f"json://127.0.0.1:{listening.getsockname()[1]}/"
        assert type(failure(UrlNotifier([url]))) is Unknown
        thread.join()


def test_one_of_several_services_is_enough_and_the_others_are_named(
    service: Service, closed: str
) -> None:
    urls = [closed, service.url(), "nosuch://x", closed + "?optional=yes"]
    receipt = UrlNotifier(urls).send(the_alert())
    assert service.texts() == [TEXT]
    assert receipt.note == "sent through JSON; not through JSON, JSON, nosuch"


def test_an_optional_service_that_cannot_be_reached_is_no_delivery(closed: str) -> None:
    assert type(failure(UrlNotifier([closed + "?optional=yes"]))) is DeliveryDelayed


def test_one_that_was_reached_leaves_the_doubt_whatever_the_others_say(
    service: Service, closed: str
) -> None:
    service.answers = [500]
    assert type(failure(UrlNotifier([closed, service.url()]))) is Unknown


def test_redirects_carry_the_alert_nowhere(service: Service) -> None:
    with Service() as other:
        service.answers, service.location = [307], other.url().replace("json", "http")
        assert type(failure(UrlNotifier([service.url()]))) is Unknown
        assert other.taken == []


def test_an_unconfirmed_alert_is_sent_again_but_not_for_ever() -> None:
    notifier = UrlNotifier(["json://127.0.0.1/"])
    for attempts in range(MOST_ATTEMPTS + 1):
        assert notifier.find(the_alert(attempts=attempts)) is None
    with pytest.raises(DeliveryRefused, match="not sent again"):
        notifier.find(the_alert(attempts=MOST_ATTEMPTS + 1))


def test_check_names_the_services_without_their_secrets_and_sends_nothing(
    service: Service,
) -> None:
    urls = [service.url(), f"ntfy://{SECRET}", f"mailto://me:{SECRET}@example.org"]
    assert UrlNotifier(urls).check() == "JSON, ntfy, E-Mail"
    assert service.taken == []


def test_urls_that_apprise_does_not_know_are_named_by_their_schemes_alone(
    service: Service,
) -> None:
    bad = [f"nosuch://{SECRET}", f"tgram://{SECRET}", f"file:///{SECRET}"]
    with pytest.raises(DeliveryRefused) as caught:
        UrlNotifier([service.url(), *bad]).check()
    alone = failure(UrlNotifier(bad))
    assert type(alone) is DeliveryRefused
    for said in (str(caught.value), str(alone)):
        # each of them, and no other
        assert "3 of ALERT_URLS (nosuch, tgram, file)" in said
        assert SECRET not in said


def test_a_url_reads_no_list_of_urls_and_no_file(service: Service, tmp_path: Path) -> None:
    listing = tmp_path / "urls.txt"
    listing.write_text(service.url())
    web = service.url().replace("json", "http")
    # it is refused where none of them can be used
    assert type(failure(UrlNotifier([str(listing), f"file://{listing}", web]))) is DeliveryRefused
    assert service.taken == []


def test_nothing_of_alert_or_url_is_logged_printed_or_written(
    service: Service,
    closed: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    notifier = UrlNotifier([service.url(), closed])
    told = [notifier.send(the_alert()).note, repr(notifier)]
    service.answers = [500]
    for urls in ([service.url()], [closed], [f"nosuch://{SECRET}"]):
        try:
            UrlNotifier(urls).send(the_alert())
        except DeliveryError:
            told.append(traceback.format_exc())
    everything = "\n".join([*told, caplog.text, *capfd.readouterr()])
    assert len(told) == 5
    for secret in (SECRET, "López", "grab lunch", "127.0.0.1"):
        assert secret not in everything
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs the /proc of Linux")
def test_neither_url_nor_text_is_seen_in_the_list_of_processes(service: Service) -> None:
    service.answers = [None]
    thread = threading.Thread(
        target=failure, args=(UrlNotifier([service.url()], seconds=3),), daemon=True
    )
    thread.start()
    while not service.taken:
        assert thread.is_alive()
        time.sleep(0.02)
    seen = ""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            seen += arguments.read_text("utf-8", errors="replace")
    assert CHILD.name in seen
    assert SECRET not in seen
    assert "López" not in seen
    thread.join()


def test_a_child_that_cannot_run_or_says_nonsense_leaves_the_doubt(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    crash = f"import sys; print('{SECRET}'); print('{SECRET}', file=sys.stderr); 1/0"
    for body in ("print('hello')", "raise SystemExit(7)", crash, ""):
        child = tmp_path / "child.py"
        child.write_text(body)
        monkeypatch.setattr("jeeves.adapters.apprise_urls.CHILD", child)
        caught = failure(UrlNotifier([service.url()]))
        assert type(caught) is Unknown
        assert SECRET not in "".join(traceback.format_exception(caught))
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr("jeeves.adapters.apprise_urls.START_SECONDS", 0.3)
    caught = failure(UrlNotifier([service.url()], seconds=0.3))
    assert type(caught) is Unknown
    assert SECRET not in "".join(traceback.format_exception(caught))
    assert SECRET not in "".join(capfd.readouterr())


def test_a_child_left_alone_ends_by_itself(service: Service) -> None:
    service.answers = [None]
    order = {"urls": [service.url()], "seconds": 2, "text": "x"}
    child = subprocess.Popen(
        [sys.executable, "-P", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    told, _ = child.communicate(json.dumps(order).encode(), timeout=30)
    assert child.returncode == 0
    assert json.loads(told)["left"] is True


def test_without_apprise_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'jeeves\[channels\]'"):
        UrlNotifier(["ntfy://topic"])


def test_apprise_is_never_loaded_into_the_program_itself(service: Service) -> None:
    program = (
        "import sys, json\n"
        "from jeeves.adapters.apprise_urls import UrlNotifier\n"
        f"print(UrlNotifier([{service.url()!r}]).check())\n"
        "assert not {'apprise', 'requests'} & sys.modules.keys()"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parents[2])}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment)


def test_what_is_configured_becomes_a_channel_between_texts_and_speech(
    service: Service, tmp_path: Path
) -> None:
    given = {
        "jeeves_home": tmp_path,
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": "x",
        "twilio_from": "+15005550006",
        "alert_to": "+15558675310",
        "alert_urls": service.url(),
    }
    settings = Settings.model_validate(given)
    with notifying.open_notifiers(settings) as notifiers:
        assert [notifier.channel for notifier in notifiers] == ["sms", "url", "speech"]
        notifiers[1].send(the_alert())
    assert service.texts() == [TEXT]

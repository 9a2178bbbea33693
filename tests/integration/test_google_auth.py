"""Consent and access tokens against the stand-in for Google, through google-auth and oauthlib."""

from __future__ import annotations

import json
import logging
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from jeeves.adapters.google_auth import GoogleToken, authorise, consent_ends
from jeeves.errors import ConfigError, JeevesError, LoginRefused, MailboxUnavailable
from tests.google_standin import MAIL, Answer, Fault, GoogleStandIn

ADDRESS = "sam@example.org"
Consent = Callable[..., datetime | None]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy would be asked for the loopback too, and answer for it.
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn() as standin:
        yield standin


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "oauth" / f"{ADDRESS}.json"


def visit(url: str) -> tuple[int, str]:
    """What a browser without a proxy shows."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


@pytest.fixture
def consent(google: GoogleStandIn, kept: Path, tmp_path: Path) -> Consent:
    """Gets the consent, the test at the browser; keywords replace arguments."""

    def give(
        client_file: Path | None = None, seconds: float = 10, request_seconds: float = 5
    ) -> datetime | None:
        pages = []
        return authorise(
            client_file or google.client_file(tmp_path / "client.json"),
            ADDRESS,
            kept,
            lambda url, _: pages.append(visit(url)),
            seconds,
            request_seconds,
        )

    return give


def test_consent_gives_a_token_that_is_kept_for_its_owner_only(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    assert consent() is None
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(kept.parent.iterdir()) == [kept]
    assert GoogleToken(kept)(False) in google.access_tokens
    assert len(google.requests) == 1


def test_the_file_is_one_that_other_programs_of_google_read(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    from google.oauth2.credentials import Credentials

    consent()
    read = Credentials.from_authorized_user_file(str(kept))  # type: ignore[no-untyped-call]
    assert read.token in google.access_tokens
    assert read.refresh_token in google.refresh_tokens
    assert read.valid


def test_a_token_is_refreshed_five_minutes_before_it_ends(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    google.expires_in = 302
    consent()
    token = GoogleToken(kept)
    first = token(False)
    assert token(False) == first
    assert len(google.requests) == 1
    google.expires_in = 299
    second = token(True)
    third = token(False)
    assert len({first, second, third}) == 3
    assert [request["grant_type"] for request in google.requests] == [
        "authorization_code",
        "refresh_token",
        "refresh_token",
    ]


def test_a_refreshed_token_is_kept_with_the_same_care(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    google.expires_in = 60
    consent()
    google.expires_in = 3599
    refreshed = GoogleToken(kept)(False)
    assert GoogleToken(kept)(False) == refreshed
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(kept.parent.iterdir()) == [kept]
    ends = datetime.fromisoformat(json.loads(kept.read_text())["expiry"])
    assert abs(ends - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


def test_a_new_one_is_asked_for_although_the_old_one_is_still_good(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    consent()
    token = GoogleToken(kept)
    assert token(True) not in (None, "")
    assert [request["grant_type"] for request in google.requests][1:] == ["refresh_token"]


def test_a_new_refresh_token_replaces_the_one_that_it_ends(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    google.rotates = True
    consent()
    tokens = {GoogleToken(kept)(True) for _ in range(3)}
    assert len(tokens) == 3


def test_a_consent_given_during_a_refresh_stays(
    google: GoogleStandIn, consent: Consent, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent()
    answer = GoogleStandIn.token

    def consent_meanwhile(
        standin: GoogleStandIn, form: list[tuple[str, str]], basic: tuple[str, str] | None
    ) -> Answer | Fault:
        if dict(form)["grant_type"] == "refresh_token":
            changed = json.loads(kept.read_text()) | {"refresh_token": "1//0given-meanwhile"}
            kept.write_text(json.dumps(changed))
        return answer(standin, form, basic)

    monkeypatch.setattr(GoogleStandIn, "token", consent_meanwhile)
    assert GoogleToken(kept)(True) in google.access_tokens
    assert json.loads(kept.read_text())["refresh_token"] == "1//0given-meanwhile"


def test_refreshes_at_the_same_time_leave_a_whole_file(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    google.expires_in = 60
    consent()
    failures: list[BaseException] = []

    def refresh() -> None:
        try:
            for _ in range(8):
                assert GoogleToken(kept)(False)
        except BaseException as exc:  # noqa: BLE001  # shown by the assertion below
            failures.append(exc)

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(kept.parent.iterdir()) == [kept]
    assert json.loads(kept.read_text())["token"] in google.access_tokens


def test_a_revoked_consent_is_a_refusal_that_says_what_to_do(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    consent()
    google.revoke()
    before = kept.read_bytes()
    with pytest.raises(LoginRefused, match=r"`jeeves auth google` again.*7 days: publish"):
        GoogleToken(kept)(True)
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"error": "invalid_client"}, "does not accept the OAuth client"),
        ({"error": "deleted_client"}, "does not accept the OAuth client"),
        ({"error": "invalid_grant", "error_subtype": "invalid_rapt"}, "ends sessions"),
        ({"error": "admin_policy_enforced"}, "admin_policy_enforced"),
        ({"error": "<b>odd</b>"}, "no reason given"),
    ],
)
def test_a_refusal_is_one_sentence(
    google: GoogleStandIn,
    consent: Consent,
    kept: Path,
    answer: dict[str, str],
    sentence: str,
) -> None:
    consent()
    google.script([Answer(400, answer)])
    with pytest.raises(LoginRefused, match=sentence) as caught:
        GoogleToken(kept)(True)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"error": "internal_failure"}),
        Answer(503, b"<html>busy</html>"),
        Answer(429, {"error": "rate_limit_exceeded"}),
        Answer(408, b""),
        Answer(200, b"<html>Welcome to our hotel</html>"),
        Answer(200, {"no": "token"}),
        Answer(200, {"access_token": "ya29.x", "expires_in": "soon"}),
        Answer(200, b"[]"),
        Answer(400, b"Bad Request"),
        Answer(302, b"", location="http://127.0.0.1:9/login"),
        Answer(307, {"error": "moved"}, location="/token"),
    ],
    ids=lambda answer: f"{answer.status}-{str(answer.body)[:12]}",
)
def test_no_answer_of_google_is_an_outage_and_is_asked_for_once(
    google: GoogleStandIn, consent: Consent, kept: Path, answer: Answer
) -> None:
    consent()
    google.script([answer])
    with pytest.raises(MailboxUnavailable):
        GoogleToken(kept)(True)
    assert len(google.requests) == 2
    assert GoogleToken(kept)(True) in google.access_tokens


@pytest.mark.parametrize("fault", list(Fault))
def test_a_request_that_hangs_or_trickles_is_given_up(
    google: GoogleStandIn, consent: Consent, kept: Path, fault: Fault
) -> None:
    consent()
    google.script([fault])
    with pytest.raises(MailboxUnavailable, match="TimeoutError"):
        GoogleToken(kept, seconds=0.3)(True)
    google.script([fault])
    with pytest.raises(MailboxUnavailable):
        consent(request_seconds=0.3)


def test_no_network_is_an_outage(google: GoogleStandIn, consent: Consent, kept: Path) -> None:
    consent()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}/token"
        changed = json.loads(kept.read_text()) | {"token_uri": uri}
        kept.write_text(json.dumps(changed))
        with pytest.raises(MailboxUnavailable, match="check the network"):
            GoogleToken(kept)(True)


def test_consent_in_testing_says_when_it_dies(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    google.testing = True
    ends = consent()
    assert ends is not None
    assert abs(ends - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)
    kept_ends = consent_ends(kept)
    assert kept_ends is not None
    assert abs(kept_ends - ends) < timedelta(seconds=1)
    GoogleToken(kept)(True)
    assert consent_ends(kept) == kept_ends


def test_consent_that_does_not_end_has_no_such_moment(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    assert consent_ends(kept) is None
    consent()
    assert consent_ends(kept) is None


def test_consent_may_be_given_again(google: GoogleStandIn, consent: Consent, kept: Path) -> None:
    google.testing = True
    consent()
    google.testing = False
    assert consent() is None
    assert consent_ends(kept) is None
    assert GoogleToken(kept)(True) in google.access_tokens


def test_the_exchange_of_the_code_fails_in_one_sentence(
    google: GoogleStandIn, consent: Consent, kept: Path, tmp_path: Path
) -> None:
    google.script([Answer(503, b"busy")])
    with pytest.raises(MailboxUnavailable):
        consent()
    google.script([Answer(400, {"error": "invalid_grant"})])
    with pytest.raises(LoginRefused, match="`jeeves auth google` again"):
        consent()
    wrong = google.client_file(tmp_path / "wrong.json", client_secret="GOCSPX-wrong")
    with pytest.raises(LoginRefused, match="does not accept the OAuth client"):
        consent(wrong)
    token = {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer", "scope": MAIL}
    google.script([Answer(200, token)])
    with pytest.raises(LoginRefused, match="for one hour only"):
        consent()
    google.granted = "openid"
    with pytest.raises(LoginRefused, match="box for Gmail"):
        consent()
    assert not kept.exists()


def test_no_consent_in_the_browser_is_a_refusal(google: GoogleStandIn, consent: Consent) -> None:
    google.consents = False
    with pytest.raises(LoginRefused, match="refused in the browser"):
        consent()
    assert google.requests == []


def test_a_browser_that_never_comes_back_is_not_waited_for(
    google: GoogleStandIn, kept: Path, tmp_path: Path
) -> None:
    client = google.client_file(tmp_path / "client.json")
    with pytest.raises(LoginRefused, match="in time"):
        authorise(client, ADDRESS, kept, lambda _url, _port: None, seconds=0.05)


def test_only_the_answer_to_our_own_question_counts(
    google: GoogleStandIn, kept: Path, tmp_path: Path
) -> None:
    shown: list[tuple[int, str]] = []
    ports: list[int] = []

    def show(url: str, port: int) -> None:
        ports.append(port)
        here = f"http://127.0.0.1:{port}"
        # A browser connects on suspicion, asks for an icon; somebody else's page tries its luck.
        socket.create_connection(("127.0.0.1", port))
        shown.append(visit(f"{here}/favicon.ico"))
        shown.append(visit(f"{here}/?{urlencode({'code': 'x', 'state': 'forged-é'})}"))
        shown.append(visit(f"{here}/?code=x"))
        shown.append(visit(url))

    authorise(google.client_file(tmp_path / "client.json"), ADDRESS, kept, show, seconds=10)
    assert [status for status, _ in shown] == [404, 404, 404, 200]
    assert "can be closed" in shown[-1][1]
    assert len(google.requests) == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]))


def test_http_is_for_this_machine_only(google: GoogleStandIn, consent: Consent, kept: Path) -> None:
    for name in ("auth_uri", "token_uri"):
        for uri in ("http://accounts.google.com/x", "ftp://127.0.0.1/", "https://", "nothing"):
            path = google.client_file(kept.parent.parent / "unsafe.json", **{name: uri})
            with pytest.raises(ConfigError, match="not https"):
                consent(path)
    consent()
    changed = json.loads(kept.read_text()) | {"token_uri": "http://oauth2.googleapis.com/token"}
    kept.write_text(json.dumps(changed))
    with pytest.raises(ConfigError, match="not https"):
        GoogleToken(kept)(True)


@pytest.mark.parametrize("text", ["", "[]", "7", "{}", '{"installed": 7}', '{"installed": {}}'])
def test_a_file_that_is_no_client_is_refused(consent: Consent, tmp_path: Path, text: str) -> None:
    path = tmp_path / "client.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="Desktop app"):
        consent(path)


def test_a_client_of_another_type_or_none_is_refused(
    google: GoogleStandIn, consent: Consent, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="Web application"):
        consent(google.client_file(tmp_path / "web.json", kind="web"))
    with pytest.raises(ConfigError, match="Desktop app"):
        consent(google.client_file(tmp_path / "empty.json", client_secret=None))
    with pytest.raises(ConfigError, match="cannot be read"):
        consent(tmp_path / "absent.json")


@pytest.mark.parametrize("text", [None, "", "[]", '{"token": "ya29.x"}', "\x00"])
def test_a_token_file_that_is_absent_or_damaged_asks_for_consent(
    kept: Path, text: str | None
) -> None:
    if text is not None:
        kept.parent.mkdir()
        kept.write_text(text, encoding="utf-8")
    with pytest.raises(LoginRefused, match="run `jeeves auth google`"):
        GoogleToken(kept)(False)
    assert consent_ends(kept) is None


def test_a_token_that_cannot_be_kept_is_told_and_leaves_nothing(
    consent: Consent, kept: Path
) -> None:
    kept.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be kept"):
        consent()
    assert list(kept.parent.iterdir()) == [kept]
    kept.rmdir()
    kept.parent.rmdir()
    kept.parent.write_text("in the way", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be kept"):
        consent()


def test_no_secret_is_in_an_error_a_log_or_a_repr(
    google: GoogleStandIn,
    consent: Consent,
    kept: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    consent()
    said = [caplog.text, repr(GoogleToken(kept))]
    for step in (Answer(503, b""), Answer(400, {"error": "invalid_grant"}), Answer(200, b"{")):
        google.script([step])
        with pytest.raises(JeevesError) as caught:
            GoogleToken(kept)(True)
        said.append(f"{caught.value} {caught.value!r}")
    secrets = [google.client_secret, *google.access_tokens, *google.refresh_tokens, ADDRESS]
    for text in said:
        assert not [secret for secret in secrets if secret in text]


def test_a_token_that_is_still_good_costs_no_library(
    google: GoogleStandIn, consent: Consent, kept: Path
) -> None:
    consent()
    code = (
        "import sys, pathlib\n"
        "from jeeves.adapters.google_auth import GoogleToken\n"
        f"print(GoogleToken(pathlib.Path({str(kept)!r}))(False))\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    token, loaded = ran.stdout.splitlines()
    assert token in google.access_tokens
    assert not {"google", "requests", "oauthlib", "google_auth_oauthlib"} & set(loaded.split())


def post(google: GoogleStandIn, *fields: tuple[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(google.token_uri, urlencode(fields).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, json.loads(exc.read())["error"]


def test_the_stand_in_refuses_what_the_standards_refuse(google: GoogleStandIn) -> None:
    client = (("client_id", google.client_id), ("client_secret", google.client_secret))
    assert post(google, *client) == (400, "unsupported_grant_type")
    assert post(google, *client, ("grant_type", "password")) == (400, "unsupported_grant_type")
    refresh = ("grant_type", "refresh_token")
    assert post(google, refresh, ("client_id", "x")) == (401, "invalid_client")
    assert post(google, *client, refresh) == (400, "invalid_grant")
    assert post(google, *client, refresh, refresh) == (400, "invalid_request")
    exchange = ("grant_type", "authorization_code")
    assert post(google, *client, exchange, ("code", "x")) == (400, "invalid_grant")

    redirect = "http://127.0.0.1:1/"
    good = {
        "client_id": google.client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": MAIL,
        "state": "s",
        # RFC 7636, appendix B
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    verifier = ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    def code() -> tuple[str, str]:
        assert google.authorize(list(good.items())).status == 302
        return "code", next(reversed(google.codes))

    back = ("redirect_uri", redirect)
    assert post(google, *client, exchange, code(), back) == (400, "invalid_grant")
    elsewhere = ("redirect_uri", redirect + "x")
    assert post(google, *client, exchange, code(), elsewhere, verifier)[1] == (
        "redirect_uri_mismatch"
    )
    once = code()
    assert post(google, *client, exchange, once, back, verifier)[0] == 200
    assert post(google, *client, exchange, once, back, verifier) == (400, "invalid_grant")

    for name, value in [
        ("client_id", "another"),
        ("redirect_uri", "https://example.org/"),
        ("response_type", "token"),
        ("scope", "openid"),
        ("state", ""),
        ("code_challenge", "short"),
        ("code_challenge_method", "plain"),
    ]:
        assert google.authorize(list((good | {name: value}).items())).status in (400, 401)

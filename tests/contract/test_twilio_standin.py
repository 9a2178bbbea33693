"""The stand-in for Twilio keeps to Twilio's own OpenAPI document."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from twilio.request_validator import (  # type: ignore[import-untyped]  # published without types
    RequestValidator,
)

from tests.twilio_rules import (
    ACCOUNT,
    EXCERPT,
    MAGIC_RECIPIENTS,
    MAGIC_SENDERS,
    MESSAGE,
    MESSAGES,
    NUMBERS,
    VERIFIED,
    WAYS,
    answer_validator,
    segments,
    statuses,
)
from tests.twilio_standin import Answer, Fault, TwilioStandIn

GOOD = {"To": "+15558675310", "From": "+15005550006", "Body": "Coffee? jv-00000001"}
#: Parts of the document that say nothing about the form of requests and answers.
LEFT_OUT = frozenset({"x-twilio", "examples", "headers", "tags"})


def excerpt(document: dict[str, Any]) -> dict[str, Any]:
    """The paths that the stand-in serves, and the schemas they name, out of ``document``."""
    paths: dict[str, Any] = {}
    read = dict.fromkeys((MESSAGE, ACCOUNT, NUMBERS, VERIFIED), ("get",))
    served: dict[str, tuple[str, ...]] = {MESSAGES: ("get", "post"), **read}
    for path, methods in served.items():
        paths[path] = {method: pruned(document["paths"][path][method]) for method in methods}
    schemas: dict[str, Any] = {}
    waiting = names(paths)
    while waiting:
        name = waiting.pop()
        schemas[name] = pruned(document["components"]["schemas"][name])
        waiting |= names(schemas[name]) - schemas.keys()
    return {
        "openapi": document["openapi"],
        "info": pruned(document["info"]),
        "servers": document["servers"],
        "security": document["security"],
        "paths": paths,
        "components": {
            "securitySchemes": document["components"]["securitySchemes"],
            "schemas": dict(sorted(schemas.items())),
        },
    }


def pruned(node: Any) -> Any:
    if isinstance(node, list):
        return [pruned(item) for item in node]
    if isinstance(node, dict):
        return {key: pruned(value) for key, value in node.items() if key not in LEFT_OUT}
    return node


def names(node: Any) -> set[str]:
    """The schemas that ``node`` refers to."""
    if isinstance(node, list):
        return set().union(*(names(item) for item in node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*(names(value) for value in node.values()))
    if "$ref" in node:
        found.add(node["$ref"].rsplit("/", 1)[1])
    return found


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def session(twilio: TwilioStandIn) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        opened.auth = (twilio.account_sid, twilio.auth_token)
        yield opened


def url(twilio: TwilioStandIn, path: str = "/Messages.json") -> str:
    return f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}{path}"


def test_the_stored_excerpt_is_what_the_official_document_says(shared_data: Path) -> None:
    official = shared_data / "data" / "twilio" / "twilio_api_v2010.json"
    assert EXCERPT.read_text("utf-8") == as_text(excerpt(json.loads(official.read_text("utf-8"))))


def test_the_licence_of_the_excerpt_lies_beside_it() -> None:
    licence = EXCERPT.with_name("TWILIO_OAI_LICENSE").read_text("utf-8")
    assert licence.startswith("MIT License")
    assert "Twilio, Inc." in licence


def test_a_created_message_echoes_the_request_and_fits_the_document(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    answer = session.post(url(twilio), data=GOOD, timeout=5)
    message = answer.json()
    assert answer.status_code == 201
    assert list(answer_validator(MESSAGES, "post", 201).iter_errors(message)) == []
    assert (message["to"], message["from"], message["body"]) == tuple(GOOD.values())
    assert (message["status"], message["num_segments"]) == ("queued", "1")
    assert parsedate_to_datetime(message["date_created"]).utcoffset() is not None
    assert twilio.messages == [message]
    again = session.post(url(twilio), data=GOOD, timeout=5).json()
    assert again["sid"] != message["sid"]


def test_a_message_through_a_service_has_no_sender_yet(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    form = {"To": GOOD["To"], "Body": GOOD["Body"], "MessagingServiceSid": "MG" + "0a" * 16}
    message = session.post(url(twilio), data=form, timeout=5).json()
    assert list(answer_validator(MESSAGES, "post", 201).iter_errors(message)) == []
    assert (message["from"], message["num_segments"], message["status"]) == (None, "0", "accepted")


def test_a_message_can_be_fetched_by_its_sid(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    sid = session.post(url(twilio), data=GOOD, timeout=5).json()["sid"]
    twilio.settle(sid, "undelivered", 30034)
    message = session.get(url(twilio, f"/Messages/{sid}.json"), timeout=5).json()
    assert list(answer_validator(MESSAGE, "get", 200).iter_errors(message)) == []
    assert (message["status"], message["error_code"]) == ("undelivered", 30034)
    assert session.get(url(twilio, "/Messages/SMx.json"), timeout=5).json()["code"] == 20404


@pytest.mark.parametrize("end", WAYS)
def test_a_message_goes_through_the_statuses_of_the_document_when_told(
    twilio: TwilioStandIn, session: requests.Session, end: str
) -> None:
    sid = session.post(url(twilio), data=GOOD, timeout=5).json()["sid"]
    assert twilio.messages[0]["status"] == "queued"
    assert set(WAYS[end]) <= statuses()
    code = 30003 if end in ("undelivered", "failed") else None
    twilio.carry(sid, end, code)
    message = session.get(url(twilio, f"/Messages/{sid}.json"), timeout=5).json()
    assert list(answer_validator(MESSAGE, "get", 200).iter_errors(message)) == []
    assert (message["status"], message["error_code"]) == (end, code)
    with pytest.raises(ValueError, match="lost in space"):
        twilio.settle(sid, "lost in space")


def test_a_signature_is_the_one_that_twilios_own_library_computes(twilio: TwilioStandIn) -> None:
    form = {"To": "+15558675310", "MessageStatus": "sent", "Body": "Zoë & 見面"}
    address = "https://host.example/twilio"
    ours = twilio.signature(address, form)
    assert RequestValidator(twilio.auth_token).compute_signature(address, form) == ours


def test_the_account_fits_the_document_and_standard_keys_may_not_read_it(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    twilio.account_type = "Trial"
    account = session.get(url(twilio, ".json"), timeout=5).json()
    assert list(answer_validator(ACCOUNT, "get", 200).iter_errors(account)) == []
    assert (account["status"], account["type"]) == ("active", "Trial")
    session.auth = (twilio.api_key, twilio.api_secret)
    assert session.get(url(twilio, ".json"), timeout=5).json()["code"] == 20003
    assert session.get(url(twilio), timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("path", "document", "name"),
    [
        ("/IncomingPhoneNumbers.json", NUMBERS, "incoming_phone_numbers"),
        ("/OutgoingCallerIds.json", VERIFIED, "outgoing_caller_ids"),
    ],
)
def test_numbers_are_found_by_themselves_and_fit_the_document(
    twilio: TwilioStandIn, session: requests.Session, path: str, document: str, name: str
) -> None:
    twilio.verified = set(twilio.numbers)
    (number,) = twilio.numbers

    def found(asked: str) -> list[str]:
        page = session.get(url(twilio, path), params={"PhoneNumber": asked}, timeout=5).json()
        assert list(answer_validator(document, "get", 200).iter_errors(page)) == []
        return [one["phone_number"] for one in page[name]]

    assert found(number) == [number]
    assert found("+15550000001") == []


def test_the_list_is_paged_newest_first_and_fits_the_document(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    sids = [session.post(url(twilio), data=GOOD, timeout=5).json()["sid"] for _ in range(5)]
    session.post(url(twilio), data={**GOOD, "To": "+15550000001"}, timeout=5)
    link: str | None = f"{url(twilio)}?{urlencode({'To': GOOD['To'], 'PageSize': 2})}"
    listed, pages = [], 0
    while link:
        page = session.get(link, timeout=5).json()
        assert list(answer_validator(MESSAGES, "get", 200).iter_errors(page)) == []
        listed += [m["sid"] for m in page["messages"]]
        pages += 1
        link = page["next_page_uri"] and twilio.base_url + page["next_page_uri"]
    assert (listed, pages) == (sids[::-1], 3)


def test_a_date_filter_sees_only_messages_that_were_sent(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    sid = session.post(url(twilio), data=GOOD, timeout=5).json()["sid"]

    def found(**query: str) -> int:
        return len(session.get(url(twilio), params=query, timeout=5).json()["messages"])

    assert found(**{"DateSent>": "2020-01-01"}) == 0
    twilio.settle(sid, "sent")
    day = parsedate_to_datetime(twilio.messages[0]["date_sent"]).date().isoformat()
    assert found(**{"DateSent>": day}) == found(**{"DateSent<": day}) == found(DateSent=day) == 1
    assert found(**{"DateSent<": "2020-01-01"}) == found(**{"DateSent>": "2999-01-01"}) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "notanumber"}, 21211),
        ({"To": "5551234567"}, 21211),
        ({"From": "Jeeves"}, 21212),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"ValidityPeriod": "36001"}, 20001),
        ({"ValidityPeriod": "four hours"}, 20001),
        ({"SmartEncoded": "True"}, 20001),
        ({"ScheduleType": "soon"}, 20001),
        ({"MessagingServiceSid": "MGshort"}, 20001),
        ({"SmartEncode": "true"}, 20001),
        ({"StatusCallback": "host.example/twilio"}, 21609),
        ({"StatusCallback": "https://host.example"}, 21609),
        ({"StatusCallback": "https://my_host.example/twilio"}, 21609),
    ],
)
def test_a_wrong_form_is_refused(
    twilio: TwilioStandIn, session: requests.Session, change: dict[str, str], code: int
) -> None:
    answer = session.post(url(twilio), data={**GOOD, **change}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert twilio.messages == []


@pytest.mark.parametrize(
    ("field", "number", "code"),
    [("From", n, c) for n, c in MAGIC_SENDERS.items()]
    + [("To", n, c) for n, c in MAGIC_RECIPIENTS.items()],
)
def test_magic_numbers_answer_their_documented_errors(
    twilio: TwilioStandIn, session: requests.Session, field: str, number: str, code: int
) -> None:
    answer = session.post(url(twilio), data={**GOOD, field: number}, timeout=5)
    assert answer.json()["code"] == code


def test_only_the_account_with_its_token_or_key_is_let_in(twilio: TwilioStandIn) -> None:
    def status(path: str, user: str, password: str) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(path, auth=(user, password), timeout=5).status_code

    assert status(url(twilio), twilio.account_sid, twilio.auth_token) == 200
    assert status(url(twilio), twilio.api_key, twilio.api_secret) == 200
    assert status(url(twilio), twilio.account_sid, "wrong") == 401
    assert status(url(twilio), twilio.account_sid, twilio.api_secret) == 401
    assert status(url(twilio), "", "") == 401
    other = url(twilio).replace(twilio.account_sid, "AC" + "0" * 32)
    assert status(other, twilio.account_sid, twilio.auth_token) == 404


def test_scripted_steps_come_in_order_and_then_the_usual_answers(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    twilio.script([Answer(429, 20429, retry_after="7"), None, Answer(500)])
    first, second, third, fourth = (
        session.post(url(twilio), data=GOOD, timeout=5) for _ in range(4)
    )
    assert (first.status_code, first.json()["code"]) == (429, 20429)
    assert first.headers["Retry-After"] == "7"
    assert [a.status_code for a in (second, third, fourth)] == [201, 500, 201]
    arrivals = [r.arrived_at for r in twilio.requests]
    assert len(arrivals) == 4
    assert arrivals == sorted(arrivals)
    assert twilio.requests[0].form == GOOD


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault.HANG, 0),
        (Fault.RESET, 0),
        (Fault.ACCEPT_THEN_HANG, 1),
        (Fault.ACCEPT_THEN_RESET, 1),
    ],
)
def test_faults_break_the_connection_before_or_after_the_message_is_accepted(
    twilio: TwilioStandIn, session: requests.Session, fault: Fault, accepted: int
) -> None:
    twilio.script([fault])
    hangs = fault in (Fault.HANG, Fault.ACCEPT_THEN_HANG)
    expected = requests.ReadTimeout if hangs else requests.ConnectionError
    with pytest.raises(expected):
        session.post(url(twilio), data=GOOD, timeout=0.3)
    assert len(twilio.messages) == accepted


def test_a_message_can_be_accepted_and_answered_with_500(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    twilio.script([Fault.ACCEPT_THEN_FAIL])
    assert session.post(url(twilio), data=GOOD, timeout=5).status_code == 500
    assert len(twilio.messages) == 1


def test_where_no_step_is_scripted_mischief_chooses_it(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    twilio.mischief = lambda request: Answer(503) if request.method == "POST" else None
    twilio.script([None])
    posted = [session.post(url(twilio), data=GOOD, timeout=5).status_code for _ in range(2)]
    assert posted == [201, 503]
    assert session.get(url(twilio), timeout=5).status_code == 200


def test_messages_can_have_arrived_by_the_time_anybody_asks(
    twilio: TwilioStandIn, session: requests.Session
) -> None:
    twilio.carries_at_once = True
    created = session.post(url(twilio), data=GOOD, timeout=5).json()
    assert created["status"] == "queued"
    found = session.get(url(twilio, f"/Messages/{created['sid']}.json"), timeout=5).json()
    assert found["status"] == "delivered"
    assert list(answer_validator(MESSAGE, "get", 200).iter_errors(found)) == []


def test_it_is_quiet_while_nothing_but_a_hanging_answer_is_under_way(
    twilio: TwilioStandIn,
) -> None:
    assert twilio.quiet
    address = urlsplit(twilio.base_url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0)) as open_connection:
        assert not twilio.quiet
        twilio.script([Fault.HANG])
        open_connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until(lambda: twilio.quiet)
        assert len(twilio.requests) == 1
    until(lambda: twilio.quiet)


def test_a_request_that_ends_in_its_midst_is_none(twilio: TwilioStandIn) -> None:
    address = urlsplit(twilio.base_url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nTo=%2B1555")
    until(lambda: twilio.quiet)
    assert twilio.requests == []


def until(true: Callable[[], bool]) -> None:
    """Wait until ``true`` holds; the test's deadline ends a wait in vain."""
    while not true():
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("\N{SLIGHTLY SMILING FACE}" * 35, 1),
    ],
)
def test_segments_are_counted_as_they_are_billed(text: str, count: int) -> None:
    assert segments(text) == count

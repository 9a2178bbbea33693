"""Each error code and each status of Twilio's: tried again or not, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jeeves.adapters.sms import CODES, SmsNotifier
from jeeves.domain.alert import Alert, Receipt
from jeeves.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUnknown
from tests.builders import an_alert
from tests.twilio_rules import statuses
from tests.twilio_standin import Answer, Fault, TwilioStandIn

TO, SENDER = "+15558675310", "+15005550006"
LATER, DOUBT, NEVER = DeliveryDelayed, DeliveryUnknown, DeliveryRefused

#: Code, HTTP status it comes with, what becomes of the attempt, words of the way out.
#: https://www.twilio.com/docs/api/errors
REFUSALS = [
    (20003, 401, NEVER, "auth token"),
    (20404, 404, NEVER, "account SID"),
    (20429, 429, LATER, "tried again"),
    (20500, 500, DOUBT, "status.twilio.com"),
    (21211, 400, NEVER, "country code"),
    (21212, 400, NEVER, "Twilio number"),
    (21408, 403, NEVER, "Geo permissions"),
    (21606, 400, NEVER, "SMS-capable"),
    (21608, 400, NEVER, "Verified caller IDs"),
    (21609, 400, NEVER, "TWILIO_CALLBACK_URL"),
    (21610, 400, NEVER, "text START"),
    (21611, 429, LATER, "tried again"),
    (21612, 400, NEVER, "sender of the recipient's country"),
    (21614, 400, NEVER, "receives SMS"),
    (21617, 400, NEVER, "1600"),
    (21659, 400, NEVER, "bought from Twilio"),
    (21660, 400, NEVER, "account that owns"),
    (63038, 429, LATER, "higher limit"),
    (572002, 403, NEVER, "Twilio console"),
    (572005, 403, NEVER, "finish it"),
]
#: Code, whether another message may arrive, words of the way out.
ENDS = [
    (30001, True, "tried again"),
    (30002, False, "settle it"),
    (30003, True, "has signal"),
    (30004, False, "phone's settings"),
    (30005, False, "check the number"),
    (30006, False, "mobile number"),
    (30007, False, "A2P 10DLC"),
    (30008, True, "tried again"),
    (30024, False, "registration"),
    (30032, False, "verified"),
    (30034, False, "A2P 10DLC"),
    (30036, False, "dropped"),
    (30044, False, "upgrade"),
    (12345, False, "https://www.twilio.com/docs/api/errors/12345"),
    (None, True, "does not say why"),
]


def make_alert(**changes: object) -> Alert:
    alert = an_alert(created_at=datetime.now(UTC), **changes)
    return replace(alert, text=f"Ana Lopez wants to meet {alert.reference}")


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def sms(twilio: TwilioStandIn) -> SmsNotifier:
    return SmsNotifier(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        sender=SENDER,
        to=TO,
        base_url=twilio.base_url,
        timeout=0.5,
    )


def sent(sms: SmsNotifier) -> Alert:
    alert = make_alert()
    return replace(alert, receipt=sms.send(alert))


def sid_of(alert: Alert) -> str:
    assert alert.receipt is not None
    return alert.receipt.id


def test_every_code_of_the_table_is_tried_here() -> None:
    tried = {code for code, *_ in REFUSALS} | {code for code, *_ in ENDS}
    assert CODES.keys() == tried - {None, 12345}


@pytest.mark.parametrize(("code", "status", "error", "way_out"), REFUSALS)
def test_a_refused_request_is_tried_again_only_where_that_can_help(
    twilio: TwilioStandIn,
    sms: SmsNotifier,
    code: int,
    status: int,
    error: type[DeliveryError],
    way_out: str,
) -> None:
    twilio.script([Answer(status, code, message=f"From {SENDER} To {TO}")])
    with pytest.raises(DeliveryError) as caught:
        sms.send(make_alert())
    assert type(caught.value) is error
    said = str(caught.value)
    assert way_out in said
    assert "\n" not in said
    assert TO not in said
    if error is NEVER:
        assert str(code) in said
        assert getattr(caught.value, "code", None) == code
    assert len(twilio.requests) == 1


@pytest.mark.parametrize("code", [code for code, *_ in REFUSALS if code != 20500])
def test_a_code_counts_whatever_status_it_comes_with(
    twilio: TwilioStandIn, sms: SmsNotifier, code: int
) -> None:
    expected = LATER if CODES[code].retry else NEVER
    twilio.script([Answer(400, code)])
    with pytest.raises(expected):
        sms.send(make_alert())


def test_the_code_of_a_fault_of_the_server_leaves_a_doubt_whatever_its_status(
    twilio: TwilioStandIn, sms: SmsNotifier
) -> None:
    twilio.script([Answer(400, 20500)])
    with pytest.raises(DOUBT):
        sms.send(make_alert())


@pytest.mark.parametrize(("code", "retry", "way_out"), ENDS)
@pytest.mark.parametrize("end", ["undelivered", "failed"])
def test_a_message_that_did_not_arrive_says_why_and_whether_another_may(
    twilio: TwilioStandIn,
    sms: SmsNotifier,
    end: str,
    code: int | None,
    retry: bool,
    way_out: str,
) -> None:
    alert = sent(sms)
    twilio.carry(sid_of(alert), end, code)
    found = sms.follow(alert)
    assert found is not None
    assert (found.status, found.final, found.delivered, found.retry) == (end, True, False, retry)
    assert way_out in found.error
    assert code is None or str(code) in found.error
    # What the lookup of an unknown outcome makes of it agrees.
    if retry:
        assert sms.find(alert) is None
    else:
        with pytest.raises(NEVER):
            sms.find(alert)


@pytest.mark.parametrize("status", sorted(statuses()))
def test_every_status_of_twilios_document_is_final_or_not(
    twilio: TwilioStandIn, sms: SmsNotifier, status: str
) -> None:
    alert = sent(sms)
    twilio.settle(sid_of(alert), status)
    found = sms.follow(alert)
    assert found is not None
    assert found.status == status
    waiting = {"accepted", "scheduled", "queued", "sending", "sent", "receiving"}
    assert found.final == (status not in waiting)
    assert found.delivered == (status in {"delivered", "partially_delivered", "read", "received"})
    assert bool(found.error) == (found.final and not found.delivered)
    assert not (found.retry and status == "canceled")


def test_a_message_is_followed_by_its_sid_until_it_has_arrived(
    twilio: TwilioStandIn, sms: SmsNotifier
) -> None:
    alert, other = sent(sms), sent(sms)
    told = []
    for status in ("queued", "sending", "sent", "delivered"):
        twilio.settle(sid_of(alert), status)
        found = sms.follow(alert)
        assert found is not None
        told.append((found.status, found.final, found.delivered))
    assert told == [
        ("queued", False, False),
        ("sending", False, False),
        ("sent", False, False),
        ("delivered", True, True),
    ]
    assert twilio.requests[-1].path.endswith(f"/Messages/{sid_of(alert)}.json")
    still = sms.follow(other)
    assert still is not None
    assert not still.final


@pytest.mark.parametrize("receipt", [None, Receipt("shown"), Receipt("../Accounts"), Receipt("")])
def test_without_the_sid_of_a_message_there_is_nothing_to_follow(
    twilio: TwilioStandIn, sms: SmsNotifier, receipt: Receipt | None
) -> None:
    assert sms.follow(make_alert(receipt=receipt)) is None
    assert twilio.requests == []


def test_a_message_that_was_deleted_is_told_as_unconfirmed(sms: SmsNotifier) -> None:
    found = sms.follow(make_alert(receipt=Receipt("SM" + "0" * 32)))
    assert found is not None
    assert (found.final, found.delivered, found.retry) == (True, False, False)
    assert "deleted" in found.error


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Fault.HANG, DOUBT),
        (Fault.RESET, DOUBT),
        (Answer(503), DOUBT),
        (Answer(200, body=b"{}"), DOUBT),
        (Answer(429, 20429, retry_after="9"), LATER),
        (Answer(401, 20003), NEVER),
    ],
)
def test_following_that_fails_says_how(
    twilio: TwilioStandIn, sms: SmsNotifier, step: Answer | Fault, error: type[DeliveryError]
) -> None:
    alert = sent(sms)
    twilio.script([step])
    with pytest.raises(DeliveryError) as caught:
        sms.follow(alert)
    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after", 9) == 9


@pytest.mark.parametrize(
    ("expires_in", "least", "most"),
    [
        (None, 14_400, 14_400),
        (timedelta(hours=2), 7_190, 7_200),
        (timedelta(seconds=90), 80, 90),
        (timedelta(seconds=5), 60, 60),
        (timedelta(days=-1), 60, 60),
        (timedelta(days=3), 36_000, 36_000),
        (timedelta(days=2_500_000), 36_000, 36_000),
    ],
)
def test_twilio_may_send_an_alert_only_for_as_long_as_it_is_of_use(
    twilio: TwilioStandIn,
    sms: SmsNotifier,
    expires_in: timedelta | None,
    least: int,
    most: int,
) -> None:
    end = None if expires_in is None else datetime.now(UTC) + expires_in
    sms.send(make_alert(expires_at=end))
    assert least <= int(twilio.requests[0].form["ValidityPeriod"]) <= most


def test_the_address_for_callbacks_goes_with_each_message(twilio: TwilioStandIn) -> None:
    sms = SmsNotifier(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        sender=SENDER,
        to=TO,
        base_url=twilio.base_url,
        callback_url="https://host.example/twilio",
    )
    sms.send(make_alert())
    assert twilio.requests[0].form["StatusCallback"] == "https://host.example/twilio"

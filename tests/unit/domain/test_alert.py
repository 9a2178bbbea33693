"""What an alert says, and when it may not be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jeeves.domain.alert import (
    RETRY_SECONDS,
    STALE_AFTER,
    next_attempt,
    quotable,
    why_withheld,
)
from jeeves.domain.message import Address, Message, Origin
from tests.builders import NOW, a_message, a_verdict, an_alert


def test_a_live_mail_from_somebody_may_alert() -> None:
    assert why_withheld(a_message(), NOW) is None


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (a_message(origin=Origin.BACKFILL), "arrived before Jeeves watched"),
        (a_message(origin=Origin.IMPORT), "arrived before Jeeves watched"),
        (a_message(own=True), "written by the owner"),
        (a_message(bulk=True), "sent by a machine to many"),
        (a_message(received_at=NOW - timedelta(days=15)), "received long ago"),
        (a_message(sent_at=NOW - timedelta(days=15)), "written long ago"),
    ],
)
def test_mail_that_must_not_alert_says_why(message: Message, clause: str) -> None:
    assert why_withheld(message, NOW) == clause


def test_a_mail_without_a_date_or_from_the_future_may_alert() -> None:
    assert why_withheld(a_message(sent_at=None), NOW) is None
    assert why_withheld(a_message(sent_at=NOW + timedelta(days=400)), NOW) is None


def test_a_mail_delivered_days_late_may_alert() -> None:
    assert why_withheld(a_message(sent_at=NOW - timedelta(days=5)), NOW) is None


def test_only_the_mails_own_words_are_quoted() -> None:
    assert quotable(a_verdict(words="its length"), a_message()) == ""
    assert quotable(a_verdict(words="grab  LUNCH"), a_message()) == "grab  LUNCH"


def test_words_that_stand_apart_in_the_mail_are_quoted_with_a_gap() -> None:
    mail = a_message(subject="Hello", body="Want to have lunch with us on Thursday?")
    assert quotable(a_verdict(words="lunch ... Thursday"), mail) == "lunch ... Thursday"
    assert quotable(a_verdict(words="lunch ... Friday"), mail) == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address("Smith, Ana", "a@example.org"), "Ana Smith"),
        (Address('"Smith, Ana"', "a@example.org"), "Ana Smith"),
        (Address("Ana", "a@example.org"), "Ana"),
        (Address("", "ana.lopez@example.org"), "ana.lopez"),
        (Address("", ""), "Somebody"),
        (Address("Smith, Ana, PhD", "a@example.org"), "Smith, Ana, PhD"),
        (Address("Ana Smith, Ph.D.", "a@example.org"), "Ana Smith, Ph.D."),
        (Address("Acme, Inc.", "a@example.org"), "Acme, Inc."),
        (Address("Smith, Ana (Acme)", "a@example.org"), "Ana Smith (Acme)"),
    ],
)
def test_a_sender_is_named_as_a_person_would(address: Address, said: str) -> None:
    assert address.display == said


def test_waits_grow_and_never_end_before_retry_after() -> None:
    waits = [(next_attempt(n, NOW, None, 0.0) - NOW).total_seconds() for n in range(1, 9)]
    assert waits == sorted(waits)
    assert waits[0] == RETRY_SECONDS[0]
    assert waits[-1] == RETRY_SECONDS[-1]
    assert next_attempt(1, NOW, 400.0, 0.0) == NOW + timedelta(seconds=400)
    assert next_attempt(1, NOW, None, 1.0) > next_attempt(1, NOW, None, 0.0)


def test_an_alert_is_stale_after_a_day() -> None:
    assert not an_alert().stale(NOW + STALE_AFTER)
    assert an_alert().stale(NOW + STALE_AFTER + timedelta(seconds=1))

"""What an alert says, and when it may not be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jeeves.domain.alert import (
    RETRY_SECONDS,
    SMS_LENGTH,
    STALE_AFTER,
    next_attempt,
    shorten,
    sms_text,
    spoken_text,
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


def test_the_text_says_who_about_what_why_and_its_reference() -> None:
    text = sms_text(a_message(), a_verdict(), "jv-ABCD2345")
    assert text == (
        'Ana Lopez wants to meet, no place yet: Lunch on Thursday? ("grab lunch") jv-ABCD2345'
    )


def test_the_text_without_a_reason_has_no_empty_quotes() -> None:
    verdict = a_verdict(words="")
    assert '""' not in sms_text(a_message(), verdict, "jv-ABCD2345")


def test_only_the_mails_own_words_are_quoted() -> None:
    verdict = a_verdict(words="its length")
    assert sms_text(a_message(), verdict, "jv-ABCD2345").endswith("Thursday? jv-ABCD2345")
    verdict = a_verdict(words="grab  LUNCH")
    assert '("grab  LUNCH")' in sms_text(a_message(), verdict, "jv-ABCD2345")


def test_words_that_stand_apart_in_the_mail_are_quoted_with_a_gap() -> None:
    mail = a_message(subject="Hello", body="Want to have lunch with us on Thursday?")
    verdict = a_verdict(words="lunch ... Thursday")
    assert '("lunch ... Thursday")' in sms_text(mail, verdict, "jv-ABCD2345")
    verdict = a_verdict(words="lunch ... Friday")
    assert "Friday" not in sms_text(mail, verdict, "jv-ABCD2345")


@pytest.mark.parametrize("name", ["A" * 500, "Ana"])
@pytest.mark.parametrize("subject", ["", "word " * 200, "x" * 900])
def test_the_text_always_fits_two_segments_and_keeps_its_reference(name: str, subject: str) -> None:
    message = a_message(sender=Address(name, "a@example.org"), subject=subject)
    text = sms_text(message, a_verdict(), "jv-ABCD2345")
    assert len(text) <= SMS_LENGTH
    assert text.endswith("jv-ABCD2345")


def test_the_spoken_sentence_has_no_reference_and_no_line_breaks() -> None:
    said = spoken_text(a_message(subject="Lunch\r\n on Thursday?"))
    assert said == (
        "Ana Lopez wants to meet. Where do you want to meet? It is about: Lunch on Thursday?"
    )


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address("Smith, Ana", "a@example.org"), "Ana Smith"),
        (Address('"Smith, Ana"', "a@example.org"), "Ana Smith"),
        (Address("Ana", "a@example.org"), "Ana"),
        (Address("", "ana.lopez@example.org"), "ana.lopez"),
        (Address("", ""), "Somebody"),
        (Address("Smith, Ana, PhD", "a@example.org"), "Smith, Ana, PhD"),
    ],
)
def test_a_sender_is_named_as_a_person_would(address: Address, said: str) -> None:
    assert address.display == said


def test_shortening_cuts_between_words_and_says_so() -> None:
    assert shorten("one two three", 20) == "one two three"
    assert shorten("one two three", 11) == "one two..."
    assert shorten("abcdefghijkl", 6) == "abc..."


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

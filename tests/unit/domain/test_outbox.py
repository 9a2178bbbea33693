"""A digest made of the texts of its parts."""

from __future__ import annotations

from jeeves.domain.outbox import digest_text
from jeeves.domain.sms import segments
from jeeves.domain.wording import gmail_link
from tests.builders import an_alert

LINK = gmail_link("1799999999999999999")


def test_neither_references_nor_links_of_the_parts_are_said() -> None:
    parts = [
        an_alert(reference=f"jv-PART000{n}", text=f"Person {n}: lunch? jv-PART000{n} {LINK}")
        for n in range(3)
    ]
    text = digest_text(parts, "jv-DIGEST23")
    assert text == (
        "3 meetings have no place yet: Person 0: lunch?; Person 1: lunch?; Person 2: lunch? "
        "jv-DIGEST23"
    )
    assert segments(text) == 1

"""What is said of a conversation, to the eye and to the ear."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.domain.alert import ALPHABET
from jeeves.domain.conversation import Meeting, State
from jeeves.domain.message import Address
from jeeves.domain.sms import BASIC, EXTENDED, segments
from jeeves.domain.templates import Templates
from jeeves.domain.when import When
from jeeves.domain.wording import (
    Told,
    alert_text,
    digest_text,
    gmail_link,
    reminder_text,
    retraction_text,
    spoken_alert,
    spoken_digest,
    spoken_reminder,
    spoken_retraction,
)
from jeeves.service.delivery import new_reference

#: A Tuesday, eleven in the morning in New York.
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
THURSDAY = date(2026, 3, 12)
HALF_PAST = When(THURSDAY, time(12, 30))
AT_THREE = When(THURSDAY, time(15))
REFERENCE = "jv-7K2MQ9XA"
LINK = "https://mail.google.com/mail/u/0/#all/18fae27693b3ffff"


def a_meeting(**changes: Any) -> Meeting:
    values: dict[str, Any] = {
        "number": 1,
        "kind": "lunch",
        "state": State.OPEN,
        "when": HALF_PAST,
        "place": "",
        "who": Address("Ana Lopez", "ana@example.org"),
        "proposed_by": "m1",
        "due_at": None,
        "alert_at": "m1",
        "settled_by": None,
        "opened": 1,
        "owner_owes": True,
    }
    return Meeting(**{**values, **changes})


def told(meeting: Meeting | None = None, **changes: Any) -> Told:
    values: dict[str, Any] = {
        "who": Address("Ana Lopez", "ana.lopez@example.org"),
        "subject": "Thursday",
        "meeting": meeting,
        "zone": NEW_YORK,
        "now": NOW,
        "why": "grab lunch",
        "reference": REFERENCE,
    }
    return Told(**{**values, **changes})


def cheap(text: str) -> bool:
    return set(text) <= BASIC | EXTENDED


@pytest.mark.parametrize(
    ("one", "read", "heard"),
    [
        (
            told(a_meeting()),
            'Ana Lopez: lunch Thu 12:30? No place yet. ("grab lunch")',
            "Lunch with Ana Lopez on Thursday at half past twelve. There is no place yet.",
        ),
        (
            told(a_meeting(kind="Coffee", when=When(date(2026, 3, 10), time(15))), why="coffee?"),
            "Ana Lopez: coffee today 3 pm? No place yet.",
            "Coffee with Ana Lopez today at three in the afternoon. There is no place yet.",
        ),
        (
            told(a_meeting(kind="drinks", when=None), why="", subject=""),
            "Ana Lopez: drinks? No place yet.",
            "Drinks with Ana Lopez. There is no place yet.",
        ),
        (
            told(a_meeting(kind="", when=AT_THREE), subject="Re: Q2 numbers", why=""),
            'Ana Lopez wants to meet Thu 3 pm: "Q2 numbers". No place yet.',
            "Ana Lopez wants to meet on Thursday at three in the afternoon. There is no place yet. "
            "The mail is about: Q2 numbers.",
        ),
        (
            told(a_meeting(kind="meeting", when=None), subject="Lunch on Thursday?"),
            'Ana Lopez wants to meet: "Lunch on Thursday?" No place yet. ("grab lunch")',
            "Ana Lopez wants to meet. There is no place yet. The mail is about: Lunch on Thursday?",
        ),
        (
            # what the subject says already is not said twice
            told(None, subject="Lunch on Thursday?", why="lunch on Thursday"),
            'Ana Lopez wants to meet: "Lunch on Thursday?" No place yet.',
            "Ana Lopez wants to meet. There is no place yet. The mail is about: Lunch on Thursday?",
        ),
        (
            told(None, subject="", why="can we sit down"),
            'Ana Lopez wants to meet. No place yet. ("can we sit down")',
            "Ana Lopez wants to meet. There is no place yet. The mail says: can we sit down.",
        ),
        (
            told(None, subject="", why="", who=""),
            "Somebody wants to meet. No place yet.",
            "Somebody wants to meet. There is no place yet.",
        ),
        (
            told(None, subject='The "big" day...', why=""),
            "Ana Lopez wants to meet: \"The 'big' day...\" No place yet.",
            "Ana Lopez wants to meet. There is no place yet. The mail is about: The big day...",
        ),
        (
            told(a_meeting(), who="Иван Петров", why="пообедаем в четверг?"),
            "Иван Петров: lunch Thu 12:30? No place yet.",
            "Lunch with Иван Петров on Thursday at half past twelve. There is no place yet.",
        ),
        (
            told(a_meeting(), templates=Templates(clock=24), why=""),
            'Ana Lopez: lunch Thu 12:30? No place yet. ("Thursday")',
            "Lunch with Ana Lopez on Thursday at half past twelve. There is no place yet.",
        ),
        (
            # seven in the evening in London is three in New York in these weeks
            told(a_meeting(when=When(THURSDAY, time(19), ZoneInfo("Europe/London")))),
            'Ana Lopez: lunch Thu 3 pm? No place yet. ("grab lunch")',
            "Lunch with Ana Lopez on Thursday at three in the afternoon. There is no place yet.",
        ),
    ],
)
def test_an_alert_says_who_what_when_and_why(one: Told, read: str, heard: str) -> None:
    assert alert_text(one) == f"{read} {REFERENCE}"
    assert segments(alert_text(one)) == 1
    assert spoken_alert(one) == heard


@pytest.mark.parametrize(
    ("meeting", "read", "heard"),
    [
        (
            a_meeting(state=State.SETTLED, place="Blue Bottle", when=AT_THREE),
            "Settled: Blue Bottle, Thu 3 pm. Nothing to do.",
            "Settled with Ana Lopez: Blue Bottle, on Thursday at three in the afternoon. "
            "There is nothing to do.",
        ),
        (
            a_meeting(state=State.SETTLED, place="https://us02web.zoom.us/j/1?pwd=x", when=None),
            "Settled: by Zoom. Nothing to do.",
            "Settled with Ana Lopez: by Zoom. There is nothing to do.",
        ),
        (
            a_meeting(state=State.NONE, place="phone", when=AT_THREE),
            "Settled: by phone, Thu 3 pm. Nothing to do.",
            "Settled with Ana Lopez: by phone, on Thursday at three in the afternoon. "
            "There is nothing to do.",
        ),
        (
            a_meeting(state=State.SETTLED, place="", when=When(THURSDAY)),
            "Settled: lunch with Ana Lopez, Thu. Nothing to do.",
            "Lunch with Ana Lopez on Thursday is settled. There is nothing to do.",
        ),
        (
            a_meeting(state=State.CANCELLED, when=When(THURSDAY)),
            "Called off: lunch Thu with Ana Lopez. Nothing to do.",
            "Lunch with Ana Lopez on Thursday is called off. There is nothing to do.",
        ),
        (
            a_meeting(state=State.NONE, kind="", when=None),
            "No place needed any more: meeting with Ana Lopez. Nothing to do.",
            "Meeting with Ana Lopez needs no place any more. There is nothing to do.",
        ),
        (
            None,
            "No place needed any more: meeting with Ana Lopez. Nothing to do.",
            "Meeting with Ana Lopez needs no place any more. There is nothing to do.",
        ),
    ],
)
def test_a_retraction_says_what_became_of_it(
    meeting: Meeting | None, read: str, heard: str
) -> None:
    assert retraction_text(told(meeting)) == f"{read} {REFERENCE}"
    assert spoken_retraction(told(meeting)) == heard


@pytest.mark.parametrize(
    ("meeting", "read", "heard"),
    [
        (
            a_meeting(when=When(date(2026, 3, 10), time(12, 30))),
            "Still no place: lunch with Ana Lopez, today 12:30.",
            "Lunch with Ana Lopez today at half past twelve still has no place.",
        ),
        (
            a_meeting(kind="", when=When(date(2026, 3, 10), time(16))),
            'Still no place: meeting with Ana Lopez, today 4 pm. ("Thursday")',
            "Meeting with Ana Lopez today at four in the afternoon still has no place.",
        ),
    ],
)
def test_a_reminder_says_that_the_place_is_still_open(
    meeting: Meeting, read: str, heard: str
) -> None:
    assert reminder_text(told(meeting)) == f"{read} {REFERENCE}"
    assert spoken_reminder(told(meeting)) == heard


def test_a_digest_names_what_has_room_and_counts_the_rest() -> None:
    ana = told(a_meeting())
    ben = told(a_meeting(kind="coffee", when=None), who="Ben Ode", reference="jv-22222222")
    cara = told(None, who="Cara Dee (Acme Ltd)", subject="Project review?")
    assert digest_text([ana, ben, cara]) == (
        "3 meetings without a place: Ana Lopez, lunch Thu 12:30; Ben Ode, coffee; "
        f'Cara Dee, "Project review?" {REFERENCE}'
    )
    assert spoken_digest([ana, ben, cara]) == (
        "Three meetings have no place yet. Lunch with Ana Lopez on Thursday at half past twelve. "
        "Coffee with Ben Ode. Meeting with Cara Dee about Project review?"
    )
    many = [replace(ana, who=f"Ana Lopez {number}") for number in range(40)]
    text = digest_text(many, "jv-33333333")
    assert text.startswith("40 meetings without a place: Ana Lopez 0, lunch Thu 12:30; Ana Lopez 1")
    found = re.search(r"; and (\d+) more\. jv-33333333$", text)
    assert found is not None
    assert text.count("lunch") + int(found[1]) == 40
    assert segments(text) == 2
    assert spoken_digest(many).endswith(" more.")
    assert len(spoken_digest(many)) <= 400


def test_a_digest_of_one_is_an_alert() -> None:
    one = told(a_meeting())
    assert digest_text([one]) == alert_text(one)
    assert digest_text([one], "jv-22222222").endswith("jv-22222222")
    assert spoken_digest([one]) == spoken_alert(one)


def test_the_quote_gives_way_first_then_the_subject_then_the_name() -> None:
    why = "can we sit down over a long lunch and go through the whole of it"
    subject = "The project, the review, the board and the budget for the whole of the next year"
    name = "Maria Fernanda Oliveira dos Santos Albuquerque"
    all_of_it = told(None, subject="Project", why=why)
    assert why in alert_text(all_of_it)
    less_quote = told(None, subject=subject, why=why)
    assert subject in alert_text(less_quote)
    assert segments(alert_text(less_quote)) == 1
    no_quote = told(None, subject=subject, why=why, link=LINK)
    assert "can we" not in alert_text(no_quote)
    assert '"The project, the review, the board and the budget..."' in alert_text(no_quote)
    assert segments(alert_text(no_quote)) == 1
    no_name = told(None, subject=subject, why=why, link=LINK, who=name)
    assert alert_text(no_name).startswith(
        'Maria Fernanda Oliveira dos Santos... wants to meet: "The project, the...'
    )
    assert segments(alert_text(no_name)) == 1


def test_two_segments_are_used_where_one_would_leave_too_little() -> None:
    subject = "Встреча по проекту в четверг в три часа дня"
    text = alert_text(told(None, who="Иван Петров", subject=subject, why=""))
    assert text == f'Иван Петров wants to meet: "{subject}". No place yet. {REFERENCE}'
    assert segments(text) == 2


def test_a_text_in_the_alphabet_of_text_messages_where_it_can_be() -> None:
    text = alert_text(
        told(a_meeting(), who="Dvořák, Jiří", why="\u201ckáva\u201d \u2013 ve čtvrtek?")
    )
    assert (
        text
        == f"Jiri Dvorak: lunch Thu 12:30? No place yet. (\"'kava' - ve ctvrtek?\") {REFERENCE}"
    )
    assert cheap(text)


def test_the_link_stands_behind_the_reference() -> None:
    assert gmail_link("1799999999999999999") == LINK
    assert gmail_link(str(2**64 - 1)).endswith("#all/ffffffffffffffff")
    with pytest.raises(ValueError, match="invalid literal"):
        gmail_link("x")
    assert alert_text(told(a_meeting(), link=LINK)).endswith(f" {REFERENCE} {LINK}")
    for unfit in ("https://x/" + "y" * 500, "javascript:x", "https://x/ y", "https://x/\u202e"):
        assert alert_text(told(a_meeting(), link=unfit)).endswith(f" {REFERENCE}")


def test_an_alert_takes_its_words_from_the_templates() -> None:
    german = Templates(
        clock=24,
        alert="{who}: {what}[ {when}]? Noch kein Ort.",
        settled="Geklärt: {place}.",
        spoken_alert="{who} möchte {what}.",
    )
    assert alert_text(told(a_meeting(when=AT_THREE), templates=german)) == (
        f"Ana Lopez: lunch Thu 15:00? Noch kein Ort. {REFERENCE}"
    )
    settled = a_meeting(state=State.SETTLED, place="Café")
    assert retraction_text(told(settled, templates=german)) == f"Geklärt: Café. {REFERENCE}"
    assert spoken_alert(told(a_meeting(), templates=german)) == "Ana Lopez möchte lunch."


def test_a_name_of_ten_thousand_letters_is_cut_as_a_name() -> None:
    text = alert_text(told(a_meeting(), who="A" * 10_000))
    assert text == f'{"A" * 47}...: lunch Thu 12:30? No place yet. ("grab lunch") {REFERENCE}'
    assert spoken_alert(told(a_meeting(), who="A" * 10_000)).startswith(f"Lunch with {'A' * 57}...")


def test_name_and_template_together_make_no_reference_either() -> None:
    joined = Templates(alert="{who}-{what}")
    text = alert_text(told(a_meeting(kind="abcd2345"), who="jv", templates=joined))
    assert text == f"jv abcd2345 {REFERENCE}"


def test_what_strangers_write_is_never_read_as_a_template() -> None:
    text = alert_text(told(None, who="{who} [x]", subject="{reference} {0} %s [{why}]", why=""))
    assert text == (
        f'{{who}} [x] wants to meet: "{{reference}} {{0}} %s [{{why}}]". No place yet. {REFERENCE}'
    )


LETTERS = st.text(st.characters(), max_size=300)
NASTY = st.one_of(
    LETTERS,
    st.text(
        st.sampled_from("aé ж王😀👩\u200d\u202e\x00\n\u0301\"'`$(){}[]<>;|&€\ud800"), max_size=300
    ),
    st.sampled_from(
        [
            "",
            "A" * 10_000,
            "ж" * 10_000,
            "word " * 3_000,
            "\u0301" * 10_000,
            "👩\u200d👩\u200d👧" * 500,
            "$(touch x) `touch x` ; rm -rf / | cat",
            "'; DROP TABLE alerts;--",
            "<script>alert(1)</script>",
            "STOP",
            "START\nHELP",
            "jv-7K2MQ9XA jv-AAAAAAAA JV-BBBBBBBB",
            "https://evil.example/x evil.com bit.ly/x",
            "\u05d9\u05d5\u05e1\u05d9 \u0643\u0644\u0627\u0645",
            "{who}{0}{who.name}[{why}]",
        ]
    ),
)
ZONES = st.sampled_from([UTC, NEW_YORK, ZoneInfo("Pacific/Auckland"), ZoneInfo("Asia/Kolkata")])
WHENS = st.builds(
    When,
    st.none() | st.dates() | st.sampled_from([date(1900, 1, 1), date(9999, 12, 31), date.min]),
    st.none() | st.times(),
    st.none() | ZONES,
)
MEETINGS = st.builds(
    a_meeting,
    kind=st.sampled_from(["", "lunch", "coffee", "visit"]) | NASTY,
    state=st.sampled_from(list(State)),
    when=st.none() | WHENS,
    place=NASTY,
)
TOLD = st.builds(
    Told,
    who=st.builds(Address, NASTY, NASTY) | NASTY,
    subject=NASTY,
    meeting=st.none() | MEETINGS,
    zone=ZONES,
    now=st.just(NOW) | st.datetimes(timezones=st.just(UTC)),
    why=NASTY,
    reference=st.builds(new_reference),
    link=st.sampled_from([None, LINK]) | NASTY,
    templates=st.builds(Templates, clock=st.sampled_from([12, 24])),
)
#: What no text may hold, and what no voice should be given.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "So"}


def assert_harmless(text: str, one: Told) -> None:
    assert 1 <= segments(text) <= 2
    body, reference, link = text.rpartition(one.reference)
    assert reference
    assert body.strip()
    assert link in {"", f" {one.link}"}
    assert not re.search(r"jv-[0-9A-Z]{8}", body, re.IGNORECASE)
    assert not re.search(r"://|www\.|\w\.[a-z]{2,}", body, re.IGNORECASE)
    assert not any(unicodedata.category(character) in UNSEEN for character in text)
    assert "\n" not in text


def assert_speakable(said: str, one: Told) -> None:
    assert said.strip()
    assert len(said) <= 400
    assert one.reference not in said
    assert not any(unicodedata.category(character) in UNSEEN for character in said)
    assert not set(said) & set('@&$%/\\<>{}[]()*_|=+^~#"')


@settings(max_examples=300)
@given(TOLD)
def test_whatever_a_mail_holds_the_text_is_short_whole_and_harmless(one: Told) -> None:
    for text in (alert_text(one), reminder_text(one), retraction_text(one)):
        assert_harmless(text, one)
    for said in (spoken_alert(one), spoken_reminder(one), spoken_retraction(one)):
        assert_speakable(said, one)


@given(st.lists(TOLD, min_size=2, max_size=12))
def test_whatever_the_mails_hold_a_digest_is_short_whole_and_harmless(parts: list[Told]) -> None:
    assert_harmless(digest_text(parts), replace(parts[0], link=None))
    assert_speakable(spoken_digest(parts), parts[0])


@given(TOLD, st.text(st.sampled_from("Ж\u4e00\u20ac "), min_size=100, max_size=150))
def test_a_long_template_still_makes_two_segments_with_the_reference(one: Told, long: str) -> None:
    wordy = Templates(alert=f"{{who}} {{what}} {long}", alert_plain=f"{{who}} {long}")
    assert_harmless(alert_text(replace(one, templates=wordy)), one)


def test_ten_thousand_references_do_not_collide() -> None:
    references = {new_reference() for _ in range(10_000)}
    assert len(references) == 10_000
    assert all(re.fullmatch(rf"jv-[{ALPHABET}]{{8}}", reference) for reference in references)
    # of 10,000 two would be the same in fewer than one of 10,000 such runs
    assert 10_000**2 / 2 / len(ALPHABET) ** 8 < 1 / 10_000


def test_the_end_of_the_calendar_is_told_as_it_was_said() -> None:
    meeting = a_meeting(when=When(date.max, time(23, 59), ZoneInfo("Pacific/Honolulu")))
    assert "Fri 31 Dec 9999 11:59 pm" in alert_text(told(meeting, zone=UTC))

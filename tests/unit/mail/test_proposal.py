"""What a mail says about meeting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.domain.message import Address
from jeeves.domain.remark import Act, Place, Remark
from jeeves.domain.when import When
from jeeves.mail import acts, kinds, proposal
from tests.builders import a_message

#: A Tuesday.
WRITTEN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ANA = Address("Ana Lopez", "ana.lopez@example.org")


def said(text: str, **changes: Any) -> tuple[Remark, ...]:
    values = {"subject": "Re: hello", "sender": ANA, "sent_at": WRITTEN}
    message = a_message(**{**values, "own_words": text, "body": text, **changes})
    return proposal.read(message).remarks


def words(text: str, **changes: Any) -> list[str]:
    return [remark.words for remark in said(text, **changes)]


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("Shall we eat something on Thursday?", Act.PROPOSES),
        ("Are you about next week?", Act.PROPOSES),
        ("I'd love to see you", Act.PROPOSES),
        ("Any chance of a walk?", Act.PROPOSES),
        ("Hast du am Freitag Zeit?", Act.PROPOSES),
        ("Tu veux déjeuner jeudi ?", Act.PROPOSES),
        ("¿Quedamos el viernes?", Act.PROPOSES),
        ("Ti va un caffè?", Act.PROPOSES),
        ("Either Monday or Tuesday", Act.PROPOSES),
        ("Yes!", Act.AGREES),
        ("That works for me", Act.AGREES),
        ("See you then", Act.AGREES),
        ("Ja, gerne", Act.AGREES),
        ("D'accord", Act.AGREES),
        ("👍", Act.AGREES),
        ("Sorry, I am away that week", Act.DECLINES),
        ("I can't do Friday", Act.DECLINES),
        ("Leider geht das nicht", Act.DECLINES),
        ("No thanks, not interested", Act.DECLINES | Act.CANCELS),
        ("We have to cancel", Act.CANCELS),
        ("Dinner is off", Act.CANCELS),
        ("Der Termin fällt aus", Act.CANCELS),
        ("Can we push it back a week?", Act.MOVES),
        ("Let us reschedule", Act.MOVES),
        ("Where shall we meet?", Act.ASKS_PLACE),
        ("Any preference for a place?", Act.ASKS_PLACE),
        ("Wo treffen wir uns?", Act.ASKS_PLACE),
        ("On se voit où ?", Act.ASKS_PLACE),
        ("Let's go to Zuni instead", Act.REPLACES),
        ("Change of venue", Act.REPLACES),
        ("Thanks for lunch yesterday", Act.PAST),
        ("It was lovely to see you", Act.PAST),
        ("We should catch up at some point", Act.VAGUE),
        ("They are meeting on Friday", Act.OTHERS),
        ("Priya and Tom are having lunch", Act.OTHERS),
        ("Also, are you free on Monday?", Act.ADDS),
        ("P.S. bring the book", Act.ADDS),
    ],
)
def test_a_sentence_does_what_people_do_with_it(sentence: str, act: Act) -> None:
    assert act in acts.found_in(sentence)


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("The invoice is attached", Act.PROPOSES | Act.AGREES | Act.CANCELS),
        ("Good job on the report", Act.AGREES),
        ("I can't wait", Act.DECLINES),
        ("We are not cancelling", Act.CANCELS),
        ("The client has cancelled, so I am free", Act.CANCELS),
        ("Let's forget it", Act.PROPOSES),
        ("Let us know", Act.PROPOSES),
        ("I'm meeting you at six", Act.OTHERS),
        ("sometime next week", Act.VAGUE),
        ("", Act.PROPOSES | Act.AGREES | Act.ASKS_PLACE),
    ],
)
def test_a_sentence_does_not_what_its_words_only_look_like(sentence: str, act: Act) -> None:
    assert not acts.found_in(sentence) & act


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Want to grab lunch?", "lunch"),
        ("Mittagessen am Freitag?", "lunch"),
        ("dinner at ours", "dinner"),
        ("¿Cenamos? Una cena", "dinner"),
        ("a quick coffee", "coffee"),
        ("einen Kaffee trinken", "coffee"),
        ("pints after work", "drinks"),
        ("the site visit", "visit"),
        ("your interview", "interview"),
        ("handing over the keys", "handover"),
        ("a playdate for the girls", "playdate"),
        ("choir practice", "rehearsal"),
        ("a quick call", "call"),
        ("our meeting", "meeting"),
        # a meal says more than a meeting, wherever it stands
        ("a meeting over lunch", "lunch"),
        ("lunch and then a walk", "lunch"),
        ("the lunchtime report", ""),
        ("please call me", ""),
        ("", ""),
    ],
)
def test_the_kind_is_the_first_that_is_more_than_a_meeting(sentence: str, kind: str) -> None:
    assert kinds.kind_of(sentence) == kind


@pytest.mark.parametrize(
    ("sentence", "online"),
    [
        ("Let's do it on Zoom", "on Zoom"),
        ("by phone is fine", "by phone"),
        ("Can we have a video call?", "have a video call"),
        ("Lass uns telefonieren", "telefonieren"),
        ("call me when you are outside", ""),
        ("not another Zoom, please", ""),
        ("better than over the phone", ""),
        ("Lunch?", ""),
    ],
)
def test_people_who_meet_by_phone_or_video_say_so(sentence: str, online: str) -> None:
    found = kinds.online_in(sentence)
    assert found.lower() == online.lower()


def test_a_proposal_is_read_whole() -> None:
    [remark] = said("Shall we have lunch at Nopa on Thursday at 12:30?")
    assert remark == Remark(
        words="Shall we have lunch at Nopa on Thursday at 12:30?",
        acts=Act.PROPOSES,
        kind="lunch",
        when=When(date(2026, 3, 12), time(12, 30), UTC),
        places=(Place("Nopa"),),
        paragraph=1,
    )


def test_asking_for_a_thing_proposes_no_meeting() -> None:
    [remark] = said("Could you do the report?")
    assert Act.PROPOSES not in remark.acts


def test_a_question_with_a_meal_or_a_day_proposes() -> None:
    assert Act.PROPOSES in said("Dinner?")[0].acts
    assert Act.PROPOSES in said('("Friday?")')[0].acts
    assert Act.PROPOSES not in said("Dinner.")[0].acts


def test_greeting_closing_and_name_are_no_remarks() -> None:
    text = "Hi Sam,\n\nLunch on Thursday?\n\nBest wishes,\nAna"
    assert words(text) == ["Lunch on Thursday?"]
    assert words("Hi Sam, lunch on Thursday?") == ["Hi Sam, lunch on Thursday?"]
    assert words("See you there.\nAna\nLopez & Sons, 12 Mill Road") == ["See you there."]
    assert words("See you.\nAna\n\nPS: bring Tom") == ["See you.", "PS: bring Tom"]


def test_wrapped_lines_are_one_sentence_and_points_of_a_list_are_several() -> None:
    wrapped = "I wonder whether you would like to come along to the\nopening on Friday."
    assert words(wrapped) == [wrapped.replace("\n", " ")]
    listed = said("Two things:\n- lunch on Monday\n- the report\n2) dinner on Friday")
    assert [(one.words, one.headed) for one in listed] == [
        ("Two things:", False),
        ("lunch on Monday", True),
        ("the report", True),
        ("dinner on Friday", True),
    ]
    assert len({one.paragraph for one in listed}) == 4


def test_full_stops_of_abbreviations_end_no_sentence() -> None:
    text = "Meet Mr. Hale at 3 p.m. at St. Anne's Rd. 5, e.g. on Monday. Fine?"
    assert words(text) == [text.removesuffix(" Fine?"), "Fine?"]


def test_a_sentence_that_names_two_meetings_is_two() -> None:
    remarks = said("How about coffee on Monday and dinner on Friday?")
    assert [(one.kind, one.when and one.when.day) for one in remarks] == [
        ("coffee", date(2026, 3, 16)),
        ("dinner", date(2026, 3, 13)),
    ]


def test_the_tuesday_is_that_of_the_date_told_before() -> None:
    remarks = said("I am in town from 20 April. Lunch on the Tuesday?")
    assert [one.when and one.when.day for one in remarks] == [date(2026, 4, 20), date(2026, 4, 21)]


def test_the_subject_of_a_first_mail_is_a_remark_and_that_of_an_answer_is_none() -> None:
    first, _ = said("See below.", subject="Lunch at Nopa on Thursday?")
    assert (first.kind, [place.words for place in first.places]) == ("lunch", ["Nopa"])
    assert words("See below.", subject="RE: AW[2]: Lunch at Nopa on Thursday?") == ["See below."]
    # in a title names are topics
    assert said("See below.", subject="Mill Road?")[0].places == ()


def test_a_labelled_place_counts_beside_a_day() -> None:
    where = said("When: Friday, 10:00\nWhere: Town Hall")[-1]
    assert where.labelled
    assert where.places == (Place("Town Hall"),)
    assert not said("The archive.\n\nWhere: Town Hall")[-1].labelled


def test_what_a_mail_quotes_is_read_apart_from_what_it_says() -> None:
    quote = "On Mon, 9 Mar 2026 at 18:02, Sam <sam@example.org> wrote:\n> Lunch at Nopa?\n> Sam"
    message = a_message(
        subject="Re: hi", own_words="Gladly.", body=f"Gladly.\n\n{quote}\n", sent_at=WRITTEN
    )
    read = proposal.read(message)
    assert [one.words for one in read.remarks] == ["Gladly."]
    assert [one.words for one in read.quoted()] == ["Lunch at Nopa?"]


def test_a_mail_without_own_words_is_read_as_it_is() -> None:
    body = "---------- Forwarded message ---------\nFrom: Tom\n\nLunch on Friday?"
    message = a_message(subject="Fwd: hi", own_words="", body=body, sent_at=WRITTEN)
    read = proposal.read(message)
    assert "Lunch on Friday?" in [one.words for one in read.remarks]
    assert read.quoted() == ()


@pytest.mark.parametrize(
    ("head", "act"),
    [
        ("Invitation", Act.PROPOSES),
        ("Cancelled", Act.CANCELS),
        ("Answer", Act.AGREES),
        ("Other proposal", Act.MOVES),
    ],
)
def test_a_calendar_event_is_one_remark(head: str, act: Act) -> None:
    text = (
        f"{head}: Lunch with Ana\nWhen: 2026-03-12 12:30 Europe/Berlin\nWhere: Nopa\n"
        "Organizer: Ana\n"
    )
    [remark] = [one for one in said(text) if one.calendar]
    assert act in remark.acts
    assert remark.kind == "lunch"
    assert remark.places == (Place("Nopa"),)
    assert remark.when == When(date(2026, 3, 12), time(12, 30), ZoneInfo("Europe/Berlin"))


def test_curly_quotes_and_dashes_are_read_like_straight_ones() -> None:
    assert proposal.plain("I\u2019d love to \u2014 let\u2019s") == "I'd love to - let's"
    assert Act.PROPOSES in said("Let\u2019s have lunch on Friday")[0].acts


@pytest.mark.parametrize("year", [1900, 9999])
def test_mail_of_absurd_years_is_read(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    text = "Lunch tomorrow? Or Monday, or on the 31st, 9999-12-31, the Tuesday."
    assert len(said(text, sent_at=at)) == 2


PIECES = (
    *("Lunch?", "\n", "\n\n", "- ", "at Nopa", "on Monday", "and dinner on Friday", "> ", "Hi"),
    *("Where: ", "A: ", "3pm", ". ", "wrote:", "Cheers,", "p.s.", "www.", "\u2028", "Invitation: "),
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=20).map(" ".join)


@given(TEXTS, TEXTS, TEXTS)
@settings(deadline=None)
def test_any_mail_is_read(subject: str, own: str, body: str) -> None:
    message = a_message(subject=subject, own_words=own, body=f"{own}\n{body}", sender=ANA)
    read = proposal.read(message)
    for remark in (*read.remarks, *read.quoted()):
        assert 0 < len(remark.words) <= 600
    again = proposal.read(message)
    assert (again.remarks, again.quoted()) == (read.remarks, read.quoted())

"""Words for places in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.domain.remark import Place, Sign
from jeeves.mail import places

PEOPLE = frozenset({"ana", "lopez", "sam"})


def words(sentence: str) -> list[str]:
    """The places by whose words alone one knows that they are some."""
    found = places.found_in(sentence, PEOPLE)
    return [place.words for place in found if not place.refused and place.sign > Sign.BARE]


def refused(sentence: str) -> list[str]:
    return [place.words for place in places.found_in(sentence, PEOPLE) if place.refused]


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("Lunch at Nopa on Thursday?", "Nopa"),
        ("See you at the Red Lion", "the Red Lion"),
        ("How about Café Kranzler?", "Café Kranzler"),
        ("Let's meet outside King's Cross", "King's Cross"),
        ("my office works, third floor", "my office"),
        ("come by my desk when you are back", "come by my desk"),
        ("Usual place, usual time", "Usual place"),
        ("at yours, then?", "yours"),
        ("I'll come to you", "come to you"),
        ("Room 4.12 at ten", "Room 4.12"),
        ("12 Mill Road, flat 3", "12 Mill Road"),
        ("Treffen wir uns in der Lindenstraße 5", "Lindenstraße 5"),
        ("Nos vemos en la Plaza Mayor", "Plaza Mayor"),
        ("Where: the library, second floor", "the library, second floor"),
        ("Location: Blue Bottle", "Blue Bottle"),
        ("on the corner of Fifth and Oak", "the corner of Fifth and Oak"),
        ("https://maps.app.goo.gl/maps/x1", "the place on the map"),
        ("Dinner at Ana's", "Ana's"),
        ("I booked a table at Lardo", "Lardo"),
        ("The Wolseley, 12:30?", "The Wolseley"),
        ("Shall we say the Anchor at six?", "the Anchor"),
        ("Nopa works for me", "Nopa"),
        ("same place as last time", "same place as last time"),
        ("kommt doch alle zu uns", "kommt doch alle zu uns"),
        ("chez nous samedi", "chez nous"),
        ("donde siempre", "donde siempre"),
        ("the café on Mill Road is fine", "the café on Mill Road"),
    ],
)
def test_a_place_is_found_in_the_words_of_the_mail(sentence: str, place: str) -> None:
    assert words(sentence) == [place]


@pytest.mark.parametrize(
    "sentence",
    [
        "Want to grab lunch on Thursday?",
        "Let's talk on Zoom",
        "See you at noon",
        "See you at 12.30",
        "I work at Google now",
        "My brother lives in Boston",
        "Where shall we meet?",
        "Location: TBD",
        "Where: to be decided",
        "Venue: Zoom",
        "https://example.org/lunch",
        "write to info@cafe-central.example at any time",
        "The report is attached.",
        "Thanks, Ana",
        "Sam, are you free?",
        "at Monday's meeting",
        "in the afternoon",
        "at the latest",
        "the usual suspects",
        "My office hours are over",
        "come up with a plan",
        "",
    ],
)
def test_what_is_no_place_to_meet_is_none(sentence: str) -> None:
    assert words(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("Nopa is closed on Mondays", "Nopa"),
        ("Not Chez Paul again", "Chez Paul"),
        ("The Anchor is too loud for talking", "The Anchor"),
        ("I can't get to Café Rosa by six", "Café Rosa"),
        ("Room 12 is taken", "Room 12"),
        ("Lieber nicht im Adler", "Adler"),
    ],
)
def test_a_place_that_will_not_do_is_found_as_such(sentence: str, place: str) -> None:
    assert refused(sentence) == [place]
    assert words(sentence) == []


@pytest.mark.parametrize(
    "sentence", ["my office is being painted", "Not the Red Lion, please", "Nopa is closed"]
)
def test_which_place_will_not_do_may_be_left_to_the_words(sentence: str) -> None:
    assert places.shuts(sentence)
    assert words(sentence) == []


def test_one_place_is_refused_and_another_proposed_in_one_sentence() -> None:
    sentence = "Nopa is fully booked, how about Zuni?"
    assert refused(sentence) == ["Nopa"]
    assert words(sentence) == ["Zuni"]
    assert words("Rather than the Anchor, let's do the Crown") == ["the Crown"]


def test_of_two_places_both_are_found() -> None:
    assert words("Either Nopa or Zuni?") == ["Nopa or Zuni"]
    assert words("Coffee at Nopa, then dinner at Zuni") == ["Nopa", "Zuni"]


def test_signs_tell_how_much_speaks_for_a_place() -> None:
    assert places.found_in("Meet at Nopa") == (Place("Nopa", sign=Sign.SURE),)
    assert places.found_in("How about Nopa?") == (Place("Nopa", sign=Sign.LIKELY),)
    assert places.found_in("Nopa?") == (Place("Nopa", sign=Sign.BARE),)
    assert places.found_in("casa brindisi?") == (Place("casa brindisi", sign=Sign.BARE),)
    assert places.found_in("Ana?", PEOPLE) == ()


def test_a_place_where_something_else_is_is_told_aside() -> None:
    [place] = places.found_in("I left my glove at the rink")
    assert place.aside
    [place] = places.found_in("Let's meet at the rink")
    assert not place.aside


@pytest.mark.parametrize("sentence", ["somewhere quieter?", "Can we try another café?", "woanders"])
def test_another_place_is_asked_for(sentence: str) -> None:
    assert places.elsewhere(sentence)
    assert not places.elsewhere("At the café, another day")


@pytest.mark.parametrize("sentence", ["It's closed.", "that is too far", "Fully booked, sorry."])
def test_a_place_that_is_not_named_will_not_do(sentence: str) -> None:
    assert places.refused(sentence)
    assert not places.refused("It's open until ten")


def test_a_labelled_line_is_known_by_its_label() -> None:
    assert places.labelled("Where: the library")
    assert places.labelled("Treffpunkt: am Brunnen")
    assert not places.labelled("I know where: the library")


PIECES = st.sampled_from(
    """at in the The my office Nopa Mill Road 12 St. corner of and or how about ? , . ; : not closed
    is Ana's room B2 - ( ) @ where: Location: https://maps.x/y a@b.c chez come by usual place
    neither nor Either works either lives""".split()
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=16).map(" ".join))
@settings(deadline=None)
def test_places_are_short_and_in_the_words_of_the_sentence(sentence: str) -> None:
    said = set(sentence.split())
    for place in places.found_in(sentence, PEOPLE):
        assert 0 < len(place.words) <= 80
        assert place.words == " ".join(place.words.split())
        if place.words != "the place on the map":
            assert all(any(part in word for word in said) for part in place.words.split())
    assert isinstance(places.refused(sentence), bool)
    assert isinstance(places.elsewhere(sentence), bool)


@pytest.mark.parametrize(
    "sentence",
    [
        "On Friday, then.",
        "On Thu",
        "On Thu, Ana wrote:",
        "At Friday, then.",
        "The Friday, then.",
        "In, Friday works.",
        "As Friday, then.",
    ],
)
def test_a_particle_before_a_day_is_no_place(sentence: str) -> None:
    assert places.found_in(sentence, PEOPLE) == ()


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("The Anchor on Friday, then.", "The Anchor"),
        ("At the Blue Bottle on Friday?", "the Blue Bottle"),
    ],
)
def test_a_name_may_hold_a_particle(sentence: str, place: str) -> None:
    assert place in words(sentence)

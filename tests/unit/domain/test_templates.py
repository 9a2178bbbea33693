"""Templates: how they are filled, and what they may not be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.templates import NAMES, PLACES, Templates, filled, mistake

VALUES = {"who": "Ana", "what": "lunch", "when": "", "subject": "", "why": ""}


def test_what_ships_has_no_mistake() -> None:
    shipped = Templates()
    assert {name: mistake(name, getattr(shipped, name)) for name in NAMES} == dict.fromkeys(NAMES)
    assert {name.removeprefix("spoken_") for name in NAMES} == set(PLACES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{who}: {what}[ {when}]?", "Ana: lunch?"),
        ("{who}[ with {what}][ {when} or {why}].", "Ana with lunch."),
        ("[{when}]", ""),
        ("  {who} \n {what}  ", "Ana lunch"),
        ("{{{who}}}", "{Ana}"),
    ],
)
def test_what_names_something_empty_is_left_out(template: str, text: str) -> None:
    assert filled(template, VALUES) == text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Lunch", '"Lunch". Lunch.'),
        ("Lunch?", '"Lunch?" Lunch?'),
        ("Lunch.", '"Lunch." Lunch.'),
        ("Lunch...", '"Lunch..." Lunch...'),
    ],
)
def test_no_sentence_ends_twice(subject: str, text: str) -> None:
    assert filled('"{subject}". {subject}.', {**VALUES, "subject": subject}) == text


def test_what_is_filled_in_is_not_read_as_a_template() -> None:
    hostile = {**VALUES, "who": "{what}[{when}]{0}{who.__class__}"}
    assert filled("{who}!", hostile) == "{what}[{when}]{0}{who.__class__}!"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{who} {what} {whom}",
            "names something else than {subject}, {what}, {when}, {who}, {why}",
        ),
        ("{who} {what} {place}", "names something else"),
        ("{who} {what} {reference}", "the reference is added by itself"),
        ("{who} {what} {who.__class__}", "names something else"),
        ("{who} {what} {who[0]}", "names something else"),
        ("{who} {what} {}", "names something else"),
        ("{who} {what} {0}", "names something else"),
        ("{who} {what!r}", "names something else"),
        ("{who} {what:>100000000}", "names something else"),
        ("{who} {what:{when}}", "names something else"),
        ("{who} {what", "has a brace without its other half"),
        ("{who} {what} }", "has a brace without its other half"),
        ("{who} {what}[ {when}", "has a square bracket without its other half"),
        ("{who} {what}] {when}", "has a square bracket without its other half"),
        ("{who} {what}[ {when}[ {why}]]", "one inside another"),
        ("{who} {what} [soon]", "has square brackets that name none of"),
        ("{who}: where?", "does not name {what}"),
        ("", "does not name {what}"),
        ("{who} {what}" + "x" * 200, "has more than 160 characters"),
    ],
)
def test_a_mistake_is_said_in_words(template: str, said: str) -> None:
    found = mistake("alert", template)
    assert found is not None
    assert said in found
    assert mistake("spoken_alert", template) == found


@given(st.sampled_from(NAMES), st.text(st.sampled_from("{}[]whotae.!:0 "), max_size=40))
def test_a_template_without_a_mistake_can_be_filled(name: str, text: str) -> None:
    known, _ = PLACES[name.removeprefix("spoken_")]
    shipped = getattr(Templates(), name)
    for template in (text, shipped + text, text + shipped):
        if mistake(name, template) is None:
            filled(template, dict.fromkeys(known, "x"))

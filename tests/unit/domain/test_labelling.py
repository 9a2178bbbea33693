"""What labels say, and which are written."""

from __future__ import annotations

import pytest

from jeeves.domain.alert import why_withheld
from jeeves.domain.conversation import State
from jeeves.domain.labelling import (
    NEEDS_PLACE,
    SETTLED,
    WRITTEN,
    training_label,
    wishes,
)
from jeeves.domain.message import DRAFT, Marks
from tests.builders import NOW, a_message


@pytest.mark.parametrize(
    ("labels", "starred", "says"),
    [
        (["Jeeves"], True, True),
        (["\\Inbox", "Jeeves", "\\Starred"], True, True),
        (["jeeves"], True, True),
        (["Jeeves"], False, None),
        ([], True, None),
        (["\\Starred"], True, None),
        (["Jeeves/yes"], False, True),
        (["Jeeves/No"], False, False),
        (["Jeeves/no"], True, False),
        (["Jeeves/yes", "Jeeves/no"], False, None),
        (["Jeeves", "Jeeves/no"], True, None),
        (["Jeeves/maybe"], True, None),
        (["Mr Jeeves"], True, None),
        (["\\Jeeves"], True, None),
    ],
)
def test_only_the_owners_word_is_training(
    labels: list[str], starred: bool, says: bool | None
) -> None:
    assert training_label(Marks(tuple(labels), starred)) is says


@pytest.mark.parametrize("starred", [True, False])
def test_what_jeeves_wrote_itself_teaches_it_nothing(starred: bool) -> None:
    assert training_label(Marks(WRITTEN, starred)) is None
    assert training_label(Marks((*WRITTEN, "Jeeves/no"), starred)) is False


@pytest.mark.parametrize("own", [True, False])
def test_a_draft_never_alerts(own: bool) -> None:
    draft = a_message(labels=(DRAFT,), own=own)
    assert why_withheld(draft, NOW) == "a draft, not sent"


def test_a_mail_carries_the_label_of_how_its_conversation_stands() -> None:
    standing = [(1, State.OPEN), (2, State.SETTLED), (3, State.CANCELLED), (4, State.NONE)]
    wished = {(w.message_id, w.label): w.on for w in wishes(standing)}
    assert {key for key, on in wished.items() if on} == {(1, NEEDS_PLACE), (2, SETTLED)}
    assert len(wished) == 8

"""A model of yesterday is told by the doctor: with the packaged starter, and models sealed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jeeves import modelling
from jeeves.cli.examining import model
from jeeves.cli.examining.finding import Grade
from jeeves.domain.labelling import LastWord
from jeeves.learning import registry
from jeeves.learning.origin import owners_key
from jeeves.learning.shelf_list import KIND
from jeeves.settings import Settings
from tests.builders import NOW

WORD = LastWord(7, NOW)


def settings(home: Path, **given: object) -> Settings:
    return Settings.model_validate({"jeeves_home": home, "speech": "off", **given})


def serve(ours: Settings, starter: str) -> None:
    """The starter itself, sealed as a model of the owner's that was moved from ``starter``."""
    _, shelf = modelling.shelves(ours)
    current = registry.current(shelf.folder)
    made = registry.verify(shelf.folder, current or "", shelf.proof)
    facts: dict[str, Any] = {name: made.content[name] for name in ("thresholds", "curve")}
    word = {"number": WORD.number, "at": WORD.at.isoformat()}
    facts |= {"kind": KIND, "training": {"starter": starter, "last_word": word}}
    key = owners_key(ours.jeeves_home)
    own = ours.own_models
    version = registry.save(own, made.table, b"no pipeline is read to serve", facts, NOW, key)
    registry.promote(own, version, modelling.shelves(ours)[0].proof)


@pytest.mark.parametrize(("new_labels", "mends"), [(0, "--force"), (3, "jeeves retrain")])
def test_a_model_that_was_moved_from_an_older_starter_is_told(
    tmp_path: Path, new_labels: int, mends: str
) -> None:
    ours = settings(tmp_path)
    serve(ours, "2020-01-01T00-00-00-abcdef")
    found = model.look(ours, None, new_labels)
    assert found.grade is Grade.WARNING
    assert "moved from the starter 2020-01-01T00-00-00-abcdef" in found.says
    assert found.mends.endswith(mends)
    assert modelling.trained_up_to(ours) == WORD


def test_a_model_that_was_moved_from_the_starter_that_is_there_is_fine(tmp_path: Path) -> None:
    ours = settings(tmp_path)
    serve(ours, registry.current(modelling.shelves(ours)[1].folder) or "")
    assert modelling.outgrown_starter(ours) is None
    assert model.look(ours, None, 3).grade is Grade.OK


@pytest.mark.parametrize(
    ("needed", "new_labels", "grade"),
    [
        (20, 59, Grade.OK),
        (20, 60, Grade.WARNING),
        (0, 19, Grade.OK),
        (0, 20, Grade.WARNING),
        (20, None, Grade.OK),
    ],
)
def test_labels_that_no_night_has_learned_from_are_told(
    tmp_path: Path, needed: int, new_labels: int | None, grade: Grade
) -> None:
    found = model.look(settings(tmp_path, retrain_labels=needed), None, new_labels)
    assert found.grade is grade
    assert found.mends == ("jeeves retrain" if grade is Grade.WARNING else "")


def test_a_model_that_was_changed_is_broken(tmp_path: Path) -> None:
    """Promise 4."""
    ours = settings(tmp_path)
    serve(ours, "2020-01-01T00-00-00-abcdef")
    (version,) = registry.versions(ours.own_models)
    with (ours.own_models / version / "table.json.gz").open("ab") as file:
        file.write(b"x")
    found = model.look(ours, None, 0)
    assert found.grade is Grade.BROKEN
    assert "was changed or is not whole" in found.says

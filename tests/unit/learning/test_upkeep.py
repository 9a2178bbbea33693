"""Which versions stay, the way back, and one training at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jeeves.errors import ModelCorrupt, ModelError, ModelNotFound, RetrainingRuns
from jeeves.learning import registry
from jeeves.learning.serving import Loaded, Renewed, Shelf, load_scorer
from jeeves.learning.shelf_list import listed
from jeeves.learning.upkeep import one_at_a_time, prune, roll_back
from tests.unit.learning.test_registry import KEY, save


def current(folder: Path) -> str | None:
    return registry.current(folder)


def test_a_roll_back_lets_the_one_before_serve_and_then_the_starter(tmp_path: Path) -> None:
    first, second = save(tmp_path), save(tmp_path, 1)
    assert roll_back(tmp_path, KEY) == (second, first)
    assert current(tmp_path) == first
    assert roll_back(tmp_path, KEY) == (first, None)
    assert current(tmp_path) is None
    assert set(registry.versions(tmp_path)) == {first, second}
    with pytest.raises(ModelNotFound, match="starter serves"):
        roll_back(tmp_path, KEY)


def test_a_roll_back_to_a_bad_version_is_refused_and_the_current_one_stays(tmp_path: Path) -> None:
    first, second = save(tmp_path), save(tmp_path, 1)
    (tmp_path / first / registry.TABLE).write_bytes(b"changed")
    with pytest.raises(ModelCorrupt):
        roll_back(tmp_path, KEY)
    assert current(tmp_path) == second


def test_a_roll_back_passes_over_versions_that_are_gone(tmp_path: Path) -> None:
    first, second, third = (save(tmp_path, days) for days in range(3))
    shutil.rmtree(tmp_path / second)
    assert roll_back(tmp_path, KEY) == (third, first)


def test_the_oldest_versions_are_removed_but_not_what_serves_or_may_again(tmp_path: Path) -> None:
    versions = [save(tmp_path, days) for days in range(6)]
    # the first two are the current one and the one before it
    registry.promote(tmp_path, versions[1], KEY)
    registry.promote(tmp_path, versions[0], KEY)
    assert prune(tmp_path, 4) == [versions[2], versions[3]]
    assert set(registry.versions(tmp_path)) == {versions[i] for i in (0, 1, 4, 5)}
    assert prune(tmp_path, 4) == []
    assert prune(tmp_path, 2) == [versions[4], versions[5]]
    assert current(tmp_path) == versions[0]


def test_nothing_is_removed_where_it_is_not_known_what_serves(tmp_path: Path) -> None:
    for days in range(4):
        save(tmp_path, days)
    (tmp_path / registry.CURRENT).write_text("nonsense")
    assert prune(tmp_path, 2) == []


def test_of_two_trainings_one_says_that_the_other_runs(tmp_path: Path) -> None:
    with (
        one_at_a_time(tmp_path),
        pytest.raises(RetrainingRuns, match="Another process"),
        one_at_a_time(tmp_path),
    ):
        pytest.fail("both run")
    with one_at_a_time(tmp_path):
        pass


def test_what_a_killed_training_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = save(tmp_path)
    (tmp_path / ".2026-11-19T12-00-00-abcdef").mkdir()
    (tmp_path / ".2026-11-19T12-00-00-abcdef" / "table.json.gz").write_bytes(b"half")
    (tmp_path / f".{registry.CURRENT}-1234abcd").write_text("half")
    with one_at_a_time(tmp_path):
        pass
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {kept, registry.CURRENT, ".retrain.lock"}


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(ModelError, match="cannot be written into"),
        one_at_a_time(tmp_path / "file" / "models"),
    ):
        pytest.fail("written")


def test_the_list_says_which_one_serves(tmp_path: Path) -> None:
    own, starter = tmp_path / "own", tmp_path / "starter"
    shipped = save(starter)
    shelves = [Shelf(own, KEY), Shelf(starter, KEY)]
    assert [(line.version, line.state) for line in listed(shelves)] == [(shipped, "current")]
    first, second = save(own), save(own, 1)
    (own / second / registry.TABLE).write_bytes(b"changed")
    lines = {line.version: line for line in listed(shelves)}
    assert lines[second].state == "unusable"
    assert "was changed" in lines[second].why
    # what serves is the first good one of those that were current
    assert lines[first].state == "current"
    assert lines[shipped].state == "spare"
    assert lines[shipped].starter


def test_a_model_that_becomes_current_is_taken_over_without_a_restart(tmp_path: Path) -> None:
    first = save(tmp_path)
    shelves = [Shelf(tmp_path, KEY)]
    told: list[Loaded] = []
    renewed = Renewed(shelves, None, load_scorer(shelves), told.append)
    before = renewed()
    assert renewed() is before
    second = save(tmp_path, 1)
    assert renewed().version == second
    roll_back(tmp_path, KEY)
    assert renewed().version == first
    assert [one.scorer.version for one in told] == [second, first]


def test_a_bad_model_is_not_taken_over(tmp_path: Path) -> None:
    save(tmp_path)
    shelves = [Shelf(tmp_path, KEY)]
    renewed = Renewed(shelves, None, load_scorer(shelves))
    before = renewed()
    second = save(tmp_path, 1)
    (tmp_path / second / registry.TABLE).write_bytes(b"changed")
    assert renewed().version == before.version
    shutil.rmtree(tmp_path)
    assert renewed() is before

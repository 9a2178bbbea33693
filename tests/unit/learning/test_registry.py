"""Versions of models on disk: each way a file can be bad, and what serves then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jeeves.domain.verdict import Thresholds
from jeeves.errors import ModelCorrupt, ModelError, ModelIncompatible, ModelNotFound
from jeeves.learning import registry
from jeeves.learning.table import Table, TermWeights
from tests.builders import NOW, a_message


def a_table(intercept: float = -1.0, terms: tuple[str, ...] = ("lunch",)) -> bytes:
    numbers = [1.0] * len(terms)
    return Table(
        intercept=intercept,
        text=TermWeights.of(terms, numbers, numbers),
        meeting=TermWeights.of([], [], []),
        facts={},
        stems={},
    ).dumps()


def save(folder: Path, days: int = 0, table: bytes | None = None) -> str:
    """A version made ``days`` later, current from now on."""
    facts = {"thresholds": {"alert": 0.5, "unsure": 0.1}, "note": "gr\u00fcn"}
    content = table or a_table(intercept=-1.0 - days)
    version = registry.save(folder, content, b"a pipeline", facts, NOW + timedelta(days=days))
    registry.promote(folder, version)
    return version


def reseal(place: Path, **changes: Any) -> None:
    """Change the manifest the way another version of Jeeves would have written it."""
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    del manifest["seal"]
    manifest.update(changes)
    manifest["seal"] = registry._seal(manifest)
    (place / registry.MANIFEST).write_text(json.dumps(manifest))


def truncate(name: str) -> Callable[[Path], object]:
    return lambda place: (place / name).write_bytes((place / name).read_bytes()[:-5])


def tamper(name: str) -> Callable[[Path], object]:
    def change(place: Path) -> None:
        content = bytearray((place / name).read_bytes())
        content[-3] ^= 1
        (place / name).write_bytes(content)

    return change


def remove(name: str) -> Callable[[Path], object]:
    return lambda place: (place / name).unlink()


def lower_the_threshold(place: Path) -> None:
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    manifest["thresholds"]["alert"] = 0.2
    (place / registry.MANIFEST).write_text(json.dumps(manifest))


def rename(place: Path) -> None:
    other = place.with_name("2020-01-01T00-00-00-abcdef")
    place.rename(other)
    shutil.copytree(other, place)
    reseal(place, version=other.name)


BAD: dict[str, tuple[Callable[[Path], object], type[ModelError]]] = {
    "table truncated": (truncate(registry.TABLE), ModelCorrupt),
    "table tampered with": (tamper(registry.TABLE), ModelCorrupt),
    "table missing": (remove(registry.TABLE), ModelCorrupt),
    "pipeline truncated": (truncate(registry.PIPELINE), ModelCorrupt),
    "pipeline tampered with": (tamper(registry.PIPELINE), ModelCorrupt),
    "pipeline missing": (remove(registry.PIPELINE), ModelCorrupt),
    "manifest truncated": (truncate(registry.MANIFEST), ModelCorrupt),
    "manifest empty": (lambda p: (p / registry.MANIFEST).write_bytes(b""), ModelCorrupt),
    "manifest no object": (lambda p: (p / registry.MANIFEST).write_bytes(b"[1]"), ModelCorrupt),
    "manifest not text": (lambda p: (p / registry.MANIFEST).write_bytes(b"\xff"), ModelCorrupt),
    "manifest missing": (remove(registry.MANIFEST), ModelCorrupt),
    "threshold changed by hand": (lower_the_threshold, ModelCorrupt),
    "manifest of another version": (rename, ModelCorrupt),
    "other format": (lambda p: reseal(p, format=99), ModelIncompatible),
    "other documents": (lambda p: reseal(p, document=99), ModelIncompatible),
    "folder gone": (shutil.rmtree, ModelNotFound),
}


def test_a_saved_version_comes_back_as_it_was_written(tmp_path: Path) -> None:
    version = save(tmp_path / "models")
    manifest = registry.verify(tmp_path / "models", version)
    assert manifest.thresholds == Thresholds(alert=0.5, unsure=0.1)
    assert manifest.content["note"] == "gr\u00fcn"
    assert manifest.content["created_at"] == NOW.isoformat()
    assert set(manifest.content["libraries"]) == set(registry.LIBRARIES)
    assert registry.read_pipeline(tmp_path / "models", version) == b"a pipeline"
    scorer = registry.load(tmp_path / "models", version)
    assert scorer.version == version
    assert scorer.thresholds == manifest.thresholds
    assert 0 < scorer.score(a_message()).probability < 1


@pytest.mark.parametrize("damage", BAD)
def test_a_bad_model_is_refused_with_the_command_that_mends_it(tmp_path: Path, damage: str) -> None:
    version = save(tmp_path)
    break_it, error = BAD[damage]
    break_it(tmp_path / version)
    with pytest.raises(error, match="jeeves train") as refused:
        registry.load(tmp_path, version)
    assert type(refused.value) is error
    assert str(tmp_path) in str(refused.value)
    with pytest.raises(error):
        registry.read_pipeline(tmp_path, version)
    with pytest.raises(error):
        registry.promote(tmp_path, version)


@pytest.mark.parametrize("damage", BAD)
def test_the_last_good_model_keeps_serving(tmp_path: Path, damage: str) -> None:
    own, starter = tmp_path / "own", tmp_path / "starter"
    packaged = save(starter)
    older, newer = save(own, days=1), save(own, days=2)
    break_it, _ = BAD[damage]
    break_it(own / newer)
    loaded = registry.load_scorer([own, starter])
    assert loaded.scorer.version == older
    assert len(loaded.warnings) == 1
    break_it(own / older) if damage != "manifest of another version" else shutil.rmtree(own / older)
    loaded = registry.load_scorer([own, starter])
    assert (loaded.scorer.version, loaded.folder) == (packaged, starter)
    assert len(loaded.warnings) == 2


def test_a_table_without_words_is_refused(tmp_path: Path) -> None:
    version = save(tmp_path, table=a_table(terms=()))
    with pytest.raises(ModelCorrupt, match="its vocabulary is empty"):
        registry.load(tmp_path, version)


def test_a_table_that_is_none_is_refused_even_if_its_digest_is_right(tmp_path: Path) -> None:
    version = save(tmp_path, table=b"not a table")
    with pytest.raises(ModelCorrupt, match="cannot be used"):
        registry.load(tmp_path, version)


def test_another_scikit_learn_stops_the_pipeline_but_not_the_serving(tmp_path: Path) -> None:
    version = save(tmp_path)
    libraries = dict(registry.verify(tmp_path, version).content["libraries"])
    reseal(tmp_path / version, libraries={**libraries, "scikit-learn": "0.1"})
    assert registry.load_scorer([tmp_path]).scorer.version == version
    with pytest.raises(ModelIncompatible, match=r"scikit-learn 0\.1, but .* is installed"):
        registry.read_pipeline(tmp_path, version)


def test_the_owners_model_goes_before_the_starter(tmp_path: Path) -> None:
    starter = save(tmp_path / "starter", days=9)
    assert registry.load_scorer([tmp_path / "own", tmp_path / "starter"]).scorer.version == starter
    own = save(tmp_path / "own")
    loaded = registry.load_scorer([tmp_path / "own", tmp_path / "starter"])
    assert (loaded.scorer.version, loaded.warnings) == (own, ())


def test_without_any_model_the_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"There is no model in .*one or .*two; run `jeeves tr"):
        registry.load_scorer([tmp_path / "one", tmp_path / "two"])


def test_where_no_model_is_good_the_last_refusal_is_told(tmp_path: Path) -> None:
    for name in ("own", "starter"):
        truncate(registry.TABLE)(tmp_path / name / save(tmp_path / name))
    with pytest.raises(ModelCorrupt, match="starter"):
        registry.load_scorer([tmp_path / "own", tmp_path / "starter"])


@pytest.mark.parametrize("content", [b"", b"\n", b"latest\n", b"../../etc\n", b"\xff\xfe"])
def test_a_current_file_that_names_no_version_is_refused(tmp_path: Path, content: bytes) -> None:
    own, starter = tmp_path / "own", tmp_path / "starter"
    save(own)
    packaged = save(starter)
    (own / registry.CURRENT).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="jeeves train"):
        registry.current(own)
    loaded = registry.load_scorer([own, starter])
    assert loaded.scorer.version == packaged
    assert len(loaded.warnings) == 1


def test_a_current_file_that_names_a_missing_version_is_told(tmp_path: Path) -> None:
    older = save(tmp_path)
    missing = "2030-01-01T00-00-00-abcdef"
    (tmp_path / registry.CURRENT).write_text(f"{missing}\n{older}\n")
    loaded = registry.load_scorer([tmp_path])
    assert loaded.scorer.version == older
    assert missing in loaded.warnings[0]


def test_a_new_version_does_not_serve_before_it_is_promoted(tmp_path: Path) -> None:
    current = save(tmp_path)
    facts = {"thresholds": {"alert": 0.5, "unsure": 0.1}}
    candidate = registry.save(tmp_path, a_table(3.0), b"p", facts, NOW + timedelta(days=1))
    assert registry.versions(tmp_path) == [candidate, current]
    assert registry.current(tmp_path) == current
    assert registry.load_scorer([tmp_path]).scorer.version == current
    registry.promote(tmp_path, candidate)
    assert registry.served(tmp_path) == [candidate, current]


def test_an_older_version_can_be_promoted_again(tmp_path: Path) -> None:
    older, newer = save(tmp_path), save(tmp_path, days=1)
    registry.promote(tmp_path, older)
    assert registry.served(tmp_path) == [older, newer]


def test_a_half_written_folder_is_no_version(tmp_path: Path) -> None:
    current = save(tmp_path)
    half = tmp_path / ".2030-01-01T00-00-00-abcdef-12345678"
    half.mkdir()
    (half / registry.TABLE).write_bytes(b"begin")
    assert registry.versions(tmp_path) == [current]
    assert registry.load_scorer([tmp_path]).warnings == ()


def test_a_version_of_the_same_second_and_table_is_not_overwritten(tmp_path: Path) -> None:
    version = save(tmp_path)
    before = (tmp_path / version / registry.MANIFEST).read_bytes()
    with pytest.raises(OSError, match=r"."):
        save(tmp_path)
    assert (tmp_path / version / registry.MANIFEST).read_bytes() == before


def test_a_folder_that_is_not_there_has_no_versions(tmp_path: Path) -> None:
    assert registry.versions(tmp_path / "nowhere") == []
    assert registry.current(tmp_path / "nowhere") is None

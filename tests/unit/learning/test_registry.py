"""Versions of models on disk: each way a file can be bad, and what serves then."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jeeves.domain.operating import Costs, Curve, OperatingPoint
from jeeves.domain.verdict import Thresholds
from jeeves.errors import (
    ModelCorrupt,
    ModelError,
    ModelForeign,
    ModelIncompatible,
    ModelNotFound,
)
from jeeves.learning import registry
from jeeves.learning.origin import OwnersKey
from jeeves.learning.serving import Loaded, Shelf, load, load_scorer
from jeeves.learning.table import Column, Table
from tests.builders import NOW, a_message
from tests.conftest import ROOT


def a_table(intercept: float = -1.0, terms: tuple[str, ...] = ("lunch",)) -> bytes:
    numbers = [1.0] * len(terms)
    return Table(
        intercept=intercept,
        text=Column.of(terms, numbers, numbers),
        meeting=Column.of([], [], []),
        frames=Column.of([], [], []),
        own_frames=Column.of([], [], []),
        pairs=Column.of([], [], []),
        facts={},
        stems={},
    ).dumps()


#: The key of the owner, and that of another installation.
KEY, OTHERS = OwnersKey(bytes(range(32))), OwnersKey(bytes(32))
FACTS = {
    "thresholds": {"alert": 0.5, "unsure": 0.1},
    "curve": Curve(
        0.2, (OperatingPoint(0.5, 0.8, 0.9, 0.18), OperatingPoint(0.1, 1.0, 0.5, 0.4))
    ).as_dict(),
}


def save(folder: Path, days: int = 0, table: bytes | None = None, key: OwnersKey = KEY) -> str:
    """A version made ``days`` later, current from now on."""
    content = table or a_table(intercept=-1.0 - days)
    facts = {**FACTS, "note": "gr\u00fcn"}
    version = registry.save(folder, content, b"a pipeline", facts, NOW + timedelta(days=days), key)
    registry.promote(folder, version, key)
    return version


def serve(*folders: Path, costs: Costs | None = None) -> Loaded:
    return load_scorer([Shelf(folder, KEY) for folder in folders], costs)


def reseal(place: Path, key: OwnersKey = KEY, **changes: Any) -> None:
    """Change the manifest the way whoever has ``key`` can."""
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    del manifest["seal"], manifest["key"]
    manifest.update(changes)
    manifest |= key.seal(manifest)
    (place / registry.MANIFEST).write_text(json.dumps(manifest))


def reseal_as_ours(place: Path) -> None:
    """Change the manifest, and name our key although another one sealed it."""
    reseal(place, OTHERS, thresholds={"alert": 0.01, "unsure": 0.01})
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    manifest["key"] = KEY.seal({})["key"]
    (place / registry.MANIFEST).write_text(json.dumps(manifest))


def redigest(place: Path) -> None:
    """Another pipeline, its digest in the manifest: all that a plain digest would prove."""
    (place / registry.PIPELINE).write_bytes(b"another pipeline")
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    digest = hashlib.sha256(b"another pipeline").hexdigest()
    manifest["files"][registry.PIPELINE] = {"sha256": digest, "bytes": 16}
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


def rewrite(place: Path, **changes: Any) -> None:
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    (place / registry.MANIFEST).write_text(json.dumps({**manifest, **changes}))


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
    "manifest nested too deep": (
        lambda p: (p / registry.MANIFEST).write_bytes(b"[" * 100_000),
        ModelCorrupt,
    ),
    "pipeline exchanged with its digest": (redigest, ModelCorrupt),
    "resealed with a wrong key": (reseal_as_ours, ModelCorrupt),
    "sealed by another installation": (lambda p: reseal(p, OTHERS), ModelForeign),
    "seal taken off": (lambda p: rewrite(p, seal=None), ModelCorrupt),
    "key taken off": (lambda p: rewrite(p, key=None), ModelForeign),
    "seal no text": (lambda p: rewrite(p, seal=["\ud800"]), ModelCorrupt),
    "sealed without a digest": (lambda p: reseal(p, files={}), ModelCorrupt),
    "sealed with a broken curve": (lambda p: reseal(p, curve={"points": []}), ModelCorrupt),
    "other format": (lambda p: reseal(p, format=99), ModelIncompatible),
    "other documents": (lambda p: reseal(p, document=99), ModelIncompatible),
    "folder gone": (shutil.rmtree, ModelNotFound),
}


def test_a_saved_version_comes_back_as_it_was_written(tmp_path: Path) -> None:
    version = save(tmp_path / "models")
    manifest = registry.verify(tmp_path / "models", version, KEY)
    assert manifest.thresholds == Thresholds(alert=0.5, unsure=0.1)
    assert manifest.content["previous"] is None
    assert manifest.content["note"] == "gr\u00fcn"
    assert manifest.content["created_at"] == NOW.isoformat()
    assert set(manifest.content["libraries"]) == set(registry.LIBRARIES)
    verified = registry.verify_pipeline(tmp_path / "models", version, KEY)
    assert verified.pipeline == b"a pipeline"
    scorer = load(tmp_path / "models", version, KEY)
    assert scorer.version == version
    assert scorer.thresholds == manifest.thresholds
    assert 0 < scorer.score(a_message()).probability < 1


@pytest.mark.parametrize("damage", BAD)
def test_a_bad_model_is_refused_with_the_command_that_mends_it(tmp_path: Path, damage: str) -> None:
    version = save(tmp_path)
    break_it, error = BAD[damage]
    break_it(tmp_path / version)
    with pytest.raises(error, match="jeeves train") as refused:
        load(tmp_path, version, KEY)
    assert type(refused.value) is error
    assert str(tmp_path) in str(refused.value)
    with pytest.raises(error):
        registry.verify_pipeline(tmp_path, version, KEY)
    with pytest.raises(error):
        registry.promote(tmp_path, version, KEY)


@pytest.mark.parametrize("damage", BAD)
def test_the_last_good_model_keeps_serving(tmp_path: Path, damage: str) -> None:
    own, starter = tmp_path / "own", tmp_path / "starter"
    packaged = save(starter)
    older, newer = save(own, days=1), save(own, days=2)
    break_it, _ = BAD[damage]
    break_it(own / newer)
    loaded = serve(own, starter)
    assert loaded.scorer.version == older
    assert len(loaded.warnings) == 1
    break_it(own / older) if damage != "manifest of another version" else shutil.rmtree(own / older)
    loaded = serve(own, starter)
    assert (loaded.scorer.version, loaded.folder) == (packaged, starter)
    assert len(loaded.warnings) == 2


def test_a_table_without_words_is_refused(tmp_path: Path) -> None:
    version = save(tmp_path, table=a_table(terms=()))
    with pytest.raises(ModelCorrupt, match="its vocabulary is empty"):
        load(tmp_path, version, KEY)


def test_a_table_that_is_none_is_refused_even_if_its_digest_is_right(tmp_path: Path) -> None:
    version = save(tmp_path, table=b"not a table")
    with pytest.raises(ModelCorrupt, match="cannot be used"):
        load(tmp_path, version, KEY)


def test_another_scikit_learn_stops_the_pipeline_but_not_the_serving(tmp_path: Path) -> None:
    version = save(tmp_path)
    libraries = dict(registry.verify(tmp_path, version, KEY).content["libraries"])
    reseal(tmp_path / version, libraries={**libraries, "scikit-learn": "0.1"})
    assert serve(tmp_path).scorer.version == version
    with pytest.raises(ModelIncompatible, match=r"scikit-learn 0\.1, but .* is installed"):
        registry.verify_pipeline(tmp_path, version, KEY)


def test_the_owners_model_goes_before_the_starter(tmp_path: Path) -> None:
    starter = save(tmp_path / "starter", days=9)
    assert serve(tmp_path / "own", tmp_path / "starter").scorer.version == starter
    own = save(tmp_path / "own")
    loaded = serve(tmp_path / "own", tmp_path / "starter")
    assert (loaded.scorer.version, loaded.warnings) == (own, ())


def test_without_any_model_the_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"There is no model in .*one or .*two; run `jeeves tr"):
        serve(tmp_path / "one", tmp_path / "two")


def test_where_no_model_is_good_the_last_refusal_is_told(tmp_path: Path) -> None:
    for name in ("own", "starter"):
        truncate(registry.TABLE)(tmp_path / name / save(tmp_path / name))
    with pytest.raises(ModelCorrupt, match="starter"):
        serve(tmp_path / "own", tmp_path / "starter")


@pytest.mark.parametrize("content", [b"", b"\n", b"latest\n", b"../../etc\n", b"\xff\xfe"])
def test_a_current_file_that_names_no_version_is_refused(tmp_path: Path, content: bytes) -> None:
    own, starter = tmp_path / "own", tmp_path / "starter"
    save(own)
    packaged = save(starter)
    (own / registry.CURRENT).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="jeeves train"):
        registry.current(own)
    loaded = serve(own, starter)
    assert loaded.scorer.version == packaged
    assert len(loaded.warnings) == 1


def test_a_current_file_that_names_a_missing_version_is_told(tmp_path: Path) -> None:
    older = save(tmp_path)
    missing = "2030-01-01T00-00-00-abcdef"
    (tmp_path / registry.CURRENT).write_text(f"{missing}\n{older}\n")
    loaded = serve(tmp_path)
    assert loaded.scorer.version == older
    assert missing in loaded.warnings[0]


def test_a_new_version_does_not_serve_before_it_is_promoted(tmp_path: Path) -> None:
    current = save(tmp_path)
    candidate = registry.save(tmp_path, a_table(3.0), b"p", FACTS, NOW + timedelta(days=1), KEY)
    assert registry.versions(tmp_path) == [candidate, current]
    assert registry.current(tmp_path) == current
    assert serve(tmp_path).scorer.version == current
    registry.promote(tmp_path, candidate, KEY)
    assert registry.served(tmp_path) == [candidate, current]


def test_an_older_version_can_be_promoted_again(tmp_path: Path) -> None:
    older, newer = save(tmp_path), save(tmp_path, days=1)
    registry.promote(tmp_path, older, KEY)
    assert registry.served(tmp_path) == [older, newer]


def test_a_half_written_folder_is_no_version(tmp_path: Path) -> None:
    current = save(tmp_path)
    half = tmp_path / ".2030-01-01T00-00-00-abcdef-12345678"
    half.mkdir()
    (half / registry.TABLE).write_bytes(b"begin")
    assert registry.versions(tmp_path) == [current]
    assert serve(tmp_path).warnings == ()


def test_two_versions_of_the_same_second_and_table_are_two(tmp_path: Path) -> None:
    one, two = save(tmp_path), save(tmp_path)
    assert registry.served(tmp_path) == [two, one]
    assert registry.verify(tmp_path, two, KEY).content["previous"] == one
    assert serve(tmp_path).warnings == ()


def test_other_costs_cut_the_same_model_elsewhere(tmp_path: Path) -> None:
    save(tmp_path)
    assert serve(tmp_path).scorer.thresholds.alert == 0.5
    picky = serve(tmp_path, costs=Costs(miss=10, false_alarm=1, recall_floor=0.9))
    assert picky.scorer.thresholds.alert == 0.1
    assert picky.expected.recall == 1.0
    calm = serve(tmp_path, costs=Costs(miss=1, false_alarm=1, recall_floor=0.5))
    assert (calm.scorer.thresholds.alert, calm.expected.recall) == (0.5, 0.8)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"cannot be written into .*file.* JEEVES_MODELS_DIR"):
        registry.save(tmp_path / "file" / "models", a_table(), b"p", FACTS, NOW, KEY)


#: A child that kills itself where it opens, makes or renames a file the n-th time.
SAVES = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from jeeves.learning import registry
from tests.builders import NOW
from tests.unit.learning.test_registry import FACTS, KEY, a_table
folder, steps = Path(sys.argv[1]), int(sys.argv[2])
def step(event, arguments):
    global steps
    watched = event in ("open", "os.mkdir", "os.rename") and str(folder) in str(arguments[0])
    if watched:
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
table = a_table(7.0)
sys.addaudithook(step)
version = registry.save(folder, table, b"p", FACTS, NOW + timedelta(days=1), KEY)
registry.promote(folder, version, KEY)
"""


def saving(folder: Path, steps: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SAVES, str(folder), str(steps)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_whatever_is_killed_between_the_steps_a_whole_model_serves(tmp_path: Path) -> None:
    killed = 0
    for steps in range(1, 60):
        folder = tmp_path / str(steps)
        older = save(folder)
        code = saving(folder, steps).wait()
        loaded = serve(folder)
        assert loaded.warnings == ()
        if code == 0:
            assert loaded.scorer.version != older
            break
        assert code == -signal.SIGKILL
        killed += 1
        for version in registry.versions(folder):
            registry.verify(folder, version, KEY)
        # ... and the next training is not disturbed by what was left.
        newest = save(folder, days=2)
        assert serve(folder).scorer.version == newest
    assert killed >= 6


def test_trainings_at_once_leave_a_whole_model_each_and_forget_none(tmp_path: Path) -> None:
    first = save(tmp_path)
    children = [saving(tmp_path) for _ in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert len(registry.versions(tmp_path)) == 5
    assert set(registry.served(tmp_path)) == set(registry.versions(tmp_path))
    assert registry.served(tmp_path)[-1] == first
    for version in registry.versions(tmp_path):
        registry.verify(tmp_path, version, KEY)


def test_a_folder_that_is_not_there_has_no_versions(tmp_path: Path) -> None:
    assert registry.versions(tmp_path / "nowhere") == []
    assert registry.current(tmp_path / "nowhere") is None

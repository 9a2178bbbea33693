"""Keys and pins: what proves that a model is the owner's, or the one that was shipped."""

from __future__ import annotations

import multiprocessing
import shutil
import stat
from pathlib import Path

import pytest

from jeeves.domain.operating import Curve, OperatingPoint
from jeeves.errors import ModelError, ModelForeign, ModelKeyUnusable
from jeeves.learning import registry
from jeeves.learning.origin import KEY, NoKey, OwnersKey, Pin, owners_key, owners_proof, read_key
from jeeves.learning.serving import Loaded, Shelf, load_scorer
from jeeves.learning.table import Column, Table
from tests.builders import NOW

NONE = Column.of([], [], [])
TABLE = Table(-1.0, Column.of(["lunch"], [1.0], [1.0]), NONE, NONE, NONE, NONE, {}, {}).dumps()
FACTS = {
    "thresholds": {"alert": 0.5, "unsure": 0.1},
    "curve": Curve(0.2, (OperatingPoint(0.5, 0.9, 0.9, 0.18),)).as_dict(),
}


def train(home: Path) -> str:
    """What `jeeves train` leaves in a home."""
    key = owners_key(home)
    version = registry.save(home / "models", TABLE, b"a pipeline", FACTS, NOW, key)
    registry.promote(home / "models", version, key)
    return version


def starter(folder: Path) -> Shelf:
    version = registry.save(folder, TABLE, b"a pipeline", FACTS, NOW)
    pin = Pin.on(folder / version / registry.MANIFEST)
    registry.promote(folder, version, pin)
    return Shelf(folder, pin)


def serve(home: Path, shipped: Shelf) -> Loaded:
    """What serves in a home."""
    return load_scorer([Shelf(home / "models", owners_proof(home)), shipped])


def test_a_key_is_made_once_random_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    assert read_key(home) is None
    made = owners_key(home)
    assert owners_key(home) == made
    assert owners_key(tmp_path / "other") != made
    assert len(made.secret) == 32
    assert stat.S_IMODE((home / KEY).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [KEY]
    assert made.secret.hex() not in repr(made)
    assert repr(made.secret) not in repr(made)


def keyed(home: Path) -> bytes:
    return owners_key(home).secret


def test_of_two_that_make_the_key_at_once_both_get_the_same(tmp_path: Path) -> None:
    for attempt in range(20):
        with multiprocessing.get_context("fork").Pool(4) as pool:
            keys = set(pool.map(keyed, [tmp_path / str(attempt)] * 4, chunksize=1))
        assert len(keys) == 1


def loosen(key: Path) -> None:
    key.chmod(0o640)


def shorten(key: Path) -> None:
    key.write_bytes(b"short")


def lengthen(key: Path) -> None:
    key.write_bytes(bytes(33))


def replace_by_folder(key: Path) -> None:
    key.unlink()
    key.mkdir(mode=0o700)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (loosen, r"can be used by others \(mode 0640\).*chmod 600"),
        (shorten, "is not a key of 32 bytes"),
        (lengthen, "is not a key of 32 bytes"),
        (replace_by_folder, "cannot be read|is not a key"),
    ],
)
def test_an_unusable_key_is_one_sentence_and_the_starter_serves(
    tmp_path: Path, spoil: object, sentence: str
) -> None:
    assert callable(spoil)
    shipped = starter(tmp_path / "starter")
    train(tmp_path)
    spoil(tmp_path / KEY)
    with pytest.raises(ModelKeyUnusable, match=sentence) as refused:
        owners_key(tmp_path)
    assert str(tmp_path / KEY) in str(refused.value)
    loaded = serve(tmp_path, shipped)
    assert loaded.folder == shipped.folder
    assert loaded.warnings == (str(refused.value),)


def test_an_unusable_key_matters_to_nobody_without_models_of_their_own(tmp_path: Path) -> None:
    shipped = starter(tmp_path / "starter")
    owners_key(tmp_path)
    loosen(tmp_path / KEY)
    assert serve(tmp_path, shipped).warnings == ()


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="JEEVES_HOME"):
        owners_key(tmp_path / "file" / "home")


def test_a_model_of_another_machine_is_refused_and_the_last_good_one_serves(
    tmp_path: Path,
) -> None:
    shipped = starter(tmp_path / "starter")
    here, there = tmp_path / "here", tmp_path / "there"
    ours, theirs = train(here), train(there)
    shutil.copytree(there / "models" / theirs, here / "models" / theirs)
    (here / "models" / registry.CURRENT).write_text(f"{theirs}\n{ours}\n")
    loaded = serve(here, shipped)
    assert loaded.scorer.version == ours
    (warning,) = loaded.warnings
    assert theirs in warning
    assert "not made by this installation" in warning
    assert "jeeves train --messages DIR --labels FILE.tsv" in warning


def test_a_folder_of_models_without_its_key_is_foreign(tmp_path: Path) -> None:
    shipped = starter(tmp_path / "starter")
    shutil.copytree(tmp_path / "starter", tmp_path / "models")
    version = train(tmp_path / "there")
    shutil.copytree(tmp_path / "there" / "models" / version, tmp_path / "models" / version)
    (tmp_path / "models" / registry.CURRENT).write_text(f"{version}\n")
    assert isinstance(owners_proof(tmp_path), NoKey)
    loaded = serve(tmp_path, shipped)
    assert loaded.folder == shipped.folder
    assert "has no key yet" in loaded.warnings[0]


def test_the_starter_is_no_model_of_the_owner(tmp_path: Path) -> None:
    """Nor does a pin make one: what was shipped is only taken from where it was shipped."""
    shipped = starter(tmp_path / "models")
    owners_key(tmp_path)
    with pytest.raises(ModelForeign):
        load_scorer([Shelf(tmp_path / "models", owners_proof(tmp_path))])
    assert load_scorer([shipped]).warnings == ()


def test_a_starter_with_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    shipped = starter(tmp_path / "starter")
    manifest = next(tmp_path.glob("starter/*/manifest.json"))
    manifest.write_bytes(manifest.read_bytes().replace(b'"alert": 0.5', b'"alert": 0.4'))
    with pytest.raises(ModelForeign, match="reinstall Jeeves"):
        load_scorer([shipped])


def test_a_starter_sealed_by_the_owners_own_key_is_still_not_the_one_that_was_shipped(
    tmp_path: Path,
) -> None:
    shipped = starter(tmp_path / "starter")
    version = registry.save(shipped.folder, TABLE, b"p", FACTS, NOW, OwnersKey(bytes(32)))
    with pytest.raises(ModelForeign):
        registry.promote(shipped.folder, version, shipped.proof)

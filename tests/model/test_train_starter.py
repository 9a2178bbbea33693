"""The script that makes the starter pins what it made."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jeeves.learning.origin import Pin
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("train_starter", str(ROOT / "scripts" / "train_starter"))
    spec = spec_from_loader("train_starter", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_digest_of_the_manifest_becomes_part_of_the_program(
    script: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_bytes(b"{}\n")
    pin = Pin.on(tmp_path / "manifest.json")
    source = tmp_path / "pinned.py"
    source.write_bytes(script.PINNED.read_bytes())
    script.write_pin(pin, source)
    names: dict[str, Any] = {}
    exec(source.read_text(encoding="utf-8"), names)
    assert names["STARTER_MANIFEST_SHA256"] == pin.sha256


def test_a_file_without_a_digest_is_not_written(script: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "pinned.py"
    source.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="holds no digest"):
        script.write_pin(Pin("0" * 64), source)
    assert source.read_text(encoding="utf-8") == "# nothing\n"

"""The wheel, outside of any checkout: all that it needs is in it.

Its dependencies are those of this environment; `scripts/bench/wheel` installs them anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import raw_mail
from tests.conftest import ROOT
from tests.e2e.conftest import Jeeves


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip would put among the packages."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(folder.glob("jeeves-*.whl"))) as wheel:
        wheel.extractall(folder / "packages")
    return folder / "packages"


@pytest.fixture
def installed(jeeves: Jeeves, unpacked: Path) -> Jeeves:
    """The program of the wheel, each command in an interpreter of its own."""
    jeeves.warm = None
    jeeves.configure(PYTHONPATH=str(unpacked))
    return jeeves


def test_the_wheel_judges_and_lists_and_has_its_starter_and_its_migrations(
    installed: Jeeves, unpacked: Path, tmp_path: Path
) -> None:
    assert "Watch the mailbox:" in installed("--help").stdout
    mail = tmp_path / "one.eml"
    mail.write_bytes(raw_mail())
    starter = (unpacked / "jeeves" / "_starter" / "current").read_text(encoding="utf-8").split()[0]
    assert json.loads(installed("score", str(mail)).stdout)["model"] == starter
    # The embedded database is made and migrated for it.
    assert "No messages yet" in installed("list").stdout


def test_the_wheel_shows_the_demo(installed: Jeeves) -> None:
    assert "text message: " in installed("demo", "--once").stdout

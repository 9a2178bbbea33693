"""The script that measures judgement runs, and says what it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "scripts" / "bench" / "judge"


def judge(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_help_names_every_part(tmp_path: Path) -> None:
    result = judge("--help", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for part in ("quality", "ablation", "speed", "cold"):
        assert f"\n{part} " in result.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [(["haste"], "there is no part 'haste'"), (["quality", "--draw", "-1"], "--draw is 0 or more")],
)
def test_what_cannot_be_measured_is_one_sentence(
    tmp_path: Path, given: list[str], said: str
) -> None:
    result = judge(*given, cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A tenth of the corpus: enough to fit and to measure on."""
    corpus = ROOT / "models" / "corpus"
    folder = tmp_path / "written"
    folder.mkdir()
    head, *rows = (corpus / "labels.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "labels.tsv").write_text("".join([head, *rows[::10]]), encoding="utf-8")
    (folder / "messages").symlink_to(corpus / "messages")
    return folder


@pytest.mark.timeout(300)
def test_speed_is_measured_on_the_corpus_alone(tmp_path: Path, written: Path) -> None:
    arguments = ["--labelled", str(tmp_path), "--mails", "40", "--rounds", "1", "--json"]
    arguments += ["--written", str(written)]
    # a folder without labels is refused before anything is measured
    assert judge("speed", *arguments, cwd=tmp_path).returncode == 1
    arguments[1] = str(tmp_path / "absent")
    result = judge("speed", *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert f"measured on {written} alone" in result.stderr
    speed = json.loads(result.stdout)["speed"]
    assert speed["messages"] == 30
    for one in speed["batch"]:
        assert one["messages_per_cpu_second"] > 0, one
    assert {one["name"] for one in speed["singles"]} >= {"Jeeves: parsed messages"}
    for one in speed["loading"]:
        assert 0 < one["peak_mb"] < 1_000, one

"""Train and evaluate on the command line."""

from __future__ import annotations

import csv
import json
import re
import stat
from pathlib import Path

import pytest

from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.e2e.warm import Warm

PROPOSALS = (
    "Do you want to meet for lunch on {day}?",
    "Are you free for a coffee on {day} at 3 pm? Would love to meet.",
    "Let us get together on {day} to go over the plan. What time suits you?",
    "Can we meet on {day}? I would like to show you the drawings.",
)
OTHERS = (
    "Please find the invoice for {day} attached.",
    "The report is late, it comes on {day}. Sorry about that.",
    "Thank you for the photos of {day}, they are lovely.",
    "Your parcel was handed over on {day}.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@pytest.fixture(autouse=True)
def _warm(jeeves: Jeeves, warm_for_training: Warm | None) -> None:
    jeeves.warm = warm_for_training


@pytest.fixture
def labelled(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of messages and its labels: forty mails of five owners."""
    messages, labels = tmp_path / "messages", tmp_path / "labels.tsv"
    messages.mkdir()
    columns = ["id", "needs_location", "owner", "ambiguous", "stratum", "weight"]
    with labels.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(columns)
        for owner, day in enumerate(DAYS):
            for label, texts in (("1", PROPOSALS), ("0", OTHERS)):
                for number, text in enumerate(texts):
                    name = f"{day}-{label}-{number}"
                    raw = raw_mail("About " + day, text.format(day=day))
                    (messages / f"{name}.eml").write_bytes(raw)
                    table.writerow([name, label, f"owner{owner}", "0", "strong", "1.5"])
    return messages, labels


def arguments(labelled: tuple[Path, Path]) -> list[str]:
    return ["--messages", str(labelled[0]), "--labels", str(labelled[1])]


def test_a_model_is_fitted_written_and_serves(
    jeeves: Jeeves, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    models = tmp_path / "my models"
    out = jeeves.cold("train", *arguments(labelled), "--models-dir", str(models)).stdout
    assert "average precision" in out
    assert re.search(r"in words: catches .* needless texts? a month at 100 mails a day", out)
    version = (models / "current").read_text(encoding="utf-8").strip()
    manifest = json.loads((models / version / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["training"]["messages"] == 40
    jeeves.configure(JEEVES_MODELS_DIR=str(models))
    lines = [json.loads(line) for line in jeeves("score", str(labelled[0])).stdout.splitlines()]
    assert {line["model"] for line in lines} == {version}
    doctor = jeeves("doctor", code=None).stdout
    assert f"ok      {version}; catches " in doctor
    key = jeeves.home / "model.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().hex() not in (models / version / "manifest.json").read_text()


def test_a_model_of_another_installation_is_refused_with_the_command_that_mends_it(
    jeeves: Jeeves, labelled: tuple[Path, Path]
) -> None:
    """Promise 4."""
    jeeves("train", *arguments(labelled))
    (jeeves.home / "model.key").unlink()
    version = (jeeves.home / "models" / "current").read_text(encoding="utf-8").strip()
    doctor = jeeves("doctor", code=1).stdout
    assert re.search(rf"model +BROKEN .*refused: .*{version} was not made by", doctor)
    scored = jeeves("score", str(labelled[0]))
    assert version in scored.stderr
    assert "jeeves train --messages DIR --labels FILE.tsv" in scored.stderr
    assert version not in scored.stdout
    jeeves("train", *arguments(labelled))
    assert re.search(r"model +ok ", jeeves("doctor", code=None).stdout)


def test_the_costs_of_the_settings_move_the_thresholds(
    jeeves: Jeeves, labelled: tuple[Path, Path]
) -> None:
    mail = str(labelled[0] / "Monday-1-0.eml")

    def threshold(**settings: str) -> float:
        jeeves.configure(**settings)
        return float(json.loads(jeeves("score", mail).stdout)["threshold"])

    usual = threshold()
    assert threshold(MISS_COST="300") < usual
    assert threshold(MISS_COST="1", RECALL_FLOOR="0.2") > usual
    jeeves("train", *arguments(labelled), "--models-dir", str(jeeves.home / "models"))
    version = (jeeves.home / "models" / "current").read_text(encoding="utf-8").strip()
    manifest = json.loads((jeeves.home / "models" / version / "manifest.json").read_bytes())
    assert manifest["costs"] == {"miss": 1.0, "false_alarm": 1.0, "recall_floor": 0.2}


def test_a_key_that_others_can_read_stops_the_training_before_it_begins(
    jeeves: Jeeves, labelled: tuple[Path, Path]
) -> None:
    (jeeves.home / "model.key").write_bytes(bytes(32))
    (jeeves.home / "model.key").chmod(0o644)
    result = jeeves("train", *arguments(labelled), code=1)
    assert "mode 0644" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_evaluation_shows_what_was_asked_for(
    jeeves: Jeeves, labelled: tuple[Path, Path]
) -> None:
    plain = jeeves("evaluate", *arguments(labelled)).stdout
    assert "grouped by owner" in plain
    assert "headline" not in plain
    assert "natural" not in plain
    full = jeeves.cold(
        "evaluate", *arguments(labelled), "--group", "owner", "--headline", "--weights", "weight"
    ).stdout
    assert "headline: 40 messages" in full
    assert "natural: 40 messages" in full
    report = json.loads(jeeves("evaluate", *arguments(labelled), "--json").stdout)
    assert report["all"]["messages"] == 40


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--group", "nobody"], "no column"),
        (["--weights", "nothing"], "no column nothing"),
        (["--weights", "owner"], "holds no weights"),
    ],
)
def test_a_missing_column_is_one_sentence(
    jeeves: Jeeves, labelled: tuple[Path, Path], extra: list[str], sentence: str
) -> None:
    result = jeeves("evaluate", *arguments(labelled), *extra, code=2)
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_labels_that_cannot_be_trained_on_are_one_sentence(
    jeeves: Jeeves, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    labels = labelled[1]
    rows = labels.read_text(encoding="utf-8").splitlines()
    labels.write_text("\n".join([rows[0], *[r for r in rows if "-0-" in r]]), encoding="utf-8")
    result = jeeves("train", *arguments(labelled), "--models-dir", str(tmp_path / "m"), code=1)
    assert "both are needed" in result.stderr
    assert not (tmp_path / "m").exists()
    labels.write_text("id\tlabel\nx\t1\n", encoding="utf-8")
    assert "needs_location" in jeeves("train", *arguments(labelled), code=1).stderr
    result = jeeves("train", "--messages", str(tmp_path / "no"), "--labels", str(labels), code=2)
    assert "no folder" in result.stderr


def test_a_comparison_prints_a_table(
    jeeves: Jeeves, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = jeeves("evaluate", *arguments(labelled), "--compare", "--headline")
    assert "Clear mail drawn by chance" in ran.stdout
    assert "complement naive Bayes" in ran.stdout
    nowhere = str(tmp_path / "nowhere" / "page.html")
    refused = jeeves("evaluate", *arguments(labelled), "--report", nowhere, code=2)
    assert refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr


def test_a_search_keeps_what_it_found_and_goes_on(
    jeeves: Jeeves, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    kept = tmp_path / "found.jsonl"
    asked = ("search", *arguments(labelled), "--resume", str(kept))
    assert "the present ones" in jeeves.cold(*asked, "--trials", "2").stdout
    began = kept.read_bytes()
    assert "3 trials" in jeeves(*asked, "--trials", "3").stdout
    assert kept.read_bytes().startswith(began)
    refused = jeeves(*asked, "--group", "conversation", code=2)
    assert "belongs to another search" in refused.stderr

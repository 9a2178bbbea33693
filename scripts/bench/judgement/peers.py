"""The scorers whose speed is compared, and the files that they are started with."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
from sklearn.pipeline import Pipeline

from jeeves.learning.candidate import load_fitted
from jeeves.learning.features import Fitted
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.scorer import TableScorer
from jeeves.learning.serving import Shelf, load_scorer
from scripts.bench.judgement import bogofilter
from scripts.bench.judgement.recipes import plain
from scripts.bench.judgement.trial import ROOT, Trial

STARTER = ROOT / "models" / "starter"
_LOAD_SCORER = """
from pathlib import Path
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.serving import Shelf, load_scorer
load_scorer([Shelf(Path("models/starter"), Pin(STARTER_MANIFEST_SHA256))])
"""
_LOAD_PLAIN = """
import sys
import joblib
joblib.load(sys.argv[1])
"""
_SCORE_PLAIN = """
import sys
from pathlib import Path
import joblib
from scripts.bench.judgement.plain import text_of
print(joblib.load(sys.argv[1]).predict_proba([text_of(Path(sys.argv[2]).read_bytes())]))
"""


@dataclass(frozen=True, slots=True)
class Peers:
    """All of them, ready to score."""

    scorer: TableScorer
    #: What the table of ``scorer`` was exported from.
    pipeline: Fitted
    plain: Pipeline
    filtering: bogofilter.Bogofilter | None
    #: Where ``plain`` is stored.
    stored: Path

    @property
    def loading(self) -> dict[str, list[str]]:
        """Commands that load a scorer and end."""
        return {
            "bare Python": [sys.executable, "-c", "pass"],
            "Jeeves: the table": [sys.executable, "-c", _LOAD_SCORER],
            "plain scikit-learn pipeline": [sys.executable, "-c", _LOAD_PLAIN, str(self.stored)],
        }

    def scoring(self, mail: Path) -> dict[str, list[str]]:
        """Commands that score one mail with the peers."""
        found = {
            "plain scikit-learn pipeline": [
                *(sys.executable, "-c", _SCORE_PLAIN, str(self.stored), str(mail)),
            ]
        }
        if self.filtering is not None:
            found["bogofilter"] = self.filtering.one(mail)
        return found


def ready(trial: Trial, folder: Path) -> Peers:
    """The starter as it ships, and the peers fitted on all mail of ``trial``.

    Args:
        trial: Labelled messages.
        folder: An empty folder for the peers' files.

    Raises:
        ModelError: the starter is not usable; the sentence says why.
    """
    pin = Pin(STARTER_MANIFEST_SHA256)
    loaded = load_scorer([Shelf(STARTER, pin)])
    labels = trial.corpus.labels
    fitted = plain().fit(trial.texts, labels)
    joblib.dump(fitted, folder / "plain.joblib")
    filtering = None
    if program := bogofilter.installed():
        filtering = bogofilter.Bogofilter(program, folder / "words")
        filtering.train(
            (raw for raw, needed in zip(trial.raw, labels, strict=True) if needed),
            (raw for raw, needed in zip(trial.raw, labels, strict=True) if not needed),
        )
    pipeline = load_fitted(STARTER, loaded.scorer.version, pin)
    return Peers(loaded.scorer, pipeline, fitted, filtering, folder / "plain.joblib")

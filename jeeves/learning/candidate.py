"""A model from labelled messages to files: fitted, measured, saved."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import joblib

from jeeves.domain.operating import Costs
from jeeves.domain.verdict import Label
from jeeves.errors import TrainingError
from jeeves.learning import registry
from jeeves.learning.corpus import Corpus
from jeeves.learning.evaluation import Report, report_out_of_fold
from jeeves.learning.features import COLUMNS, Fitted
from jeeves.learning.origin import OwnersKey, Proof
from jeeves.learning.training import fit_corpus, out_of_fold

#: Columns of the labels whose counts the manifest states.
_COUNTED = ("origin", "stratum", "ambiguous")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model fitted on all of a corpus, and what its like say out of fold."""

    fitted: Fitted
    report: Report
    #: What the manifest says of the messages it was fitted on.
    training: Mapping[str, Any]

    def save(
        self,
        folder: Path,
        now: datetime,
        notes: Mapping[str, Any] | None = None,
        key: OwnersKey | None = None,
    ) -> str:
        """Write it into ``folder`` as a new version and return its name; not current yet.

        Args:
            folder: A folder of models; see ``registry``.
            now: Aware; when it was made.
            notes: What the manifest shall say besides.
            key: What seals it; None for a starter, which has to be pinned instead.

        Raises:
            ModelError: it cannot be written.
            TrainingError: its report holds no operating curve, as one at given thresholds.
        """
        curve, costs = self.report.curve, self.report.costs
        if curve is None or costs is None:
            raise TrainingError("The model has no operating curve: fit it by `jeeves train`.")
        expected = curve.at(self.report.thresholds.alert)
        facts = {
            "thresholds": asdict(self.report.thresholds),
            "costs": asdict(costs),
            "expected": asdict(expected),
            "curve": {
                "measured_on": "clear messages out of fold, each counted as often as it would "
                "come in a mailbox where the labels say how often",
                **curve.as_dict(),
            },
            "training": dict(self.training),
            "report": self.report.as_dict(),
            **(notes or {}),
        }
        stored = io.BytesIO()
        joblib.dump(self.fitted.pipeline, stored, compress=("zlib", 6))
        table = self.fitted.table().dumps()
        return registry.save(folder, table, stored.getvalue(), facts, now, key)


def train(corpus: Corpus, by: str | None = None, costs: Costs | None = None) -> Candidate:
    """A model fitted on ``corpus``, calibrated and cut by its out-of-fold predictions.

    Args:
        corpus: Labelled messages.
        by: Column that keeps messages together; default ``Corpus.default_grouping``.
        costs: What the thresholds shall be chosen for; default ``Costs()``.

    Raises:
        ConfigError: there is no column ``by``.
        TrainingError: the labels cannot be trained on; the sentence says what is missing.
    """
    grouping = by or corpus.default_grouping
    predicted = out_of_fold(corpus, grouping)
    fitted = fit_corpus(corpus, grouping).recalibrated(predicted.slope, predicted.offset)
    table = fitted.table()
    training = {
        "messages": len(corpus.messages),
        "labels": {
            Label.NEEDS_LOCATION.value: int(corpus.labels.sum()),
            Label.OTHER.value: int((~corpus.labels).sum()),
        },
        "digest": corpus.digest,
        "unreadable": corpus.unreadable,
        "grouped_by": grouping,
        "groups": len(set(corpus.groups(grouping))),
        "terms": {name: len(getattr(table, name).index) for name in COLUMNS},
        "stems": len(table.stems),
        **{
            name: dict(sorted(Counter(corpus.groups(name)).items()))
            for name in _COUNTED
            if name in corpus.columns
        },
    }
    return Candidate(fitted, report_out_of_fold(corpus, predicted, grouping, costs), training)


def load_fitted(folder: Path, version: str, proof: Proof) -> Fitted:
    """The scikit-learn pipeline of a version, verified before it is unpickled.

    Raises:
        ModelError: as ``registry.verify_pipeline``.
    """
    verified = registry.verify_pipeline(folder, version, proof)
    stems = verified.read_table().stems
    return Fitted(joblib.load(io.BytesIO(verified.pipeline)), stems)

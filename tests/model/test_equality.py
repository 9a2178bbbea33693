"""Every labelled message: the table that serves says what its pipeline says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from jeeves.domain.message import Message
from jeeves.learning.candidate import load_fitted
from jeeves.learning.corpus import load
from jeeves.learning.document import document
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.serving import Shelf, load_scorer
from tests.conftest import ROOT

STARTER = ROOT / "models" / "starter"
PIN = Pin(STARTER_MANIFEST_SHA256)


def labelled(folder: Path) -> list[Message]:
    return [one.message for one in load(folder / "messages", folder / "labels.tsv").messages]


def serves_what_the_pipeline_says(messages: Sequence[Message]) -> None:
    scorer = load_scorer([Shelf(STARTER, PIN)]).scorer
    pipeline = load_fitted(STARTER, scorer.version, PIN)
    expected = pipeline.probabilities([document(one) for one in messages])
    for served in (
        scorer.probabilities(messages),
        [scorer.score(one).probability for one in messages],
    ):
        np.testing.assert_allclose(served, expected, rtol=0, atol=1e-9)


@pytest.mark.timeout(300)
def test_the_table_equals_the_pipeline_on_every_message_of_the_corpus() -> None:
    messages = labelled(ROOT / "models" / "corpus")
    assert len(messages) > 2_500
    serves_what_the_pipeline_says(messages)


@pytest.mark.timeout(300)
def test_the_table_equals_the_pipeline_on_every_labelled_message(shared_data: Path) -> None:
    messages = labelled(shared_data / "data" / "needs-location")
    assert len(messages) > 4_000
    serves_what_the_pipeline_says(messages)

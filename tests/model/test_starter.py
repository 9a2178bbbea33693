"""The model that Jeeves is shipped with."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jeeves.domain.operating import Costs, Curve
from jeeves.domain.ports import Scorer
from jeeves.domain.verdict import Thresholds
from jeeves.learning import registry
from jeeves.learning.candidate import load_fitted
from jeeves.learning.corpus import load
from jeeves.learning.document import document
from jeeves.learning.evaluation import evaluate
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.serving import Shelf, load_scorer
from jeeves.learning.table import Table
from tests.builders import a_message
from tests.model.small_corpus import NEEDS_LOCATION, OTHER

MODELS = Path(__file__).resolve().parents[2] / "models" / "starter"
PIN = Pin(STARTER_MANIFEST_SHA256)
HEADLINE_FLOOR = 0.65
MEGABYTE = 1_000_000

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
PHONE = re.compile(r"\d{3}[-. ]?\d{4}(?!\d)|\+\d{6,}")


@pytest.fixture(scope="module")
def version() -> str:
    (only,) = registry.versions(MODELS)
    assert registry.served(MODELS) == [only]
    return only


@pytest.fixture(scope="module")
def manifest(version: str) -> dict[str, Any]:
    return dict(registry.verify(MODELS, version, PIN).content)


@pytest.fixture(scope="module")
def scorer(version: str) -> Scorer:
    return load_scorer([Shelf(MODELS, PIN)], Costs()).scorer


@pytest.fixture(scope="module")
def table(version: str) -> Table:
    return Table.loads((MODELS / version / registry.TABLE).read_bytes())


def test_the_models_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) <= 5 * MEGABYTE


def test_the_manifest_states_a_headline_above_the_floor(manifest: dict[str, Any]) -> None:
    headline = manifest["headline"]["headline"]
    assert headline["average_precision"] >= HEADLINE_FLOOR
    assert (headline["messages"], headline["positives"]) == (2352, 239)
    assert manifest["headline"]["prototype_average_precision"] < headline["average_precision"] / 2


def test_the_starter_is_fitted_on_public_mail_only(manifest: dict[str, Any]) -> None:
    assert set(manifest["training"]["origin"]) == {"raw", "government"}
    assert sum(manifest["training"]["origin"].values()) == manifest["training"]["messages"]
    assert "public" in manifest["sources"]


def test_the_manifest_states_what_to_expect_at_the_cuts(manifest: dict[str, Any]) -> None:
    cuts, expected = manifest["thresholds"], manifest["expected"]
    assert 0 < cuts["unsure"] <= cuts["alert"] < 1
    costs, curve = Costs(**manifest["costs"]), Curve.from_dict(manifest["curve"])
    assert costs == Costs()
    assert curve.choose(costs) == Thresholds(**cuts)
    assert 60 <= len(curve.points) <= 100
    assert expected["threshold"] == cuts["alert"]
    assert 0 < expected["precision"] < expected["recall"] < 1
    assert expected["recall"] >= costs.recall_floor


def test_the_manifest_says_where_the_model_comes_from(manifest: dict[str, Any]) -> None:
    training = manifest["training"]
    assert sum(training["labels"].values()) == training["messages"]
    assert re.fullmatch(r"[0-9a-f]{64}", training["digest"])
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", manifest["revision"])
    assert "previous" in manifest


def test_other_costs_give_other_thresholds_without_training(version: str) -> None:
    def alert(costs: Costs) -> float:
        return load_scorer([Shelf(MODELS, PIN)], costs).scorer.thresholds.alert

    assert alert(Costs(miss=100)) < alert(Costs()) < alert(Costs(miss=2, recall_floor=0))


@pytest.mark.timeout(400)
def test_the_headline_can_be_measured_again(shared_data: Path, manifest: dict[str, Any]) -> None:
    folder = shared_data / "data" / "needs-location"
    labels = folder / "labels.tsv"
    assert hashlib.sha256(labels.read_bytes()).hexdigest() == manifest["labels_sha256"]
    headline = evaluate(load(folder / "messages", labels), by="owner").headline
    assert headline is not None
    stated = manifest["headline"]["headline"]
    assert headline.average_precision >= HEADLINE_FLOOR
    assert headline.average_precision == pytest.approx(stated["average_precision"], abs=0.005)


def test_no_term_can_be_a_sentence_an_address_or_a_number(table: Table) -> None:
    words = [*table.text.index, *table.meeting.index, *table.stems, *table.stems.values()]
    assert len(words) > 10_000
    for term in words:
        assert len(term.split(" ")) <= 3, term
        assert len(term) <= 60, term
        assert not re.search(r"[@\d]", term), term


def test_no_file_holds_an_address_or_a_phone_number(version: str, table: Table) -> None:
    pipeline = load_fitted(MODELS, version, PIN).pipeline
    columns = pipeline.named_steps["columns"].named_transformers_
    assert list(table.text.index) == sorted(columns["text"].vocabulary_)
    assert list(table.meeting.index) == sorted(columns["meeting"].vocabulary_)
    plain = json.loads(gzip.decompress((MODELS / version / registry.TABLE).read_bytes()))
    strings = "\n".join(found_strings(plain))
    manifest = json.loads((MODELS / version / registry.MANIFEST).read_bytes())
    # what is random cannot be an address, but may look like a number
    del manifest["files"], manifest["labels_sha256"], manifest["training"]["digest"]
    del manifest["version"], manifest["previous"], manifest["revision"]
    for text in (strings, "\n".join(found_strings(manifest))):
        assert not ADDRESS.search(text)
        assert not PHONE.search(text)


def found_strings(value: Any) -> list[str]:
    """Every string inside a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for one in value.values() for text in found_strings(one))]
    if isinstance(value, list):
        return [text for one in value for text in found_strings(one)]
    return []


def test_the_pipeline_file_names_classes_of_scikit_learn_and_numpy_only(version: str) -> None:
    fitted = load_fitted(MODELS, version, PIN)
    parts = [fitted.pipeline, *fitted.pipeline.named_steps.values()]
    parts += fitted.pipeline.named_steps["columns"].named_transformers_.values()
    assert {type(part).__module__.partition(".")[0] for part in parts} == {"sklearn"}


def test_what_serves_equals_the_pipeline(version: str, scorer: Scorer) -> None:
    texts = [f"{one} {two}" for _, one in NEEDS_LOCATION for _, two in OTHER[::2]]
    messages = [a_message(subject=t[:30], body=t, own_words=t) for t in ["", *texts]]
    assert len(messages) > 400
    fitted = load_fitted(MODELS, version, PIN).probabilities([document(one) for one in messages])
    served = [scorer.score(one).probability for one in messages]
    np.testing.assert_allclose(served, fitted, rtol=0, atol=1e-9)


def test_the_starter_tells_mail_that_it_has_never_seen(scorer: Scorer) -> None:
    def alerts(mails: list[tuple[str, str]]) -> int:
        scores = [scorer.score(a_message(subject=s, body=t, own_words=t)) for s, t in mails]
        return sum(score.probability >= scorer.thresholds.alert for score in scores)

    assert alerts(NEEDS_LOCATION) >= 22
    assert alerts(OTHER) <= 9


def test_the_reasons_are_words_of_the_mail(scorer: Scorer) -> None:
    text = "Hi Sam, want to grab lunch on Thursday? I have not seen you for ages."
    score = scorer.score(a_message(subject="Hello", body=text, own_words=text))
    assert score.probability >= scorer.thresholds.alert
    assert any("lunch" in reason.words and reason.weight > 0 for reason in score.reasons)
    assert not any("xx" in reason.words for reason in score.reasons)

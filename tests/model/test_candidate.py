"""From labelled mail to a model that serves."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from jeeves.domain.operating import Costs, Curve
from jeeves.errors import ModelCorrupt, ModelForeign, ModelIncompatible
from jeeves.learning import registry
from jeeves.learning.candidate import Candidate, load_fitted, train
from jeeves.learning.corpus import Corpus
from jeeves.learning.features import COLUMNS, WRITTEN_FACT
from jeeves.learning.origin import OwnersKey
from jeeves.learning.revision import git_revision
from jeeves.learning.scorer import TableScorer
from jeeves.learning.serving import Shelf, load_scorer
from jeeves.learning.training import fit_corpus, out_of_fold
from tests.builders import NOW, a_message
from tests.model.small_corpus import NEEDS_LOCATION, OTHER, small_corpus, with_columns

KEY = OwnersKey(bytes(range(32)))


@pytest.fixture(scope="module")
def fitted_on() -> Corpus:
    return small_corpus()


@pytest.fixture(scope="module")
def candidate(fitted_on: Corpus) -> Candidate:
    return train(fitted_on)


def test_mail_that_asks_to_meet_is_told_from_other_mail(candidate: Candidate) -> None:
    """The floor below which the recipe itself is broken; measured 0.94 out of fold."""
    assert candidate.report.all.average_precision > 0.85
    assert candidate.report.all.recall > 0.9


def test_the_same_mail_gives_the_same_table(candidate: Candidate) -> None:
    assert train(small_corpus()).fitted.table().dumps() == candidate.fitted.table().dumps()


def test_the_model_says_calibrated_probabilities(candidate: Candidate) -> None:
    corpus = small_corpus()
    scale = out_of_fold(corpus, "owner")
    raw = fit_corpus(corpus, "owner").log_odds(corpus.documents)
    calibrated = candidate.fitted.log_odds(corpus.documents)
    assert scale.slope != 1
    np.testing.assert_allclose(calibrated, scale.slope * raw + scale.offset, rtol=0, atol=1e-9)


def test_a_saved_model_serves_what_was_fitted(candidate: Candidate, tmp_path: Path) -> None:
    version = candidate.save(tmp_path, NOW, key=KEY)
    registry.promote(tmp_path, version, KEY)
    scorer = load_scorer([Shelf(tmp_path, KEY)]).scorer
    messages = [a_message(subject=s, body=t, own_words=t) for s, t in NEEDS_LOCATION + OTHER]
    served = [scorer.score(message).probability for message in messages]
    fitted = load_fitted(tmp_path, version, KEY).probabilities(small_corpus().documents)
    np.testing.assert_allclose(served, fitted, rtol=0, atol=1e-9)
    assert min(served[:24]) > max(served[24:])


def test_the_manifest_says_what_the_model_is_worth_and_made_of(
    candidate: Candidate, fitted_on: Corpus, tmp_path: Path
) -> None:
    version = candidate.save(tmp_path, NOW, notes={"sources": "written for the tests"}, key=KEY)
    content = registry.verify(tmp_path, version, KEY).content
    assert content["training"]["messages"] == 60
    assert content["training"]["labels"] == {"needs_location": 24, "other": 36}
    assert content["training"]["digest"] == fitted_on.digest
    assert content["revision"] == git_revision()
    assert content["training"]["grouped_by"] == "owner"
    assert content["expected"]["recall"] == pytest.approx(candidate.report.all.recall)
    assert content["costs"] == {"miss": 10.0, "false_alarm": 1.0, "recall_floor": 0.9}
    assert Curve.from_dict(content["curve"]) == candidate.report.curve
    assert content["report"]["all"]["average_precision"] > 0.85
    assert content["sources"] == "written for the tests"
    assert set(content["training"]["terms"]) == set(COLUMNS)
    assert min(content["training"]["terms"].values()) > 0


def test_what_was_written_for_the_project_is_fitted_on_but_has_figures_of_its_own(
    tmp_path: Path,
) -> None:
    strata = ["written", "none"] * 30
    mixed = train(with_columns(small_corpus(), stratum=strata, ambiguous=["0"] * 60))
    assert mixed.report.written is not None
    assert mixed.report.written.messages == 30
    assert mixed.report.headline is not None
    assert mixed.report.headline.messages == 30
    assert mixed.training["stratum"] == {"none": 30, "written": 30}
    version = mixed.save(tmp_path, NOW, key=KEY)
    report = registry.verify(tmp_path, version, KEY).content["report"]
    assert report["written"]["messages"] == 30
    assert any(line.startswith("written: 30 messages") for line in mixed.report.lines())


def test_the_fact_of_written_messages_is_no_reason_for_any_mail(tmp_path: Path) -> None:
    mixed = train(with_columns(small_corpus(), stratum=["written", "none"] * 30))
    mixed_table = mixed.fitted.table()
    assert WRITTEN_FACT in mixed_table.facts
    scorer = TableScorer(mixed_table, "test", mixed.report.thresholds)
    for subject, text in NEEDS_LOCATION + OTHER:
        score = scorer.score(a_message(subject=subject, body=text, own_words=text))
        assert WRITTEN_FACT not in {reason.words for reason in score.reasons}


def test_the_thresholds_are_those_that_the_costs_ask_for(candidate: Candidate) -> None:
    curve = candidate.report.curve
    assert curve is not None
    assert candidate.report.thresholds == curve.choose(Costs())
    calm = Costs(miss=0.1, false_alarm=1, recall_floor=0)
    quiet = train(small_corpus(), costs=calm)
    assert quiet.report.thresholds == curve.choose(calm)
    assert quiet.report.thresholds.alert > candidate.report.thresholds.alert


def test_a_pipeline_that_runs_code_is_not_loaded_though_its_digest_was_changed_with_it(
    candidate: Candidate, tmp_path: Path
) -> None:
    version = candidate.save(tmp_path, NOW, key=KEY)
    marker = tmp_path / "executed"
    harmful = f"cbuiltins\nexec\n(S'open({str(marker)!r}, \"w\")'\ntR.".encode()
    place = tmp_path / version
    (place / registry.PIPELINE).write_bytes(harmful)
    manifest = json.loads((place / registry.MANIFEST).read_bytes())
    digest = {"sha256": hashlib.sha256(harmful).hexdigest(), "bytes": len(harmful)}
    manifest["files"][registry.PIPELINE] = digest
    del manifest["key"], manifest["seal"]
    for seal in ({}, OwnersKey(bytes(32)).seal(manifest)):
        (place / registry.MANIFEST).write_text(json.dumps({**manifest, **seal}))
        with pytest.raises(ModelForeign):
            load_fitted(tmp_path, version, KEY)
    assert not marker.exists()
    # Sealed by the owner it would have run: it is the seal that keeps it out.
    sealed = {**manifest, **KEY.seal(manifest)}
    (place / registry.MANIFEST).write_text(json.dumps(sealed))
    load_fitted(tmp_path, version, KEY)
    assert marker.exists()


def test_nothing_is_unpickled_before_the_file_has_proved_itself(
    candidate: Candidate, tmp_path: Path
) -> None:
    version = candidate.save(tmp_path, NOW, key=KEY)
    marker = tmp_path / "executed"
    harmful = f"cbuiltins\nexec\n(S'open({str(marker)!r}, \"w\")'\ntR.".encode()
    (tmp_path / version / registry.PIPELINE).write_bytes(harmful)
    with pytest.raises(ModelCorrupt):
        load_fitted(tmp_path, version, KEY)
    assert not marker.exists()


def test_a_pipeline_of_other_libraries_is_not_unpickled(
    candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "0.0.1")
    version = candidate.save(tmp_path, NOW + timedelta(days=1), key=KEY)
    monkeypatch.undo()
    with pytest.raises(ModelIncompatible, match=r"0\.0\.1"):
        load_fitted(tmp_path, version, KEY)

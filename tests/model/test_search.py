"""The search for settings: the same on one machine, after a kill, and on a cluster."""

from __future__ import annotations

import fcntl
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import average_precision_score

from jeeves.errors import ClusterUnavailable, ConfigError
from jeeves.learning.corpus import Corpus
from jeeves.learning.features import GROUPS_PER_TERM
from jeeves.learning.folds import folds
from jeeves.learning.search import search
from jeeves.learning.space import SPACE, Settings, ground, pipeline_of, word_columns
from jeeves.learning.training import out_of_fold
from jeeves.learning.trials import Trial
from tests.model.small_corpus import small_corpus

TRIALS = 4


def figures(found: list[Trial]) -> list[tuple[int, Settings, float, tuple[float, ...]]]:
    return [(one.number, one.settings, one.average_precision, one.folds) for one in found]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return small_corpus()


@pytest.fixture(scope="module")
def whole(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Trial]]:
    """The file and the result of a search that nothing interrupted."""
    file = tmp_path_factory.mktemp("whole") / "search.jsonl"
    return file, search(corpus, file, trials=TRIALS)


def test_the_best_trial_comes_first_and_trial_0_is_the_present_pipeline(
    corpus: Corpus, whole: tuple[Path, list[Trial]]
) -> None:
    found = whole[1]
    assert {trial.number for trial in found} == set(range(TRIALS))
    assert found == sorted(found, key=lambda trial: -trial.average_precision)
    present = next(trial for trial in found if trial.number == 0)
    expected = average_precision_score(corpus.labels, out_of_fold(corpus, "owner").probabilities)
    assert present.average_precision == pytest.approx(expected)


@pytest.mark.parametrize("torn", [b"", b'{"number": 3, "sett'])
def test_a_killed_search_goes_on_where_it_stopped(
    corpus: Corpus, whole: tuple[Path, list[Trial]], tmp_path: Path, torn: bytes
) -> None:
    lines = whole[0].read_bytes().splitlines(keepends=True)
    file = tmp_path / "search.jsonl"
    file.write_bytes(b"".join(lines[:3]) + torn)
    told: list[int] = []
    found = search(corpus, file, trials=TRIALS, progress=lambda done, *_: told.append(done), jobs=2)
    assert told == [2, 3, 4]
    assert figures(found) == figures(whole[1])
    assert file.read_bytes().startswith(b"".join(lines[:3]))
    assert len(file.read_bytes().splitlines()) == TRIALS + 1


def test_a_first_line_that_was_torn_is_begun_again(corpus: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "search.jsonl"
    file.write_bytes(b'{"search": {"mess')
    assert len(search(corpus, file, trials=1)) == 1


def test_results_of_other_labels_or_another_grouping_are_refused(
    corpus: Corpus, whole: tuple[Path, list[Trial]]
) -> None:
    before = whole[0].read_bytes()
    with pytest.raises(ConfigError, match=r"belongs to another search \(messages and labels"):
        search(small_corpus(owners=6), whole[0], trials=TRIALS)
    with pytest.raises(ConfigError, match="grouping differ"):
        search(corpus, whole[0], by="conversation", trials=TRIALS)
    assert whole[0].read_bytes() == before


@pytest.mark.parametrize("content", [b"dear diary", b"dear\ndiary\n", b'{"search": 3}\n'])
def test_a_file_of_something_else_is_refused_and_left_alone(
    corpus: Corpus, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "diary.txt"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="holds no results of a search"):
        search(corpus, file, trials=1)
    assert file.read_bytes() == content


def test_two_searches_do_not_write_to_one_file(corpus: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "search.jsonl"
    with file.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="Another search is writing"):
            search(corpus, file, trials=1)


def test_no_setting_learns_what_a_single_group_says(corpus: Corpus) -> None:
    fold = folds(corpus, "owner")[0]
    on = ground(fold)
    for known in on.terms.values():
        assert (known.groups >= GROUPS_PER_TERM).all()
    assert min(SPACE["groups_per_term"]) >= GROUPS_PER_TERM


def test_the_same_terms_as_training_learns_are_found(corpus: Corpus) -> None:
    fold = folds(corpus, "owner")[0]
    turned = pipeline_of(Settings(ngrams=2, groups_per_term=GROUPS_PER_TERM), ground(fold))
    present = {name: one.vocabulary for name, one, _ in word_columns(fold.fitted.pipeline)}
    for name, vectorizer, _ in word_columns(turned):
        assert vectorizer.vocabulary == present[name]


def test_a_setting_reaches_its_place_in_the_pipeline(corpus: Corpus) -> None:
    on = ground(folds(corpus, "owner")[0])
    pipeline = pipeline_of(
        Settings(1, False, 3, 0.7, False, columns={"text": 0.5, "meeting": 2.0}), on
    )
    for _, vectorizer, _ in word_columns(pipeline):
        assert vectorizer.ngram_range == (1, 1)
        assert not vectorizer.sublinear_tf
        assert not any(" " in term for term in vectorizer.vocabulary)
    estimator = pipeline.named_steps["estimator"]
    assert (estimator.C, estimator.class_weight) == (0.7, None)
    assert pipeline.named_steps["columns"].transformer_weights["meeting"] == 2.0


def test_more_groups_than_there_are_leave_the_terms_of_the_most_groups(corpus: Corpus) -> None:
    pipeline = pipeline_of(Settings(groups_per_term=99), ground(folds(corpus, "owner")[0]))
    for _, vectorizer, _ in word_columns(pipeline):
        assert vectorizer.vocabulary


@pytest.fixture
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


def test_a_cluster_gives_the_same_trials_and_numbers(
    corpus: Corpus, whole: tuple[Path, list[Trial]], tmp_path: Path, cluster: Any
) -> None:
    file = tmp_path / "search.jsonl"
    found = search(corpus, file, trials=TRIALS, dask=cluster.scheduler_address)
    assert figures(found) == figures(whole[1])
    # What the cluster began this machine can end, and the other way round.
    assert figures(search(corpus, file, trials=TRIALS)) == figures(found)


def test_a_scheduler_that_does_not_answer_is_one_sentence(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jeeves.learning.cluster._ANSWER_SECONDS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClusterUnavailable, match="No Dask scheduler answers at tcp://127"):
        search(corpus, tmp_path / "search.jsonl", trials=1, dask=address)


def test_what_is_no_address_is_one_sentence(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no address of a Dask scheduler"):
        search(corpus, tmp_path / "search.jsonl", trials=1, dask="carrier-pigeon://home")


def test_without_its_packages_the_cluster_says_what_to_install(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"jeeves\[dask\]"):
        search(corpus, tmp_path / "search.jsonl", trials=1, dask="tcp://127.0.0.1:8786")

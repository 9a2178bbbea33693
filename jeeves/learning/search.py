"""A randomised search over the settings of the whole pipeline, on the folds of training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score

from jeeves.learning.cluster import on_cluster
from jeeves.learning.corpus import Corpus
from jeeves.learning.evaluation import views
from jeeves.learning.features import fit_pipeline
from jeeves.learning.folds import folds
from jeeves.learning.space import (
    Ground,
    Settings,
    column_names,
    draw,
    ground,
    pipeline_of,
    weights_of,
)
from jeeves.learning.training import Bools
from jeeves.learning.trials import Trial, belongs, opened

#: Told of each trial that is done: trials done, trials in all, the trial.
Progress = Callable[[int, int, Trial | None], None]


def search(
    corpus: Corpus,
    file: Path,
    *,
    by: str | None = None,
    trials: int = 50,
    jobs: int = 1,
    dask: str | None = None,
    progress: Progress = lambda *_: None,
) -> list[Trial]:
    """All trials from 0 to ``trials``, the best first; those that ``file`` holds are not run again.

    Each is measured by its average precision out of fold: over clear mail drawn by chance where
    the labels tell which that is, else over all. Trial 0 is the present pipeline.

    Args:
        corpus: Labelled messages.
        file: JSON lines; made where it is missing, and each trial appended when it is done.
        by: Column that keeps messages together; default ``Corpus.default_grouping``.
        trials: Trials in all.
        jobs: Processes, where there is no cluster.
        dask: Address of a Dask scheduler whose workers run the trials.
        progress: Told of each trial.

    Raises:
        ConfigError: ``file`` belongs to another search or cannot be used, there is no column
            ``by``, or the cluster has not what it needs.
        TrainingError: as ``training.out_of_fold``.
        ClusterUnavailable: no scheduler answers, or it was lost.
    """
    grouping = by or corpus.default_grouping
    allowed = views(corpus)
    measure = "headline" if "headline" in allowed else "all"
    with opened(file, belongs(corpus, grouping, measure)) as results:
        done = {trial.number: trial for trial in results.trials if trial.number < trials}
        progress(len(done), trials, None)
        left = [number for number in range(trials) if number not in done]
        if left:
            with on_cluster(dask) as place:
                grounds = _grounds(corpus, grouping, jobs)
                with place(grounds):
                    for trial in _run(
                        grounds, left, corpus.labels, allowed[measure][0], jobs, dask
                    ):
                        results.append(trial)
                        done[trial.number] = trial
                        progress(len(done), trials, trial)
    return sorted(done.values(), key=lambda trial: (-trial.average_precision, trial.number))


def _grounds(corpus: Corpus, by: str, jobs: int) -> list[Ground]:
    return list(Parallel(n_jobs=jobs)(delayed(ground)(fold) for fold in folds(corpus, by, jobs)))


def _run(
    grounds: Sequence[Ground],
    numbers: Sequence[int],
    labels: Bools,
    kept: Bools,
    jobs: int,
    dask: str | None,
) -> Iterator[Trial]:
    """The trials as they end."""
    names = column_names(grounds[0].fold.fitted.pipeline)
    running = Parallel(n_jobs=-1 if dask else jobs, return_as="generator_unordered")(
        delayed(run)(number, draw(number, names), grounds, labels, kept) for number in numbers
    )
    with closing(running):
        yield from running


def run(
    number: int, settings: Settings, grounds: Sequence[Ground], labels: Bools, kept: Bools
) -> Trial:
    """One trial.

    Args:
        number: Of the trial.
        settings: What it is to be measured with.
        grounds: All folds of a corpus of n messages.
        labels: Of the corpus, shape (n,).
        kept: Messages whose predictions count, shape (n,).
    """
    began = time.perf_counter()
    scores = np.zeros(len(labels))
    by_fold = []
    for on in grounds:
        fold = on.fold
        pipeline = pipeline_of(settings, on)
        fit_pipeline(pipeline, fold.rows, fold.labels, weights_of(settings, fold))
        scores[fold.held_out] = pipeline.decision_function(fold.held_out_rows)
        counted = fold.held_out[kept[fold.held_out]]
        if labels[counted].any():
            by_fold.append(float(average_precision_score(labels[counted], scores[counted])))
    return Trial(
        number,
        settings,
        float(average_precision_score(labels[kept], scores[kept])),
        tuple(by_fold),
        time.perf_counter() - began,
    )

"""The messages of a measurement, their folds, and what is measured on which of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from jeeves.errors import ConfigError
from jeeves.learning import evaluation
from jeeves.learning.corpus import Corpus, load
from jeeves.learning.document import Document
from jeeves.learning.training import fit_corpus
from scripts.bench.judgement.plain import text_of

ROOT = Path(__file__).resolve().parents[3]
BY = "owner"

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Measure:
    """Some of the messages, and how often each of them counts."""

    name: str
    #: Shape (n,); 0 where a message is left out.
    weights: Floats


@dataclass(frozen=True)
class Ablated(Corpus):
    """A corpus of which less is vectorized."""

    kept: Sequence[Document] = ()

    @cached_property
    def documents(self) -> list[Document]:
        """What is left of each message."""
        return list(self.kept)


@dataclass(frozen=True)
class Trial:
    """Labelled messages divided into folds, no owner on both sides of one."""

    corpus: Corpus
    number_of_folds: int = 5
    #: Which draw of the folds: None is that of training, which fills them evenly.
    draw: int | None = None

    @cached_property
    def folds(self) -> list[tuple[Places, Places]]:
        """Positions that are fitted on and held out, for each fold."""
        labels, groups = self.corpus.labels, self.corpus.groups(BY)
        if not 2 <= self.number_of_folds <= len(set(groups)):
            raise ConfigError(f"Give --folds between 2 and {len(set(groups))}, the owners of mail.")
        by_chance = {} if self.draw is None else {"shuffle": True, "random_state": self.draw}
        folds = GroupKFold(self.number_of_folds, **by_chance)
        return list(folds.split(labels, labels, groups))

    @cached_property
    def measures(self) -> list[Measure]:
        """What figures are taken over; those that no message needing a place is part of are not."""
        views = evaluation.views(self.corpus)
        return [
            Measure(name, np.where(kept, weights, 0.0))
            for name, (kept, weights) in views.items()
            if name != "all" and (kept & (weights > 0) & self.corpus.labels).any()
        ]

    @cached_property
    def real(self) -> NDArray[np.bool_]:
        """Messages that somebody sent, shape (n,)."""
        return ~self.corpus.written

    @cached_property
    def texts(self) -> NDArray[np.object_]:
        """What the peers read of each mail."""
        return np.array([text_of(raw) for raw in self.raw], dtype=object)

    @cached_property
    def raw(self) -> list[bytes]:
        """The bytes of each mail."""
        return [
            (Path(one.message.mailbox) / f"{one.id}.eml").read_bytes()
            for one in self.corpus.messages
        ]

    @cached_property
    def own(self) -> Floats:
        """What the project's recipe says of each message, out of fold."""
        return self.own_recipe(self.corpus)

    def own_recipe(self, corpus: Corpus, without: NDArray[np.bool_] | None = None) -> Floats:
        """Log-odds of each message of ``corpus``, out of fold.

        Args:
            corpus: The messages of the trial, perhaps ablated.
            without: Messages that are not fitted on.
        """

        def scores(fitted_on: Places, held_out: Places) -> Floats:
            fitted = fit_corpus(corpus, BY, fitted_on)
            return fitted.log_odds([corpus.documents[i] for i in held_out])

        return self.out_of_fold(scores, without)

    def out_of_fold(
        self,
        scores: Callable[[Places, Places], Floats],
        without: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """``scores`` (fitted on, held out) of every message, shape (n,)."""
        found = np.zeros(len(self.corpus.messages))
        for fitted_on, held_out in self.folds:
            kept = fitted_on if without is None else fitted_on[~without[fitted_on]]
            found[held_out] = scores(kept, held_out)
        return found


def all_mail(labelled: Path, written: Path) -> Corpus:
    """The labelled mail, where it is there, and the project's corpus.

    Raises:
        ConfigError, TrainingError: as ``corpus.load``.
    """
    corpus = load(written / "messages", written / "labels.tsv")
    if labelled.is_dir():
        corpus = load(labelled / "messages", labelled / "labels.tsv").joined(corpus)
    return corpus

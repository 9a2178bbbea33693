"""The model that serves: the first that proves itself, cut for the owner's costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jeeves.domain.operating import Costs, OperatingPoint
from jeeves.errors import ModelCorrupt, ModelError, ModelNotFound
from jeeves.learning import registry
from jeeves.learning.origin import Proof
from jeeves.learning.scorer import TableScorer


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of models, and how its models prove their origin."""

    folder: Path
    proof: Proof


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model that serves, and which ones were refused before it."""

    scorer: TableScorer
    folder: Path
    #: What it is worth at its alert threshold.
    expected: OperatingPoint
    #: One sentence for each refused model.
    warnings: tuple[str, ...]


def load(folder: Path, version: str, proof: Proof, costs: Costs | None = None) -> TableScorer:
    """The scorer of a version, verified, cut for ``costs`` (default: those it was made for).

    Raises:
        ModelNotFound, ModelForeign, ModelKeyUnusable, ModelCorrupt, ModelIncompatible: as
            ``registry.verify``.
    """
    return _load(Shelf(folder, proof), version, costs)[0]


def load_scorer(shelves: Sequence[Shelf], costs: Costs | None = None) -> Loaded:
    """The first good model: each shelf's current version, then those current before it.

    Args:
        shelves: The owner's own first, the packaged starter last.
        costs: What the thresholds shall be chosen for; default: what each model was made for.

    Raises:
        ModelError: no shelf has a good model; the sentence is that of the last refusal.
    """
    refusals: list[ModelError] = []
    for shelf in shelves:
        try:
            named = registry.served(shelf.folder)
        except ModelCorrupt as refusal:
            refusals.append(refusal)
            continue
        for version in named:
            try:
                scorer, expected = _load(shelf, version, costs)
            except ModelError as refusal:
                refusals.append(refusal)
                continue
            return Loaded(scorer, shelf.folder, expected, tuple(dict.fromkeys(map(str, refusals))))
    if refusals:
        raise refusals[-1]
    places = " or ".join(str(shelf.folder) for shelf in shelves)
    raise ModelNotFound(f"There is no model in {places}; {registry.MEND}.")


def _load(shelf: Shelf, version: str, costs: Costs | None) -> tuple[TableScorer, OperatingPoint]:
    verified = registry.verify(shelf.folder, version, shelf.proof)
    cuts = verified.cuts(costs)
    return TableScorer(verified.read_table(), version, cuts), verified.curve.at(cuts.alert)

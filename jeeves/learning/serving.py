"""The model that serves: the first that proves itself, cut for the owner's costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

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


class Renewed:
    """The model that serves, whenever another becomes current; for several threads."""

    def __init__(
        self,
        shelves: Sequence[Shelf],
        costs: Costs | None,
        loaded: Loaded,
        told: Callable[[Loaded], None] = lambda _: None,
    ) -> None:
        """``told`` hears of each model that takes over."""
        self._shelves, self._costs, self._told = shelves, costs, told
        self._scorer = loaded.scorer
        self._refused = bool(loaded.warnings)
        self._lock = Lock()
        self._seen = self._state()

    def __call__(self) -> TableScorer:
        """The scorer; loaded anew where another version was made current, else as it was."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen = state
                # Until it is known better: the one that serves is not the current one.
                self._refused = True
                with suppress(ModelError):
                    loaded = load_scorer(self._shelves, self._costs)
                    self._refused = bool(loaded.warnings)
                    if loaded.scorer.version != self._scorer.version:
                        self._scorer = loaded.scorer
                        self._told(loaded)
            return self._scorer

    def serving(self) -> tuple[str, bool]:
        """Version of the scorer, and whether no newer one was refused; looks at no file."""
        return self._scorer.version, not self._refused

    def _state(self) -> list[tuple[int, int, int] | None]:
        """What tells that a folder has another current version."""
        found: list[tuple[int, int, int] | None] = []
        for shelf in self._shelves:
            try:
                stat = (shelf.folder / registry.CURRENT).stat()
            except OSError:
                found.append(None)
            else:
                found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return found

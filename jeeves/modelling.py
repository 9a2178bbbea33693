"""Wires models: which one serves, what takes its place, and what trains in the night."""
# Imports stand in the functions: a command loads only what it uses.

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.operating import OperatingPoint
from jeeves.errors import ModelError
from jeeves.settings import Settings

if TYPE_CHECKING:
    from jeeves.bootstrap import Database
    from jeeves.domain.labelling import LastWord
    from jeeves.domain.message import Message
    from jeeves.domain.ports import Scorer
    from jeeves.learning.owners_model import OwnersModel
    from jeeves.learning.serving import Loaded, Renewed, Shelf
    from jeeves.service.nightly import Nightly


def starter_models() -> Path:
    """Where the starter model is: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    packaged = package / "_starter"
    return packaged if packaged.is_dir() else package.parent / "models" / "starter"


def shelves(settings: Settings) -> tuple[Shelf, Shelf]:
    """Where models are: the owner's own, and the starter."""
    from jeeves.learning.origin import Pin, owners_proof
    from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
    from jeeves.learning.serving import Shelf

    own = Shelf(settings.own_models, owners_proof(settings.jeeves_home))
    return own, Shelf(starter_models(), Pin(STARTER_MANIFEST_SHA256))


def load_model(settings: Settings) -> Loaded:
    """The owner's model if there is a good one, else the starter; cut for the owner's costs.

    Raises:
        ModelError: no model can be served.
    """
    from jeeves.learning.serving import load_scorer

    return load_scorer(shelves(settings), settings.costs)


def make_scorer(
    settings: Settings, refused: Callable[[Sequence[str]], None] = lambda _: None
) -> Scorer:
    """The owner's model if there is a good one, else the starter.

    Args:
        settings: Where the models are, and what errors cost.
        refused: Told why each newer model is not used; of none, where none was refused.

    Raises:
        ModelError: no model can be served.
    """
    import structlog

    loaded = load_model(settings)
    for sentence in loaded.warnings:
        structlog.get_logger().warning("model refused", reason=sentence)
    refused(loaded.warnings)
    return loaded.scorer


def make_renewed(settings: Settings, refused: Callable[[Sequence[str]], None]) -> Renewed:
    """The model that serves, now and whenever another becomes current.

    Raises:
        ModelError: as ``make_scorer``.
    """
    import structlog

    from jeeves.learning.serving import Renewed

    log = structlog.get_logger()

    def told(loaded: Loaded) -> None:
        log.info("model taken over", model=loaded.scorer.version)
        for sentence in loaded.warnings:
            log.warning("model refused", reason=sentence)

    loaded = load_model(settings)
    for sentence in loaded.warnings:
        log.warning("model refused", reason=sentence)
    refused(loaded.warnings)
    return Renewed(shelves(settings), settings.costs, loaded, told)


def trained_up_to(settings: Settings) -> LastWord | None:
    """The last word of the owner that any training has known; None where there was none."""
    from jeeves.learning.shelf_list import last_trained

    return last_trained(shelves(settings)[0])


def outgrown_starter(settings: Settings) -> tuple[str, str] | None:
    """The starter that the model in use was moved from, and the one that is there now.

    None where they are the same, or the model in use is not made of the owner's labels.

    Raises:
        ModelError: no model can be served.
    """
    from jeeves.learning import registry

    own, starter = shelves(settings)
    loaded = load_model(settings)
    if loaded.folder != own.folder:
        return None
    content = registry.verify(own.folder, loaded.scorer.version, own.proof).content
    moved_from = content.get("training", {}).get("starter")
    now_there = registry.current(starter.folder)
    if not moved_from or not now_there or moved_from == now_there:
        return None
    return str(moved_from), now_there


def make_nightly(settings: Settings, meter: Meter = UNMETERED) -> Nightly | None:
    """What retrains in the night; None where that is not wanted."""
    if not settings.retrain_labels:
        return None
    from jeeves.adapters.retraining_child import RetrainingChild
    from jeeves.bootstrap import now
    from jeeves.service.nightly import Nightly

    return Nightly(RetrainingChild, now, settings.retrain_hour, settings.zone, meter)


def retraining_page(settings: Settings, database: Database) -> Callable[[OwnersModel], str] | None:
    """What draws the page of a training; None where its packages are not installed."""
    from jeeves.bootstrap import now
    from jeeves.learning.pages import can_draw

    if not can_draw():
        return None

    def draw(model: OwnersModel) -> str:
        from jeeves.learning.owners_page import owners_page
        from jeeves.service.watching import watch

        with closing(database.reading()) as reading, closing(database.store()) as store:

            def find(message_id: int) -> Message | None:
                listed = reading.message(message_id)
                return listed.message if listed else None

            return owners_page(model, find, watch(store, load_model(settings).scorer, now()))

    return draw


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The model that would serve."""

    #: Its version; where a newer one was refused, or none can be served, why.
    says: str
    #: Whether it is the best there is.
    ok: bool
    #: What to expect at its alert threshold; None where there is none.
    expected: OperatingPoint | None = None


def model_in_use(settings: Settings) -> ModelInUse:
    """The model that would serve now, or why there is none; never fails."""
    try:
        loaded = load_model(settings)
    except ModelError as exc:
        return ModelInUse(str(exc), False)
    says = "; refused: ".join([loaded.scorer.version, *loaded.warnings])
    return ModelInUse(says, not loaded.warnings, loaded.expected)

"""Learning the owner: all that he has said, a candidate, the gate, and what serves from then on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from jeeves.domain.labelling import LastWord, SaidAfter
from jeeves.domain.operating import Costs
from jeeves.domain.ports import TeachingStore
from jeeves.errors import ModelError
from jeeves.learning import registry
from jeeves.learning.features import Fitted
from jeeves.learning.lesson import read_lesson
from jeeves.learning.origin import OwnersKey
from jeeves.learning.owners_model import OwnersModel, make
from jeeves.learning.registry import Verified
from jeeves.learning.serving import Shelf
from jeeves.learning.shelf_list import known_up_to, last_trained
from jeeves.learning.upkeep import one_at_a_time, prune

log = structlog.get_logger()

#: Stands beside the other files of a version, which are proved; this one is for people.
REPORT = "report.html"
FORCED = "By --force. "


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of a training."""

    #: None where nothing was trained.
    version: str | None
    promoted: bool
    #: One sentence.
    why: str
    model: OwnersModel | None = None
    #: Versions that were removed, for no more than so many are kept.
    removed: tuple[str, ...] = ()


def retrain(
    store: TeachingStore,
    own: Shelf,
    starter: Shelf,
    key: OwnersKey,
    costs: Costs,
    clock: Callable[[], datetime],
    keep: int,
    *,
    force: bool = False,
    least_new: int = 0,
    draw: Callable[[OwnersModel], str] | None = None,
) -> Retrained:
    """Train on everything the owner has said, and let the candidate serve if it is not worse.

    Args:
        store: What the owner has said.
        own: His models.
        starter: The shelf of the starter.
        key: What seals his models.
        costs: What the thresholds shall be chosen for.
        clock: What time it is.
        keep: As many versions are kept.
        force: Train although nothing is new, and promote whatever the gate says.
        least_new: Do nothing where something was said of fewer mails since the last training.
        draw: Makes the page of the report.

    Raises:
        TooFewLabels: nothing can be learned from these yet.
        RetrainingRuns: another process is training.
        ModelError: there is no good starter, or the candidate cannot be written; whatever serves
            goes on serving.
    """
    with one_at_a_time(own.folder):
        current, trained = _current(own), last_trained(own)
        known = store.said_after(trained)
        if not force and (refusal := _nothing_to_do(known, trained, least_new)):
            return Retrained(None, False, refusal)
        base = _newest(starter)
        pipeline = Fitted.of_table(base.read_table())
        serving = None if current is None else Fitted.of_table(current.read_table())
        lesson = read_lesson(store.labelled(), pipeline, serving)
        up_to = known_up_to(current.content) if current is not None else None
        fitted_on = store.said_after(up_to).word
        model = make(lesson, pipeline, base.content["version"], base.curve, costs, fitted_on)
        promoted = model.gate.passed or force
        why = model.gate.why if model.gate.passed or not force else FORCED + model.gate.why
        assert known.last is not None  # noqa: S101  there is a lesson
        version = model.save(own.folder, clock(), key, known.last, why, promoted)
        if promoted:
            registry.promote(own.folder, version, own.proof)
        removed = prune(own.folder, keep)
        if draw is not None:
            _write_report(own.folder / version, draw(model))
    log.info("retrained", version=version, promoted=promoted, labels=len(lesson.labels))
    return Retrained(version, promoted, why, model, tuple(removed))


def _nothing_to_do(known: SaidAfter, trained: LastWord | None, least_new: int) -> str | None:
    if trained is not None and known.last is not None and not known.messages:
        return "Nothing was labelled since the last training: there is nothing new to learn."
    if known.messages < least_new:
        return (
            f"Something was said of {known.messages} mails since the last training; at "
            f"{least_new} it is time for another."
        )
    return None


def _current(own: Shelf) -> Verified | None:
    """The owner's model that serves; None where the starter does."""
    for version in registry.served_if_known(own.folder):
        try:
            return registry.verify(own.folder, version, own.proof)
        except ModelError:
            continue
    return None


def _newest(starter: Shelf) -> Verified:
    version = registry.current(starter.folder)
    return registry.verify(starter.folder, version or "", starter.proof)


def _write_report(folder: Path, page: str) -> None:
    """Beside the model, for its owner alone: it quotes mail."""
    path = folder / REPORT
    try:
        path.touch(mode=0o600)
        path.write_text(page, encoding="utf-8")
    except OSError as exc:
        # A report is no reason to lose a model.
        log.warning("report not written", reason=exc.strerror)

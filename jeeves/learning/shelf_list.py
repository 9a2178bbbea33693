"""The models there are, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from jeeves.domain.labelling import LastWord
from jeeves.errors import ModelError
from jeeves.learning import registry
from jeeves.learning.serving import Shelf

#: What the manifest of a model that was made of an owner's labels says that it is.
KIND = "owner"
CURRENT, BEFORE, REFUSED, SPARE, UNUSABLE = "current", "served", "refused", "spare", "unusable"


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One version."""

    version: str
    #: "current", "served" (before), "refused" (by the gate), "spare" or "unusable".
    state: str
    #: Why it serves, does not, or cannot be used; one sentence.
    why: str
    starter: bool = False
    #: Labelled mails it was fitted on.
    labels: int | None = None
    #: On mail it was not fitted on.
    average_precision: float | None = None
    #: ISO 8601.
    created_at: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def listed(shelves: Sequence[Shelf]) -> list[ModelLine]:
    """Every version of these shelves, newest first; of the first good current one that it serves.

    Args:
        shelves: The owner's own first, the packaged starter last.
    """
    lines: list[ModelLine] = []
    serving = False
    for place, shelf in enumerate(shelves):
        for line in _of_shelf(shelf, serving, starter=place == len(shelves) - 1):
            serving = serving or line.state == CURRENT
            lines.append(line)
    return lines


def _of_shelf(shelf: Shelf, serving: bool, *, starter: bool) -> Iterator[ModelLine]:
    named = registry.served_if_known(shelf.folder)
    found: dict[str, Mapping[str, Any] | ModelError] = {}
    for version in registry.versions(shelf.folder):
        try:
            found[version] = registry.verify(shelf.folder, version, shelf.proof).content
        except ModelError as refusal:
            found[version] = refusal
    good = [name for name in named if not isinstance(found.get(name, ModelError()), ModelError)]
    for version, content in found.items():
        if isinstance(content, ModelError):
            yield ModelLine(version, UNUSABLE, str(content), starter)
            continue
        if version == next(iter(good), None):
            state = SPARE if serving else CURRENT
        else:
            state = BEFORE if version in named else SPARE
        yield _line(version, state, content, starter)


def _line(version: str, state: str, content: Mapping[str, Any], starter: bool) -> ModelLine:
    gate = content.get("gate", {})
    if state == SPARE and gate and not gate["promoted"]:
        state = REFUSED
    report = content.get("report", {})
    figures = report.get("headline") or report.get("all") or {}
    if starter:
        why = "The starter: what Jeeves was shipped with."
    elif content.get("kind") == KIND:
        why = str(gate.get("why", ""))
    else:
        why = "Made by `jeeves train`."
    return ModelLine(
        version=version,
        state=state,
        why=why,
        starter=starter,
        labels=content.get("training", {}).get("messages"),
        average_precision=figures.get("average_precision"),
        created_at=content.get("created_at"),
    )


def known_up_to(content: Mapping[str, Any]) -> LastWord | None:
    """The last word that a model of an owner's labels knows, by its manifest; None of others."""
    if content.get("kind") != KIND:
        return None
    word = content["training"]["last_word"]
    return LastWord(word["number"], datetime.fromisoformat(word["at"]))


def last_trained(own: Shelf) -> LastWord | None:
    """The last word that any training has known, whatever became of it; None where none was."""
    for version in registry.versions(own.folder):
        try:
            known = known_up_to(registry.verify(own.folder, version, own.proof).content)
        except ModelError:
            continue
        if known is not None:
            return known
    return None

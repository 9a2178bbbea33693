"""Labelled messages: a folder of .eml files and a table of labels."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jeeves.domain.message import FetchedMail, Message, Origin, Unreadable
from jeeves.errors import ConfigError, TrainingError
from jeeves.learning.document import Document, document
from jeeves.mail import mime

#: Group messages by their thread instead of by a column.
CONVERSATION = "conversation"
_LABELS = {"1": True, "0": False}

#: Stratum of messages that were written for the project.
WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """A message, what a person said of it, and the further columns of its line."""

    id: str
    message: Message
    needs_location: bool
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """Labelled messages, with what is computed from them once."""

    messages: Sequence[LabelledMessage]
    #: Labelled mails that could not be parsed and are left out.
    unreadable: int = 0
    #: Column that says how many mails of a mailbox a message stands for.
    weight_column: str = "weight"

    @cached_property
    def documents(self) -> list[Document]:
        """What is vectorized of each message."""
        return [document(one.message) for one in self.messages]

    @cached_property
    def labels(self) -> NDArray[np.bool_]:
        """Whether each message needs a location, shape (n,)."""
        return np.array([one.needs_location for one in self.messages], dtype=np.bool_)

    @property
    def digest(self) -> str:
        """SHA-256 over id, label and digest of each message, in order of id.

        Equal for equal labelled mail, whatever its order and further columns.
        """
        lines = sorted(
            f"{one.id}\t{int(one.needs_location)}\t{one.message.digest}\n" for one in self.messages
        )
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def columns(self) -> frozenset[str]:
        """The further columns that every message has."""
        kept = [frozenset(one.columns) for one in self.messages]
        return frozenset.intersection(*kept) if kept else frozenset()

    @property
    def default_grouping(self) -> str:
        """``owner`` where that column exists, else the conversation."""
        return "owner" if "owner" in self.columns else CONVERSATION

    def groups(self, by: str) -> list[str]:
        """The group of each message: a column's value, or its conversation.

        Raises:
            ConfigError: there is no such column.
        """
        if by == CONVERSATION and by not in self.columns:
            return [one.message.thread_key or one.id for one in self.messages]
        if by not in self.columns:
            raise ConfigError(
                f"The labels have no column {by!r} to group by; give one of "
                f"{', '.join(sorted({CONVERSATION, *self.columns}))}."
            )
        return [one.columns[by] for one in self.messages]

    def flag(self, column: str) -> NDArray[np.bool_]:
        """Whether ``column`` holds 1, shape (n,); nowhere where the column is missing."""
        return np.array([one.columns.get(column) == "1" for one in self.messages], dtype=np.bool_)

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """Messages drawn by chance from a mailbox, shape (n,).

        Not those picked because a model scored them high, nor those written for the project.
        """
        return np.array(
            [one.columns.get("stratum") not in ("active", WRITTEN) for one in self.messages],
            dtype=np.bool_,
        )

    @property
    def written(self) -> NDArray[np.bool_]:
        """Messages written for the project, not sent by anybody, shape (n,)."""
        return np.array(
            [one.columns.get("stratum") == WRITTEN for one in self.messages], dtype=np.bool_
        )

    def joined(self, other: Corpus) -> Corpus:
        """The messages of both; an id may stand in one of them only.

        Raises:
            TrainingError: an id stands in both.
        """
        both = {one.id for one in self.messages} & {one.id for one in other.messages}
        if both:
            raise TrainingError(f"The id {min(both)} stands in both tables of labels.")
        return replace(
            self,
            messages=[*self.messages, *other.messages],
            unreadable=self.unreadable + other.unreadable,
        )

    @property
    def natural_weights(self) -> NDArray[np.float64]:
        """How many mails of a mailbox each message stands for, shape (n,); 0 where not drawn.

        Each counts once where none was drawn.
        """
        if not self.drawn.any():
            return np.ones(len(self.messages))
        weights = [float(one.columns.get(self.weight_column) or 1.0) for one in self.messages]
        return np.where(self.drawn, np.array(weights, dtype=np.float64), 0.0)

    def having(self, column: str, values: Collection[str]) -> Corpus:
        """The messages whose ``column`` holds one of ``values``."""
        kept = [one for one in self.messages if one.columns.get(column) in values]
        return replace(self, messages=kept)

    def weighed_by(self, column: str) -> Corpus:
        """The same messages, with the weights of another column.

        Raises:
            ConfigError: there is no such column, or it holds other than numbers.
        """
        self.require(column)
        try:
            for one in self.messages:
                float(one.columns[column] or 1.0)
        except ValueError as exc:
            raise ConfigError(f"The column {column!r} of the labels holds no weights.") from exc
        return replace(self, weight_column=column)

    def require(self, *columns: str) -> None:
        """Raise ConfigError unless every message has these columns."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise ConfigError(f"The labels have no column {', '.join(missing)}.")


def load(messages: Path, labels: Path) -> Corpus:
    """The labelled messages of a folder.

    Args:
        messages: Folder with one ``ID.eml`` for each label.
        labels: Tab-separated table with a header; columns ``id`` and ``needs_location`` (1 or
            0), further ones are kept.

    Raises:
        ConfigError: the folder or the table is not there or cannot be read.
        TrainingError: the table is no table of labels; the sentence says where.
    """
    if not messages.is_dir():
        raise ConfigError(f"There is no folder {messages}: give the folder with the .eml files.")
    found: list[LabelledMessage] = []
    unreadable = 0
    for line, row in _lines(labels):
        parsed = _read(messages / f"{row['id']}.eml", labels, line)
        if isinstance(parsed, Unreadable):
            unreadable += 1
            continue
        further = {
            name: value for name, value in row.items() if name not in ("id", "needs_location")
        }
        label = _LABELS[row["needs_location"]]
        found.append(LabelledMessage(row["id"], parsed, label, further))
    for wanted, name in ((True, "1 (needs a location)"), (False, "0 (needs none)")):
        if not any(one.needs_location is wanted for one in found):
            raise TrainingError(
                f"No readable message in {labels} has needs_location {name}: both are needed."
            )
    return Corpus(found, unreadable)


def _lines(labels: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and columns of each label, checked."""
    try:
        with labels.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            header = table.fieldnames or []
            lines = [(table.line_num, {k: v for k, v in row.items() if k}) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ConfigError(f"The labels {labels} cannot be read: {exc}.") from exc
    for column in ("id", "needs_location"):
        if column not in header:
            raise TrainingError(
                f"{labels} has no column {column!r}: its first line must name the columns id and "
                "needs_location, separated by tabs."
            )
    seen: set[str] = set()
    for line, row in lines:
        name = row["id"]
        if not name or name in seen or Path(name).name != name:
            raise TrainingError(
                f"{labels}, line {line}: the id is empty, stands there twice or is no file name."
            )
        if row["needs_location"] not in _LABELS:
            raise TrainingError(f"{labels}, line {line}: needs_location must be 1 or 0.")
        if not _is_weight(row.get("weight", "")):
            raise TrainingError(f"{labels}, line {line}: weight must be a number of at least 0.")
        seen.add(name)
    return lines


def _is_weight(text: str) -> bool:
    try:
        return not text or 0 <= float(text) < math.inf
    except ValueError:
        return False


def _read(path: Path, labels: Path, line: int) -> Message | Unreadable:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise TrainingError(
            f"{labels}, line {line}: the message {path} cannot be read ({exc.strerror}); remove "
            "the line or add the file."
        ) from exc
    mail = FetchedMail(raw, mailbox=str(path.parent), received_at=datetime.fromtimestamp(0, UTC))
    return mime.read(mail, account="", origin=Origin.IMPORT)

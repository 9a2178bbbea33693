"""The results of a search as JSON lines: first what they belong to, then a line for each trial."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import sklearn

from jeeves.errors import ConfigError
from jeeves.learning.corpus import Corpus
from jeeves.learning.document import DOCUMENT_VERSION
from jeeves.learning.space import C_BOUNDS, SPACE, Settings
from jeeves.learning.training import fit_weights


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings and what they are worth."""

    number: int
    settings: Settings
    #: Out of fold, over all messages that count.
    average_precision: float
    #: Over those of each fold.
    folds: tuple[float, ...]
    seconds: float


@dataclass(slots=True)
class Results:
    """A file of results, open and locked."""

    trials: list[Trial]
    file: BinaryIO

    def append(self, trial: Trial) -> None:
        """Write a trial; it is on the disk when this returns."""
        _write(self.file, asdict(trial))
        self.trials.append(trial)


def belongs(corpus: Corpus, by: str, measure: str) -> dict[str, Any]:
    """What must be the same for trials to be comparable, for the first line of a file."""
    digest = hashlib.sha256()
    parts = zip(
        corpus.messages,
        corpus.documents,
        corpus.groups(by),
        fit_weights(corpus).tolist(),
        corpus.drawn.tolist(),
        strict=True,
    )
    for one, document, *rest in parts:
        read = {**asdict(document), "names": sorted(document.names)}
        line = [one.id, one.needs_location, read, *rest]
        digest.update(json.dumps(line, sort_keys=True).encode())
    return {
        "messages and labels": digest.hexdigest(),
        "grouping": by,
        "measure": measure,
        "search space": json.loads(json.dumps([SPACE, C_BOUNDS])),
        "versions": {
            "document": DOCUMENT_VERSION,
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }


@contextmanager
def opened(path: Path, wanted: Mapping[str, Any]) -> Iterator[Results]:
    """The results in ``path``, made where there are none; nobody else has them meanwhile.

    A last line that was not written to its end is removed: that trial will run again.

    Raises:
        ConfigError: the file cannot be written, is in use, is no such file, or its first line
            differs from ``wanted``.
    """
    try:
        file = path.open("a+b")
    except OSError as exc:
        raise ConfigError(f"The results {path} cannot be written: {exc.strerror}.") from exc
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise ConfigError(
                f"Another search is writing to {path}: wait for it, or give another file with "
                "--resume."
            ) from exc
        file.seek(0)
        content = file.read()
        whole, _, _ = content.rpartition(b"\n")
        lines = whole.splitlines()
        if content and not lines and not content.startswith(b'{"search"'):
            raise _no_results(path)
        trials = _read(path, lines, wanted)
        file.truncate(len(whole) + 1 if lines else 0)
        if not lines:
            _write(file, {"search": wanted})
        yield Results(trials, file)


def _read(path: Path, lines: list[bytes], wanted: Mapping[str, Any]) -> list[Trial]:
    if not lines:
        return []
    try:
        found = dict(json.loads(lines[0])["search"])
        trials = [_trial(json.loads(line)) for line in lines[1:]]
    except (ValueError, KeyError, TypeError) as exc:
        raise _no_results(path) from exc
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise ConfigError(
            f"{path} belongs to another search ({', '.join(other)} differ): give another file with "
            "--resume, or remove it."
        )
    return trials


def _trial(plain: Mapping[str, Any]) -> Trial:
    return Trial(
        int(plain["number"]),
        Settings(**plain["settings"]),
        float(plain["average_precision"]),
        tuple(float(score) for score in plain["folds"]),
        float(plain["seconds"]),
    )


def _no_results(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} holds no results of a search: give another file with --resume, or remove it."
    )


def _write(file: BinaryIO, line: Mapping[str, Any]) -> None:
    file.write(json.dumps(line).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())

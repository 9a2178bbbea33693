"""Which versions of a folder of models stay, and the way back to one that served before."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jeeves.errors import ModelCorrupt, ModelNotFound, RetrainingRuns
from jeeves.learning.origin import Proof
from jeeves.learning.registry import (
    CURRENT,
    alone,
    served,
    sync,
    verify,
    versions,
    write_current,
    writing,
)

LOCK = ".retrain.lock"


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Nobody else makes a version in ``folder`` meanwhile; what a killed one left is removed.

    Raises:
        RetrainingRuns: another process does.
        ModelError: the folder cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetrainingRuns(
                f"Another process is training a model in {folder}: let it end, and try again."
            ) from None
        sweep(folder)
        yield
    finally:
        os.close(descriptor)


def roll_back(folder: Path, proof: Proof) -> tuple[str, str | None]:
    """Make current what was so before; the version that was current, and the one that is now.

    Where none was before, none is current: the starter serves.

    Raises:
        ModelNotFound: there is no current version, or none of those before it is there any more.
        ModelError: as ``verify`` of the one before, or the folder cannot be written; the current
            one stays.
    """
    with writing(folder):
        named = served(folder)
        if not named:
            raise ModelNotFound(
                f"There is no model of your own in {folder}: the starter serves, and there is "
                "nothing to roll back."
            )
        with alone(folder):
            left = [name for name in named[1:] if (folder / name).is_dir()]
            if left:
                verify(folder, left[0], proof)
                write_current(folder, left)
            else:
                (folder / CURRENT).unlink()
                sync(folder)
    return named[0], left[0] if left else None


def prune(folder: Path, keep: int) -> list[str]:
    """Remove the oldest versions but for ``keep``; those removed, oldest first.

    The current version and the one that a roll-back leads to stay.

    Raises:
        ModelError: the folder cannot be written.
    """
    with writing(folder), alone(folder):
        try:
            standing = served(folder)[:2]
        except ModelCorrupt:
            # Which one serves is not known: none may go.
            return []
        spare = [name for name in versions(folder) if name not in standing]
        removed = spare[max(keep - len(standing), 0) :][::-1]
        for name in removed:
            # Not there any more before it is there in part.
            aside = folder / f".{name}-removed"
            (folder / name).rename(aside)
            shutil.rmtree(aside)
        sync(folder)
    return removed


def sweep(folder: Path) -> None:
    """Remove what a process that was killed left half-made; nobody may be making one now.

    Raises:
        ModelError: the folder cannot be written.
    """
    with writing(folder):
        for path in folder.glob(".[0-9]*"):
            shutil.rmtree(path)
        for path in folder.glob(f".{CURRENT}-*"):
            path.unlink()

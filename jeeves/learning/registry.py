"""Versions of models in a folder; each proves itself before it is used.

    FOLDER/current                   the version that serves, then those that served before it
    FOLDER/VERSION/manifest.json     what it is, what it was made from, digests of the others;
                                     its own origin is proved as ``origin`` says
    FOLDER/VERSION/table.json.gz     the serving form
    FOLDER/VERSION/pipeline.joblib   the scikit-learn pipeline

A version appears whole or not at all, and is never changed; ``upkeep.prune`` alone removes any, and
tells which.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from jeeves.domain.operating import Costs, Curve
from jeeves.domain.verdict import Thresholds
from jeeves.errors import ModelCorrupt, ModelError, ModelIncompatible, ModelNotFound
from jeeves.learning.document import DOCUMENT_VERSION
from jeeves.learning.origin import TRAIN, OwnersKey, Proof
from jeeves.learning.revision import git_revision
from jeeves.learning.table import Table

#: 2: table.json.gz, pipeline.joblib, and a manifest.json with an operating curve and a proof of
#: its origin. 1 had neither.
FORMAT_VERSION = 2
TABLE, PIPELINE, MANIFEST, CURRENT = "table.json.gz", "pipeline.joblib", "manifest.json", "current"
#: A pickle of one of these may not mean the same under another version.
LIBRARIES = ("scikit-learn", "scipy", "numpy", "joblib", "nltk")

VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{6}")
_REMEMBERED = 10
MEND = f"{TRAIN}, or reinstall Jeeves if it is the packaged starter"


@dataclass(frozen=True, slots=True)
class Verified:
    """A version that has proved itself: what was read of it then is all that may be used."""

    place: Path
    #: As they were chosen when it was made.
    thresholds: Thresholds
    curve: Curve
    #: Everything that manifest.json says.
    content: Mapping[str, Any]
    table: bytes
    pipeline: bytes
    #: What to do where it cannot be used after all.
    mend: str

    def cuts(self, costs: Costs | None) -> Thresholds:
        """The thresholds that ``costs`` ask for; None: those chosen when it was made."""
        return self.thresholds if costs is None else self.curve.choose(costs)

    def read_table(self) -> Table:
        """The serving table.

        Raises:
            ModelCorrupt: it is none, though it is what was written.
        """
        try:
            return Table.loads(self.table)
        except ValueError as exc:
            raise ModelCorrupt(
                f"The serving table of the model {self.place} cannot be used: {exc}; {self.mend}."
            ) from exc


def save(
    folder: Path,
    table: bytes,
    pipeline: bytes,
    facts: Mapping[str, Any],
    now: datetime,
    key: OwnersKey | None = None,
) -> str:
    """Write a new version into ``folder`` and return its name; it is not current yet.

    Args:
        folder: Made where it does not exist.
        table: Content of the serving table.
        pipeline: Content of the joblib file.
        facts: What the manifest shall say besides; ``thresholds`` and ``curve`` must be among it.
        now: Aware; names the version.
        key: What seals it; None for a starter, which has to be pinned instead.

    Raises:
        ModelError: it cannot be written; nothing of it is left.
    """
    files = {TABLE: table, PIPELINE: pipeline}
    version = f"{now:%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(3)}"
    manifest: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "document": DOCUMENT_VERSION,
        "version": version,
        "previous": next(iter(served_if_known(folder)), None),
        "created_at": now.isoformat(),
        "revision": git_revision(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "files": {name: _digest(content) for name, content in files.items()},
        **facts,
    }
    place(folder, version, {**files, MANIFEST: written(manifest, key)})
    return version


def written(manifest: Mapping[str, Any], key: OwnersKey | None) -> bytes:
    """The content of manifest.json; sealed with ``key`` where there is one."""
    sealed = {**manifest, **(key.seal(manifest) if key is not None else {})}
    text = json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def place(folder: Path, version: str, files: Mapping[str, bytes]) -> None:
    """Put a version with these files into ``folder``: whole, or nothing of it.

    Raises:
        ModelError: it cannot be written.
    """
    aside = folder / f".{version}"
    with writing(folder):
        try:
            aside.mkdir(parents=True)
            for name, content in files.items():
                _write(aside / name, content)
            sync(aside)
            aside.rename(folder / version)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync(folder)


def versions(folder: Path) -> list[str]:
    """The versions in ``folder``, newest first."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if VERSION.fullmatch(path.name))[::-1]


def served(folder: Path) -> list[str]:
    """The current version and those that were current before it, newest first.

    Raises:
        ModelCorrupt: ``current`` names no version.
    """
    try:
        named = (folder / CURRENT).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelCorrupt(f"The file {folder / CURRENT} cannot be read; {MEND}.") from exc
    if not named or not all(VERSION.fullmatch(name) for name in named):
        raise ModelCorrupt(f"The file {folder / CURRENT} does not name a version; {MEND}.")
    return named


def served_if_known(folder: Path) -> list[str]:
    """As ``served``; none where ``current`` cannot be read."""
    try:
        return served(folder)
    except ModelCorrupt:
        return []


def current(folder: Path) -> str | None:
    """The current version of ``folder``; None where none was promoted yet.

    Raises:
        ModelCorrupt: ``current`` names no version.
    """
    return next(iter(served(folder)), None)


def promote(folder: Path, version: str, proof: Proof) -> None:
    """Make ``version`` current, once it has proved itself; one process at a time.

    Raises:
        ModelError: as ``verify``, or the folder cannot be written; the current one stays.
    """
    verify(folder, version, proof)
    with writing(folder), alone(folder):
        named = dict.fromkeys([version, *served_if_known(folder)])
        write_current(folder, list(named)[:_REMEMBERED])


def write_current(folder: Path, named: Sequence[str]) -> None:
    """Let the first of these versions serve, and those after it where it cannot."""
    aside = folder / f".{CURRENT}-{secrets.token_hex(4)}"
    try:
        _write(aside, "".join(f"{name}\n" for name in named).encode("ascii"))
        aside.replace(folder / CURRENT)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync(folder)


def verify(folder: Path, version: str, proof: Proof) -> Verified:
    """A version of proved origin whose files are all as they were written. Unpickles nothing.

    Raises:
        ModelNotFound: there is no such version.
        ModelForeign, ModelKeyUnusable: its origin is not proved; see ``origin``.
        ModelCorrupt: a file is missing, damaged or was changed.
        ModelIncompatible: another version of Jeeves wrote it.
    """
    place = folder / version
    if not VERSION.fullmatch(version) or not place.is_dir():
        raise ModelNotFound(f"There is no model {version!r} in {folder}; {proof.mend}.")
    written = _read(place / MANIFEST, proof)
    try:
        content = json.loads(written)
        formats = (content["format"], content["document"])
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise ModelCorrupt(f"The manifest of the model {place} is damaged; {proof.mend}.") from exc
    if formats != (FORMAT_VERSION, DOCUMENT_VERSION):
        raise ModelIncompatible(
            f"The model {place} has format {formats[0]}.{formats[1]}, but this version of Jeeves "
            f"reads {FORMAT_VERSION}.{DOCUMENT_VERSION}; {proof.mend}."
        )
    proof.check(place, written, content)
    try:
        named = content["version"]
        files = {name: content["files"][name] for name in (TABLE, PIPELINE)}
        thresholds, curve = Thresholds(**content["thresholds"]), Curve.from_dict(content["curve"])
    except (ValueError, KeyError, TypeError) as exc:
        raise ModelCorrupt(f"The manifest of the model {place} is damaged; {proof.mend}.") from exc
    if named != version:
        raise ModelCorrupt(f"The model {place} is {named!r} under another name; {proof.mend}.")
    read = {name: _read(place / name, proof) for name in files}
    for name, digest in files.items():
        if _digest(read[name]) != digest:
            raise ModelCorrupt(
                f"The file {name} of the model {place} was changed or is not whole; {proof.mend}."
            )
    return Verified(place, thresholds, curve, content, read[TABLE], read[PIPELINE], proof.mend)


def verify_pipeline(folder: Path, version: str, proof: Proof) -> Verified:
    """A version whose joblib file may be unpickled under the installed libraries.

    Raises:
        ModelNotFound, ModelForeign, ModelKeyUnusable, ModelCorrupt: as ``verify``.
        ModelIncompatible: as ``verify``, or other versions of the libraries wrote it.
    """
    verified = verify(folder, version, proof)
    for name, written in verified.content["libraries"].items():
        installed = metadata.version(name)
        if installed != written:
            raise ModelIncompatible(
                f"The pipeline of the model {folder / version} was written with {name} {written}, "
                f"but {installed} is installed; {proof.mend}."
            )
    return verified


def _digest(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _read(path: Path, proof: Proof) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ModelCorrupt(
            f"The file {path} of a model cannot be read ({exc.strerror}); {proof.mend}."
        ) from exc


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the system refuses in here is told in one sentence."""
    try:
        yield
    except OSError as exc:
        raise ModelError(
            f"The model cannot be written into {folder} ({exc.strerror}): make room and let this "
            "user write there, or name another folder in JEEVES_MODELS_DIR."
        ) from exc


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process is in here with the same folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make renames in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

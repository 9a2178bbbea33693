"""Versions of models in a folder; each proves itself before it is used.

    FOLDER/current                   the version that serves, then those that served before it
    FOLDER/VERSION/manifest.json     what it is, what it was made from, digests of the others
    FOLDER/VERSION/table.json.gz     the serving form
    FOLDER/VERSION/pipeline.joblib   the scikit-learn pipeline

A version appears whole or not at all, and is never changed or removed here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from jeeves.domain.verdict import Thresholds
from jeeves.errors import ModelCorrupt, ModelError, ModelIncompatible, ModelNotFound
from jeeves.learning.document import DOCUMENT_VERSION
from jeeves.learning.scorer import TableScorer
from jeeves.learning.table import Table

#: 1: table.json.gz, pipeline.joblib and a sealed manifest.json.
FORMAT_VERSION = 1
TABLE, PIPELINE, MANIFEST, CURRENT = "table.json.gz", "pipeline.joblib", "manifest.json", "current"
#: A pickle of one of these may not mean the same under another version.
LIBRARIES = ("scikit-learn", "scipy", "numpy", "joblib", "nltk")

_VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{6}")
_REMEMBERED = 10
_MEND = "run `jeeves train` to make a new one, or reinstall Jeeves if it is the packaged starter"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A verified manifest."""

    version: str
    thresholds: Thresholds
    #: Everything that manifest.json says.
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model that serves, and which ones were refused before it."""

    scorer: TableScorer
    folder: Path
    #: One sentence for each refused model.
    warnings: tuple[str, ...]


def save(
    folder: Path, table: bytes, pipeline: bytes, facts: Mapping[str, Any], now: datetime
) -> str:
    """Write a new version into ``folder`` and return its name; it is not current yet.

    Args:
        folder: Made where it does not exist.
        table: Content of the serving table.
        pipeline: Content of the joblib file.
        facts: What the manifest shall say besides; ``thresholds`` must be among it.
        now: Aware; names the version.
    """
    files = {TABLE: table, PIPELINE: pipeline}
    version = f"{now:%Y-%m-%dT%H-%M-%S}-{hashlib.sha256(table).hexdigest()[:6]}"
    manifest: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "document": DOCUMENT_VERSION,
        "version": version,
        "created_at": now.isoformat(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "files": {name: _digest(content) for name, content in files.items()},
        **facts,
    }
    manifest["seal"] = _seal(manifest)
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    aside = folder / f".{version}-{secrets.token_hex(4)}"
    aside.mkdir(parents=True)
    for name, content in {**files, MANIFEST: f"{text}\n".encode()}.items():
        _write(aside / name, content)
    _sync(aside)
    aside.rename(folder / version)
    _sync(folder)
    return version


def versions(folder: Path) -> list[str]:
    """The versions in ``folder``, newest first."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _VERSION.fullmatch(path.name))[::-1]


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
        raise ModelCorrupt(f"The file {folder / CURRENT} cannot be read; {_MEND}.") from exc
    if not named or not all(_VERSION.fullmatch(name) for name in named):
        raise ModelCorrupt(f"The file {folder / CURRENT} does not name a version; {_MEND}.")
    return named


def current(folder: Path) -> str | None:
    """The current version of ``folder``; None where none was promoted yet.

    Raises:
        ModelCorrupt: ``current`` names no version.
    """
    return next(iter(served(folder)), None)


def promote(folder: Path, version: str) -> None:
    """Make ``version`` current, once it has proved itself.

    Raises:
        ModelNotFound, ModelCorrupt, ModelIncompatible: as ``verify``.
    """
    verify(folder, version)
    try:
        before = served(folder)
    except ModelCorrupt:
        before = []
    named = list(dict.fromkeys([version, *before]))[:_REMEMBERED]
    aside = folder / f".{CURRENT}-{secrets.token_hex(4)}"
    _write(aside, "".join(f"{name}\n" for name in named).encode("ascii"))
    aside.replace(folder / CURRENT)
    _sync(folder)


def verify(folder: Path, version: str) -> Manifest:
    """The manifest of a version whose files are all as they were written. Unpickles nothing.

    Raises:
        ModelNotFound: there is no such version.
        ModelCorrupt: a file is missing, damaged or was changed.
        ModelIncompatible: another version of Jeeves wrote it.
    """
    place = folder / version
    if not _VERSION.fullmatch(version) or not place.is_dir():
        raise ModelNotFound(f"There is no model {version!r} in {folder}; {_MEND}.")
    try:
        content = json.loads(_read(place / MANIFEST))
        seal = content.pop("seal")
        formats = (content["format"], content["document"])
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelCorrupt(f"The manifest of the model {place} is damaged; {_MEND}.") from exc
    if formats != (FORMAT_VERSION, DOCUMENT_VERSION):
        raise ModelIncompatible(
            f"The model {place} has format {formats[0]}.{formats[1]}, but this version of Jeeves "
            f"reads {FORMAT_VERSION}.{DOCUMENT_VERSION}; {_MEND}."
        )
    if seal != _seal(content) or content["version"] != version:
        raise ModelCorrupt(f"The manifest of the model {place} was changed; {_MEND}.")
    for name, digest in content["files"].items():
        if _digest(_read(place / name)) != digest:
            raise ModelCorrupt(
                f"The file {name} of the model {place} was changed or is not whole; {_MEND}."
            )
    return Manifest(version, Thresholds(**content["thresholds"]), content)


def read_pipeline(folder: Path, version: str) -> bytes:
    """The joblib file of a version that may be unpickled under the installed libraries.

    Raises:
        ModelNotFound, ModelCorrupt: as ``verify``.
        ModelIncompatible: as ``verify``, or other versions of the libraries wrote it.
    """
    manifest = verify(folder, version)
    for name, written in manifest.content["libraries"].items():
        installed = metadata.version(name)
        if installed != written:
            raise ModelIncompatible(
                f"The pipeline of the model {folder / version} was written with {name} {written}, "
                f"but {installed} is installed; {_MEND}."
            )
    return _read(folder / version / PIPELINE)


def load(folder: Path, version: str) -> TableScorer:
    """The scorer of a version, verified.

    Raises:
        ModelNotFound, ModelCorrupt, ModelIncompatible: as ``verify``.
    """
    manifest = verify(folder, version)
    try:
        table = Table.loads(_read(folder / version / TABLE))
    except ValueError as exc:
        raise ModelCorrupt(
            f"The serving table of the model {folder / version} cannot be used: {exc}; {_MEND}."
        ) from exc
    return TableScorer(table, version, manifest.thresholds)


def load_scorer(folders: Sequence[Path]) -> Loaded:
    """The first good model: each folder's current version, then those current before it.

    Args:
        folders: The owner's own first, the packaged starter last.

    Raises:
        ModelError: no folder has a good model; the sentence is that of the last refusal.
    """
    refusals: list[ModelError] = []
    for folder in folders:
        try:
            named = served(folder)
        except ModelCorrupt as refusal:
            refusals.append(refusal)
            continue
        for version in named:
            try:
                scorer = load(folder, version)
            except ModelError as refusal:
                refusals.append(refusal)
                continue
            return Loaded(scorer, folder, tuple(map(str, refusals)))
    if refusals:
        raise refusals[-1]
    places = " or ".join(map(str, folders))
    raise ModelNotFound(f"There is no model in {places}; {_MEND}.")


def _seal(manifest: Mapping[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ModelCorrupt(
            f"The file {path} of a model cannot be read ({exc.strerror}); {_MEND}."
        ) from exc


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make renames in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

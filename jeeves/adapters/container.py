"""A file of several parts, each proved by its digest: backups and archives.

It is a zip file. The part that is read first, and written last, is manifest.json: what it is, in
which format, and the size and SHA-256 digest of each other part. Nothing is unpacked to disk, and
no name in it is used as a path.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from jeeves.errors import ArchiveError

MANIFEST = "manifest.json"
#: A manifest is no longer.
LONGEST_MANIFEST = 16_000_000
_PIECE = 1 << 20


class _Counted(io.RawIOBase):
    """Writes on to a part, and knows its size and digest."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self.octets = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """Write all of it."""
        self._inner.write(data)
        self.digest.update(data)
        size = len(data)
        self.octets += size
        return size


@dataclass(slots=True)
class Writing:
    """A file that is being written."""

    _zip: zipfile.ZipFile
    _parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A new part, to be written to."""
        with self._zip.open(name, "w", force_zip64=True) as inner:
            counted = _Counted(inner)
            yield cast("IO[bytes]", counted)
        self._parts[name] = {"bytes": counted.octets, "sha256": counted.digest.hexdigest()}

    def add(self, name: str, content: bytes) -> None:
        """A new part with this content."""
        with self.part(name) as file:
            file.write(content)

    def digest(self, name: str) -> str:
        """That of a part that is written."""
        return str(self._parts[name]["sha256"])

    def finish(self, kind: str, format_version: int, facts: Mapping[str, Any]) -> str:
        """The manifest, and with it the file, is complete; the digest that stands for all of it."""
        manifest = {"kind": kind, "format": format_version, **facts, "parts": self._parts}
        text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
        self._zip.writestr(MANIFEST, text)
        return hashlib.sha256(text).hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[Writing]:
    """A new file for its owner's eyes only; it is there when it is whole, or not at all.

    Raises:
        ArchiveError: there is such a file, or it cannot be written.
    """
    if os.path.lexists(path):
        raise ArchiveError(f"{path} is there already: name another file, nothing was written.")
    try:
        # Made with mode 0600.
        number, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as exc:
        raise ArchiveError(f"{path} cannot be written ({exc.strerror}): name another.") from exc
    try:
        with os.fdopen(number, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                yield Writing(packed)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link replaces nothing.
        os.link(aside, path)
    except FileExistsError as exc:
        raise ArchiveError(f"{path} is there already: name another file.") from exc
    except OSError as exc:
        raise ArchiveError(
            f"{path} cannot be written ({exc.strerror}): make room, or name another place."
        ) from exc
    finally:
        with suppress(OSError):
            Path(aside).unlink()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file whose every part was found to be as it was written."""

    path: Path
    manifest: Mapping[str, Any]
    _zip: zipfile.ZipFile

    @property
    def digest(self) -> str:
        """The digest of its manifest, and so of all of it."""
        return hashlib.sha256(self._zip.read(MANIFEST)).hexdigest()

    @property
    def names(self) -> list[str]:
        """Its parts."""
        return list(self.manifest["parts"])

    def open(self, name: str) -> IO[bytes]:
        """A part, to be read from."""
        return self._zip.open(name)

    def read(self, name: str) -> bytes:
        """The content of a part."""
        return self._zip.read(name)


@contextmanager
def reading(path: Path, kind: str, format_version: int) -> Iterator[Reading]:
    """A file of this kind and format, all of it verified before this is entered.

    Raises:
        ArchiveError: it cannot be read, is something else, of another format, or was changed.
    """
    try:
        packed = zipfile.ZipFile(path)
    except OSError as exc:
        raise ArchiveError(f"{path} cannot be read ({exc.strerror}).") from exc
    except (zipfile.BadZipFile, ValueError) as exc:
        raise ArchiveError(f"{path} is no {kind} of Jeeves, or not whole.") from exc
    with packed:
        manifest = _manifest(path, packed, kind, format_version)
        try:
            _verify(path, packed, manifest)
        except (
            OSError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as exc:
            raise ArchiveError(f"{path} is damaged: take another {kind}.") from exc
        yield Reading(path, manifest, packed)


def _manifest(
    path: Path, packed: zipfile.ZipFile, kind: str, format_version: int
) -> dict[str, Any]:
    try:
        if packed.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
            raise ArchiveError(f"{path} is no {kind} of Jeeves: its manifest is too long.")
        manifest = json.loads(packed.read(MANIFEST))
        found, written = manifest["kind"], manifest["format"]
        parts = {name: (one["bytes"], one["sha256"]) for name, one in manifest["parts"].items()}
    except (
        *(KeyError, ValueError, TypeError, AttributeError, RecursionError, OSError, zlib.error),
        *(zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError),
    ) as exc:
        raise ArchiveError(f"{path} is no {kind} of Jeeves, or not whole.") from exc
    if found != kind:
        raise ArchiveError(f"{path} is of another kind ({found!s:.40}): no {kind}.")
    if written != format_version:
        raise ArchiveError(
            f"{path} has format {written!s:.10} and this Jeeves reads format {format_version}: use "
            "the version of Jeeves that wrote it, or a newer one."
        )
    if sorted([MANIFEST, *parts]) != sorted(packed.namelist()):
        raise ArchiveError(f"{path} does not hold what its manifest says: take another {kind}.")
    return dict(manifest)


def _verify(path: Path, packed: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
    for name, said in manifest["parts"].items():
        digest, octets = hashlib.sha256(), 0
        with packed.open(name) as part:
            while octets <= said["bytes"] and (piece := part.read(_PIECE)):
                digest.update(piece)
                octets += len(piece)
        if (octets, digest.hexdigest()) != (said["bytes"], said["sha256"]):
            raise ArchiveError(f"{path} was changed or is not whole ({name!r:.60}).")

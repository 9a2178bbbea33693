"""Models that are carried from one installation to another, and sealed there anew."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jeeves.errors import ArchiveError, ModelError
from jeeves.learning import registry
from jeeves.learning.origin import KEY_BYTES, OwnersKey
from jeeves.learning.registry import MANIFEST, PIPELINE, TABLE, VERSION

FILES = (MANIFEST, TABLE, PIPELINE)


def versions_to_carry(folder: Path, key: OwnersKey) -> list[str]:
    """The versions of ``folder`` that prove themselves, oldest first."""
    good = []
    for version in reversed(registry.versions(folder)):
        try:
            registry.verify(folder, version, key)
        except ModelError:
            continue
        good.append(version)
    return good


def check_carried(version: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest of a carried version, which fits its files.

    Raises:
        ArchiveError: it does not.
    """
    try:
        manifest = json.loads(files[MANIFEST])
        whole = manifest["version"] == version and all(
            manifest["files"][name]["sha256"] == hashlib.sha256(files[name]).hexdigest()
            for name in (TABLE, PIPELINE)
        )
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise ArchiveError(f"The model {version} of the archive is damaged.") from exc
    if not whole or not isinstance(manifest, dict):
        raise ArchiveError(f"The model {version} of the archive is not what it says it is.")
    return manifest


def is_of(key: OwnersKey | None, version: str, files: Mapping[str, bytes]) -> bool:
    """Whether ``key`` sealed this version."""
    if key is None:
        return False
    try:
        key.check(Path(version), files[MANIFEST], json.loads(files[MANIFEST]))
    except ModelError:
        return False
    return True


def put(folder: Path, version: str, files: Mapping[str, bytes], key: OwnersKey) -> bool:
    """A carried version stands in ``folder``, sealed with ``key``; False where it did already.

    Raises:
        ModelError: it cannot be written; nothing of it is left.
    """
    if (folder / version).is_dir():
        return False
    manifest = check_carried(version, files)
    if not is_of(key, version, files):
        bare = {name: value for name, value in manifest.items() if name not in ("key", "seal")}
        files = {**files, MANIFEST: registry.written(bare, key)}
    registry.place(folder, version, files)
    return True


def key_of(secret: bytes) -> OwnersKey:
    """A key that was carried.

    Raises:
        ArchiveError: it is none.
    """
    if len(secret) != KEY_BYTES:
        raise ArchiveError("The key of the models in the archive is none.")
    return OwnersKey(secret)


def let_serve(folder: Path, named: list[str], key: OwnersKey) -> str | None:
    """Where no model of ``folder`` serves, the first of these that is there does; which one.

    Raises:
        ModelError: it cannot be written.
    """
    if registry.served_if_known(folder):
        return None
    standing = [name for name in named if (folder / name).is_dir()]
    if not standing:
        return None
    registry.verify(folder, standing[0], key)
    with registry.writing(folder), registry.alone(folder):
        registry.write_current(folder, standing)
    return standing[0]


def part_of(name: str) -> tuple[str, str] | None:
    """Version and file that a part ``models/VERSION/FILE`` holds; None where it is no such."""
    found = re.fullmatch(rf"models/({VERSION.pattern})/({'|'.join(map(re.escape, FILES))})", name)
    return (found[1], found[2]) if found else None

"""Where a model comes from, proved before anything of it is used.

A digest beside a file proves that it is whole, not who wrote it: whoever changes the one changes
the other. So the owner's manifests are sealed with a key that never leaves JEEVES_HOME, and the
starter's is the one whose digest is part of the program.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jeeves.errors import ModelCorrupt, ModelError, ModelForeign, ModelKeyUnusable

KEY = "model.key"
KEY_BYTES = 32
TRAIN = "run `jeeves train --messages DIR --labels FILE.tsv` to make a new one"


class Proof(Protocol):
    """How the models of one folder prove their origin."""

    @property
    def mend(self) -> str:
        """What mends a model that was refused, one clause."""
        ...

    def check(self, place: Path, written: bytes, manifest: Mapping[str, Any]) -> None:
        """Return if this manifest is of that origin.

        Args:
            place: Folder of the version, for the sentence.
            written: The bytes of its manifest.json.
            manifest: The same, parsed.

        Raises:
            ModelForeign: it comes from elsewhere.
            ModelCorrupt: it was changed after it was written.
            ModelKeyUnusable: the key to tell is there but cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class OwnersKey:
    """Sealed with HMAC-SHA256 (RFC 2104) by the key of this installation."""

    secret: bytes = field(repr=False)
    mend: str = TRAIN

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """What to add to a manifest: which key it was, and the seal over all the rest."""
        named = {**manifest, "key": self._name()}
        return {"key": named["key"], "seal": self._hmac(_canonical(named))}

    def check(self, place: Path, written: bytes, manifest: Mapping[str, Any]) -> None:  # noqa: ARG002
        """See ``Proof``."""
        if not _equal(manifest.get("key"), self._name()):
            raise ModelForeign(
                f"The model {place} was not made by this installation (its seal is of another "
                f"key); {self.mend}."
            )
        sealed = {name: value for name, value in manifest.items() if name != "seal"}
        if not _equal(manifest.get("seal"), self._hmac(_canonical(sealed))):
            raise ModelCorrupt(f"The manifest of the model {place} was changed; {self.mend}.")

    def _name(self) -> str:
        """Tells keys apart and betrays nothing of them."""
        return self._hmac(b"which key is this?")[:16]

    def _hmac(self, text: bytes) -> str:
        return hmac.new(self.secret, text, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Pin:
    """The one model whose manifest.json has this SHA-256 digest."""

    sha256: str
    mend: str = "reinstall Jeeves, or " + TRAIN.replace("a new one", "a model of your own")

    @classmethod
    def on(cls, manifest: Path) -> Pin:
        """The pin that this manifest, and no other, satisfies."""
        return cls(hashlib.sha256(manifest.read_bytes()).hexdigest())

    def check(self, place: Path, written: bytes, manifest: Mapping[str, Any]) -> None:  # noqa: ARG002
        """See ``Proof``."""
        if not _equal(hashlib.sha256(written).hexdigest(), self.sha256):
            raise ModelForeign(
                f"The model {place} is not the starter that this version of Jeeves was shipped "
                f"with; {self.mend}."
            )


@dataclass(frozen=True, slots=True)
class NoKey:
    """There is no usable key, so nothing can prove that it is the owner's."""

    #: Why the key cannot be used, one sentence; None where there is none at all.
    refusal: ModelKeyUnusable | None
    mend: str = TRAIN

    def check(self, place: Path, written: bytes, manifest: Mapping[str, Any]) -> None:  # noqa: ARG002
        """See ``Proof``; always raises."""
        if self.refusal is not None:
            raise self.refusal
        raise ModelForeign(
            f"The model {place} was not made by this installation (which has no key yet); "
            f"{self.mend}."
        )


def owners_proof(home: Path) -> OwnersKey | NoKey:
    """How the owner's models are checked while Jeeves serves; never fails, makes no key."""
    try:
        return read_key(home) or NoKey(None)
    except ModelKeyUnusable as refusal:
        return NoKey(refusal)


def owners_key(home: Path, secret: bytes | None = None) -> OwnersKey:
    """The key in ``home``; where there is none, it is made (mode 0600).

    Of two processes that make it at once both get the same.

    Args:
        home: JEEVES_HOME.
        secret: What it is made of; default: 32 random bytes.

    Raises:
        ModelKeyUnusable: it cannot be read, is no key, or others may read it.
        ModelError: it cannot be written.
    """
    known = read_key(home)
    if known is not None:
        return known
    aside = home / f".{KEY}-{secrets.token_hex(4)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret or secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link replaces nothing.
            os.link(aside, home / KEY)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    except OSError as exc:
        raise ModelError(
            f"The key that seals models cannot be written to {home / KEY} ({exc.strerror}): make "
            "the folder writable, or set JEEVES_HOME to another."
        ) from exc
    made = read_key(home)
    assert made is not None  # noqa: S101  made above, by us or by another process
    return made


def read_key(home: Path) -> OwnersKey | None:
    """The key in ``home``; None where there is none.

    Raises:
        ModelKeyUnusable: it cannot be read, is no key, or others may read it.
    """
    path = home / KEY
    try:
        # Non-blocking, so that a pipe in its place does not hold us up.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            state = os.fstat(file.fileno())
            secret = file.read(KEY_BYTES + 1) if stat.S_ISREG(state.st_mode) else b""
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise ModelKeyUnusable(
            f"The key that seals models, {path}, cannot be read ({exc.strerror}): let the user "
            "who runs Jeeves own it."
        ) from exc
    if state.st_mode & 0o077:
        raise ModelKeyUnusable(
            f"The key that seals models, {path}, can be used by others (mode "
            f"{stat.S_IMODE(state.st_mode):04o}): remove it and {TRAIN}; if no other user was on "
            f"this machine, `chmod 600 {path}` is enough."
        )
    if len(secret) != KEY_BYTES:
        raise ModelKeyUnusable(
            f"The key that seals models, {path}, is not a key of {KEY_BYTES} bytes: remove it and "
            f"{TRAIN}."
        )
    return OwnersKey(secret)


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode("ascii")


def _equal(given: object, wanted: str) -> bool:
    """In constant time."""
    if not isinstance(given, str) or not given.isascii():
        return False
    return hmac.compare_digest(given, wanted)

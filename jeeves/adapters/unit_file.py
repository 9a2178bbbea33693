"""The file by which a service manager knows Jeeves."""

from __future__ import annotations

from pathlib import Path

from jeeves.errors import ConfigError, NotInstalled


def require_ours(file: Path, installed: bool) -> None:
    """Raise ConfigError where ``file`` is there and none that Jeeves has ``installed``."""
    if file.exists() and not installed:
        raise ConfigError(f"{file} was not written by Jeeves: move it away first.")


def holds(file: Path, text: str) -> bool:
    """Whether ``file`` is there with this text."""
    return file.is_file() and file.read_text("utf-8", "replace") == text


def put(file: Path, text: str) -> None:
    """Write ``file``, whole or not at all; no other than its owner may write it.

    Raises:
        NotInstalled: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(text, "utf-8")
        # Whoever starts it declines one that others can write.
        draft.chmod(0o644)
        draft.replace(file)
    except OSError as exc:
        raise NotInstalled(f"{file} cannot be written: {exc.strerror}.") from exc


def take_away(file: Path) -> None:
    """Remove ``file``.

    Raises:
        NotInstalled: it cannot be removed.
    """
    try:
        file.unlink()
    except OSError as exc:
        raise NotInstalled(f"{file} cannot be removed: {exc.strerror}.") from exc

"""A .env that is rewritten: what else stands in it stays, and only its owner can read it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from jeeves.errors import ConfigError

#: Appended to the name of the file that was there before.
OLD = ".bak"
#: A setting: its name with what stands before, its value, and what stands behind. As python-dotenv
#: reads it.
LINE = re.compile(
    r"(?P<name>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*)"
    r"(?:=[^\S\r\n]*(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|=[^\r\n]*?)?"
    r"(?P<rest>(?:[^\S\r\n]+\#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r|))",
    re.DOTALL,
)
#: What needs no quotes, wherever such a file is read.
PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-]*")
HEAD = (
    "# Settings of Jeeves, written by `jeeves init`, which can be run again; .env.example\n"
    "# explains every setting there is. The environment wins over this file.\n"
)


def require_writable(path: Path) -> None:
    """Make the folder of a .env that is yet to be written; afterwards nothing else is there.

    Raises:
        ConfigError: it cannot be written there.
    """
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as exc:
        raise _cannot(path, exc) from exc


def rewrite(path: Path, values: Mapping[str, str]) -> Path | None:
    """Give settings these values in the file ``path``; the old file, if there was one.

    Comments, other settings and the order stay. Mode 0600, whatever it was; the file is replaced
    as a whole, or not at all. The old one lies beside it, its name ending in .bak.

    Args:
        path: A link is followed.
        values: By name, in capitals; "" is written as an empty value.

    Raises:
        ConfigError: it cannot be written, or a value cannot stand in such a file.
    """
    target = path.resolve()
    try:
        with _draft(target) as draft:
            before = target.is_file()
            # newline="": the file keeps its ends of lines.
            with (target if before else draft).open(encoding="utf-8", newline="") as file:
                text = file.read() if before else HEAD
            with draft.open("w", encoding="utf-8", newline="") as file:
                file.write(_with_values(text, values))
            _require_readable(draft, values)
            if before and draft.read_bytes() == target.read_bytes():
                target.chmod(0o600)
                return None
            old = _keep(target) if before else None
            _replace(draft, target)
    except (OSError, UnicodeDecodeError) as exc:
        raise _cannot(path, exc) from exc
    return old


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """``text`` with these values, each where its name stands, else at the end."""
    # Not dotenv's own set_key: it drops the remark behind a value and blank lines before it.
    from dotenv.parser import parse_stream

    parts = []
    absent = dict(values)
    for binding in parse_stream(StringIO(text, newline="")):
        part = binding.original.string
        # The names of settings may stand there in small letters.
        name = (binding.key or "").upper()
        line = LINE.fullmatch(part) if name in values else None
        if line is not None:
            part = f"{line['name']}={quoted(values[name])}{line['rest']}"
            absent.pop(name, None)
        parts.append(part)
    if absent and parts and not parts[-1].endswith("\n"):
        parts.append("\n")
    return "".join([*parts, *(f"{name}={quoted(value)}\n" for name, value in absent.items())])


def quoted(value: str) -> str:
    """A value as it is written in .env."""
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _require_readable(draft: Path, values: Mapping[str, str]) -> None:
    from dotenv import dotenv_values

    found = {name.upper(): value for name, value in dotenv_values(draft).items()}
    for name, value in values.items():
        # Such as a dollar sign before a brace, which stands for another variable.
        if (found.get(name) or "") != value:
            raise ConfigError(
                f"The value of {name} holds characters that .env cannot hold: put it into a file "
                f"of its own and name that in {name}_FILE."
            )


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A new file beside ``target``, its owner's only; gone afterwards unless it was moved."""
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _keep(target: Path) -> Path:
    old = target.with_name(target.name + OLD)
    with _draft(target) as copy:
        shutil.copyfile(target, copy)
        _replace(copy, old, like=target)
    return old


def _replace(draft: Path, target: Path, like: Path | None = None) -> None:
    """Put a file in the place of another, on the disk before it has the name."""
    owner = like or target
    if os.geteuid() == 0 and owner.exists():
        # What root sets up for somebody stays theirs.
        os.chown(draft, owner.stat().st_uid, owner.stat().st_gid)
    draft.chmod(0o600)
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(target)


def _cannot(path: Path, exc: Exception) -> ConfigError:
    why = exc.strerror if isinstance(exc, OSError) and exc.strerror else type(exc).__name__
    return ConfigError(
        f"{path} cannot be written ({why}): make its folder one that you may write, or name "
        "another in JEEVES_HOME."
    )

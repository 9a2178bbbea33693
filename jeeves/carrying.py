"""The archive of what the owner has taught: labels, settings and models in one file, and back."""
# Imports of adapters stand in the functions: a command loads only what it uses.

from __future__ import annotations

import io
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from jeeves import __version__, accounts, templates
from jeeves.bootstrap import now, open_database
from jeeves.errors import ArchiveError
from jeeves.settings import SECRETS, Settings, names

if TYPE_CHECKING:
    from jeeves.adapters.container import Reading, Writing
    from jeeves.learning.origin import OwnersKey
    from jeeves.service.label_archive import Restored

KIND = "archive"
FORMAT_VERSION = 1
LABELS, ENV, KEY, CURRENT = "labels.jsonl", "settings.env", "model.key", "models/current"
#: Files of JEEVES_HOME that are carried as they are.
FILES = (accounts.NAME, templates.NAME)
#: Of this machine only; what a path of it names is carried by itself, or not at all.
OF_THIS_MACHINE = {
    *("jeeves_home", "jeeves_models_dir", "database_url", "accounts_file"),
    *("alert_templates_file", *(f"{name}_file" for name in SECRETS)),
}
SECRET_FILE = re.compile(r"(oauth|secrets)/([A-Za-z0-9@+%_-][A-Za-z0-9@+%._-]*)")


@dataclass(slots=True)
class Told:
    """What was done, one sentence each."""

    sentences: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Add one."""
        self.sentences.append(sentence)


def save(settings: Settings, path: Path, *, with_secrets: bool) -> tuple[str, str]:
    """Write an archive into a new file; what it holds, and the digest that stands for it.

    Raises:
        ArchiveError: it cannot be written.
        StoreError: the labels cannot be read.
    """
    from jeeves.adapters.container import writing
    from jeeves.service.label_archive import line_of

    with (
        open_database(settings) as database,
        closing(database.store()) as store,
        writing(path) as file,
    ):
        count = 0
        with file.part(LABELS) as part:
            for mail in store.labelled():
                part.write(line_of(mail))
                count += 1
        file.add(ENV, env_of(settings, with_secrets=with_secrets).encode())
        for name, content in _files(settings):
            file.add(name, content)
        models = _save_models(settings, file, with_secrets=with_secrets)
        if with_secrets:
            for name, content in _secret_files(settings):
                file.add(name, content)
        facts = {"jeeves": __version__, "created_at": now().isoformat(), "secrets": with_secrets}
        digest = file.finish(KIND, FORMAT_VERSION, facts)
    return f"{count:,} labelled mails, {models} models, the settings", digest


def env_of(settings: Settings, *, with_secrets: bool) -> str:
    """The settings that were given, as lines of .env; secrets only if asked for."""
    lines = []
    for name in sorted(settings.model_fields_set - OF_THIS_MACHINE):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            if not with_secrets:
                continue
            value = value.get_secret_value()
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"{name.upper()}='{quoted}'\n")
    return "".join(lines)


def restore(settings: Settings, path: Path, digest: str) -> Told:
    """Bring an archive back; all of it is looked at before anything is written.

    What is there already stays: settings, models and labels are added, none is taken away. So it
    can be run again.

    Args:
        settings: Of this machine.
        path: The archive.
        digest: What ``save`` said of it; "" where that is not known.

    Raises:
        ArchiveError: it is no archive of ours, was changed, or holds what no archive holds.
        ModelError, StoreError: something cannot be written; run again, it goes on.
    """
    from jeeves.adapters.container import reading
    from jeeves.service.label_archive import read_lines, take_down_carried

    told = Told()
    with reading(path, KIND, FORMAT_VERSION) as file:
        if digest and digest.lower() != file.digest:
            raise ArchiveError(f"{path} is not the archive with this digest: nothing was restored.")
        _check_names(file)
        models = _check_models(file)
        for _ in read_lines(file.open(LABELS)):
            pass
        files = _checked_files(file)
        for target, content in files.items():
            _put_file(settings.jeeves_home, target, content, told)
        _put_models(settings, file, models, proved=bool(digest), told=told)
        with open_database(settings) as database, closing(database.store()) as store:
            done: Restored = take_down_carried(store, read_lines(file.open(LABELS)))
    told.say(f"{done.labels:,} labels, {done.new:,} of them new; {done.mails:,} mails stored.")
    return told


def _files(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """accounts.toml and templates.toml in force, where there are any."""
    found = (settings.accounts_file, settings.alert_templates_file)
    for name, path in zip(FILES, found, strict=True):
        if path is not None and path.is_file():
            yield name, path.read_bytes()


def _secret_files(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Consents, and the passwords that accounts.toml names beside it."""
    for path in sorted((settings.jeeves_home / "oauth").glob("*.json")):
        if SECRET_FILE.fullmatch(f"oauth/{path.name}"):
            yield f"oauth/{path.name}", path.read_bytes()
    if settings.accounts_file is None:
        return
    written = tomllib.loads(settings.accounts_file.read_text(encoding="utf-8"))
    named = {str(one["password_file"]) for one in written["account"] if "password_file" in one}
    for name in sorted(named):
        path = settings.accounts_file.parent / name
        if SECRET_FILE.fullmatch(f"secrets/{name}") and path.is_file():
            yield f"secrets/{name}", path.read_bytes()


def _save_models(settings: Settings, file: Writing, *, with_secrets: bool) -> int:
    from jeeves.learning import carrying, registry
    from jeeves.learning.origin import read_key

    key = read_key(settings.jeeves_home)
    if key is None:
        return 0
    folder = settings.own_models
    versions = carrying.versions_to_carry(folder, key)
    for version in versions:
        for name in carrying.FILES:
            file.add(f"models/{version}/{name}", (folder / version / name).read_bytes())
    served = [name for name in registry.served_if_known(folder) if name in versions]
    if served:
        file.add(CURRENT, "".join(f"{name}\n" for name in served).encode())
    if with_secrets:
        file.add(KEY, key.secret)
    return len(versions)


def _check_names(file: Reading) -> None:
    from jeeves.learning.carrying import part_of

    known = {LABELS, ENV, KEY, CURRENT, *FILES}
    for name in file.names:
        if name not in known and part_of(name) is None and not SECRET_FILE.fullmatch(name):
            raise ArchiveError(
                f"{file.path} holds a part that no archive has ({name!r:.60}): nothing was "
                "restored."
            )
    missing = {LABELS, ENV} - set(file.names)
    if missing:
        raise ArchiveError(f"{file.path} has no part {min(missing)}: nothing was restored.")


def _check_models(file: Reading) -> list[str]:
    """The versions in the archive, oldest first, each whole."""
    from jeeves.learning import carrying

    parts = [found for name in file.names if (found := carrying.part_of(name))]
    versions = sorted({version for version, _ in parts})
    for version in versions:
        carrying.check_carried(version, _model(file, version))
    if KEY in file.names:
        carrying.key_of(file.read(KEY))
    return versions


def _model(file: Reading, version: str) -> dict[str, bytes]:
    from jeeves.learning import carrying

    parts = {name: f"models/{version}/{name}" for name in carrying.FILES}
    if not set(parts.values()) <= set(file.names):
        raise ArchiveError(f"The model {version} of the archive is not whole.")
    return {name: file.read(part) for name, part in parts.items()}


def _checked_files(file: Reading) -> Mapping[str, bytes]:
    """What is to be written below JEEVES_HOME, by its name there."""
    from dotenv import dotenv_values

    found = {}
    try:
        env = file.read(ENV).decode()
        given = dotenv_values(stream=io.StringIO(env), interpolate=False)
    except ValueError as exc:
        raise ArchiveError("The settings of the archive cannot be read.") from exc
    unknown = sorted(set(given) - names())
    if unknown:
        raise ArchiveError(
            f"The archive has a setting {unknown[0]!r:.60} that this Jeeves does not know: upgrade "
            "Jeeves first; nothing was restored."
        )
    if given:
        found[".env"] = env.encode()
    for name in FILES:
        if name in file.names:
            found[name] = file.read(name)
            try:
                tomllib.loads(found[name].decode())
            except ValueError as exc:
                raise ArchiveError(f"The {name} of the archive is no TOML.") from exc
    for name in file.names:
        if parts := SECRET_FILE.fullmatch(name):
            target = f"oauth/{parts[2]}" if parts[1] == "oauth" else parts[2]
            if target in found or target in {".env", KEY}:
                raise ArchiveError(f"The archive names {target!r:.60} twice.")
            found[target] = file.read(name)
    return found


def _put_file(home: Path, name: str, content: bytes, told: Told) -> None:
    """A file of JEEVES_HOME, for its owner's eyes only; one that is there stays as it is."""
    path = home / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.path.lexists(path):
            if not path.is_file() or path.read_bytes() != content:
                told.say(f"{path} is there and stays as it is; the archive has another.")
            return
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    except OSError as exc:
        raise ArchiveError(
            f"{path} cannot be written ({exc.strerror}): make that possible and run it again."
        ) from exc
    told.say(f"{path} written.")


def _put_models(
    settings: Settings, file: Reading, versions: list[str], *, proved: bool, told: Told
) -> None:
    """The models that are the owner's: by the key there is or comes along, or by the digest."""
    from jeeves.learning import carrying
    from jeeves.learning.origin import owners_key, read_key
    from jeeves.learning.upkeep import one_at_a_time

    if not versions:
        return
    home = settings.jeeves_home
    if KEY in file.names:
        owners_key(home, file.read(KEY))
    key: OwnersKey | None = owners_key(home) if proved else read_key(home)
    refused = added = 0
    # A training would take what is being written for something that was left half-made.
    with one_at_a_time(settings.own_models):
        for version in versions:
            model = _model(file, version)
            if key is None or not (proved or carrying.is_of(key, version, model)):
                refused += 1
                continue
            added += carrying.put(settings.own_models, version, model, key)
    if refused:
        told.say(
            f"{refused} models left out: they are sealed with another key. If the archive is your "
            "own, give the digest that `jeeves archive save` told with --digest."
        )
    if key is None or refused == len(versions):
        return
    told.say(f"{added} models added to {settings.own_models}.")
    named = file.read(CURRENT).decode("ascii", "replace").split() if CURRENT in file.names else []
    serves = carrying.let_serve(
        settings.own_models, [name for name in named if name in versions], key
    )
    if serves:
        told.say(f"{serves} serves.")

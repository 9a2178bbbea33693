"""The archive of labels, settings and models: carried whole, refused whole, never doubled."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import make_dsn
from pydantic import SecretStr

from jeeves import carrying
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Address
from jeeves.domain.verdict import Label
from jeeves.errors import ArchiveError
from jeeves.learning import registry
from jeeves.learning.origin import owners_key, owners_proof
from jeeves.modelling import starter_models
from jeeves.settings import Settings
from tests.builders import ACCOUNT, NOW, a_message
from tests.conftest import ask, run_sql
from tests.integration.test_retention import put

PASSWORD = "abcdefghijklmnop"
ODD = 'a "quoted" \\ body \U0001f98a\twith\nlines'


def settings_of(home: Path, url: str, **given: object) -> Settings:
    return Settings(_env_file=None, jeeves_home=home, database_url=SecretStr(url), **given)  # type: ignore[call-arg,arg-type]


@pytest.fixture
def taught(migrated_url: str, tmp_path: Path) -> Settings:
    """A Jeeves with labels, a model and settings, secret ones among them."""
    home = tmp_path / "home"
    (home / "oauth").mkdir(parents=True)
    (home / "oauth" / "sam@example.org.json").write_text('{"token": "tomato"}')
    (home / "ana.secret").write_text("potato")
    accounts = home / "accounts.toml"
    accounts.write_text('[[account]]\naddress = "ana@example.org"\npassword_file = "ana.secret"\n')
    with closing(PostgresStore(migrated_url)) as store:
        mail = a_message(body=ODD, cc=(Address("Zoë", "zoe@example.org"),), labels=("Jeeves/yes",))
        ids = put(store, mail, a_message(gmail_id=None, sent_at=None), a_message())
        store.teach([Word(ids[1], Label.OTHER, Source.ASKED)])
    return settings_of(
        home,
        migrated_url,
        gmail_address=ACCOUNT,
        gmail_app_password=PASSWORD,
        miss_cost=7,
        alert_links=True,
        accounts_file=accounts,
    )


@pytest.fixture
def model(taught: Settings) -> str:
    """A model of this home's own that serves; its version."""
    starter = starter_models()
    version = registry.current(starter) or ""
    facts = json.loads((starter / version / "manifest.json").read_text())
    own = {name: facts[name] for name in ("thresholds", "curve")}
    table = (starter / version / "table.json.gz").read_bytes()
    key = owners_key(taught.jeeves_home)
    made = registry.save(taught.own_models, table, b"no pickle", own, NOW, key)
    registry.promote(taught.own_models, made, key)
    return made


@pytest.fixture
def other(postgres_server: str, migrated_template: str, tmp_path: Path) -> Iterator[Settings]:
    """Another machine, where nothing is."""
    name = f"other_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    run_sql(superuser, f"CREATE DATABASE {name} TEMPLATE {migrated_template} OWNER jeeves")
    yield settings_of(tmp_path / "other", make_dsn(postgres_server, dbname=name))
    run_sql(superuser, f"DROP DATABASE {name} WITH (FORCE)")


def url_of(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def save(settings: Settings, path: Path, *, with_secrets: bool = False) -> str:
    said, digest = carrying.save(settings, path, with_secrets=with_secrets)
    assert said == "2 labelled mails, 1 models, the settings"
    assert path.stat().st_mode & 0o777 == 0o600
    return digest


def restore(settings: Settings, path: Path, digest: str = "") -> str:
    return "\n".join(carrying.restore(settings, path, digest).sentences)


def labelled(settings: Settings) -> list[tuple[object, ...]]:
    with closing(PostgresStore(url_of(settings))) as store:
        found = list(store.labelled())
    return [
        (
            *(one.label, one.message.body, one.message.cc, one.message.sent_at),
            *(one.message.thread_key, one.message.fingerprint),
        )
        for one in found
    ]


def in_clear(file: Path) -> str:
    with zipfile.ZipFile(file) as packed:
        return "\n".join(packed.read(name).decode("latin-1") for name in packed.namelist())


@pytest.mark.usefixtures("model")
def test_all_that_was_taught_comes_along_and_again_changes_nothing(
    taught: Settings, other: Settings, tmp_path: Path
) -> None:
    digest = save(taught, tmp_path / "a.zip")
    assert "2 labels, 2 of them new; 2 mails stored." in restore(other, tmp_path / "a.zip")
    assert labelled(other) == labelled(taught)
    with pytest.raises(ArchiveError, match="is not the archive with this digest"):
        restore(other, tmp_path / "a.zip", "0" * 64)
    restore(other, tmp_path / "a.zip", digest)
    before = {path: path.read_bytes() for path in other.jeeves_home.rglob("*") if path.is_file()}
    again = restore(other, tmp_path / "a.zip", digest)
    assert "0 models added" in again
    assert "2 labels, 0 of them new; 0 mails stored." in again
    assert {p: p.read_bytes() for p in other.jeeves_home.rglob("*") if p.is_file()} == before


def test_secrets_come_along_only_if_that_is_said(
    taught: Settings, model: str, other: Settings, tmp_path: Path
) -> None:
    save(taught, tmp_path / "a.zip")
    key = (taught.jeeves_home / "model.key").read_bytes()
    raw = in_clear(tmp_path / "a.zip")
    assert "MISS_COST='7.0'" in raw
    for secret in (PASSWORD, "tomato", "potato", key.decode("latin-1"), url_of(taught)):
        assert secret not in raw
    save(taught, tmp_path / "b.zip", with_secrets=True)
    said = restore(other, tmp_path / "b.zip")
    home = other.jeeves_home
    assert f"{model} serves." in said
    assert (home / "model.key").read_bytes() == key
    for name in (".env", "accounts.toml", "ana.secret", "oauth/sam@example.org.json", "model.key"):
        assert (home / name).stat().st_mode & 0o777 == 0o600, name
    assert PASSWORD in (home / ".env").read_text()
    assert "ALERT_LINKS='true'" in (home / ".env").read_text()


def test_a_model_of_another_key_is_taken_only_where_its_origin_is_proved(
    taught: Settings, model: str, other: Settings, tmp_path: Path
) -> None:
    digest = save(taught, tmp_path / "a.zip")
    assert "1 models left out" in restore(other, tmp_path / "a.zip")
    assert registry.versions(other.own_models) == []
    assert f"{model} serves." in restore(other, tmp_path / "a.zip", digest)
    registry.verify(other.own_models, model, owners_proof(other.jeeves_home))
    assert registry.current(other.own_models) == model


def test_what_is_there_stays_and_that_is_said(
    taught: Settings, model: str, other: Settings, tmp_path: Path
) -> None:
    save(taught, tmp_path / "a.zip")
    other.jeeves_home.mkdir()
    (other.jeeves_home / ".env").write_text("MISS_COST=3\n")
    assert f"{other.jeeves_home / '.env'} is there and stays" in restore(other, tmp_path / "a.zip")
    assert (other.jeeves_home / ".env").read_text() == "MISS_COST=3\n"


Change = Callable[[dict[str, object], dict[str, bytes]], None]


def evil_name(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content["secrets/../../x"] = b""


def evil_model(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content["models/../../x/manifest.json"] = b""


def over_settings(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content["secrets/accounts.toml"] = b""


def unknown_setting(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content["settings.env"] = b"NONSENSE='1'\n"


def bad_label(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content["labels.jsonl"] += b'{"label": "maybe"}\n'


def bad_model(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    content[next(name for name in content if name.endswith("table.json.gz"))] = b"x"


def half_a_model(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    del content[next(name for name in content if name.endswith("table.json.gz"))]


def other_version(manifest: dict[str, object], content: dict[str, bytes]) -> None:
    manifest["format"] = 2


@pytest.mark.usefixtures("model")
def test_an_archive_that_is_not_whole_ours_or_known_writes_nothing(
    taught: Settings, other: Settings, tmp_path: Path
) -> None:
    save(taught, tmp_path / "a.zip", with_secrets=True)
    changes: dict[Change, str] = {
        evil_name: "a part that no archive has",
        evil_model: "a part that no archive has",
        over_settings: "twice",
        unknown_setting: "upgrade Jeeves first",
        bad_label: "Label 3 of the archive cannot be used",
        bad_model: "is not what it says it is",
        half_a_model: "is not whole",
        other_version: "has format 2",
    }
    for change, sentence in changes.items():
        file = changed(tmp_path, change)
        with pytest.raises(ArchiveError, match=sentence):
            restore(other, file)
        assert not other.jeeves_home.exists()
    assert ask(url_of(other), "select count(*) from messages") == "0"


def changed(folder: Path, change: Change) -> Path:
    """The archive with this change, and a manifest that fits."""
    with zipfile.ZipFile(folder / "a.zip") as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(content.pop("manifest.json"))
    change(manifest, content)
    manifest["parts"] = {
        name: {"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest()}
        for name, one in content.items()
    }
    file = folder / f"{change.__name__}.zip"
    with zipfile.ZipFile(file, "w") as packed:
        for name, one in {**content, "manifest.json": json.dumps(manifest).encode()}.items():
            packed.writestr(name, one)
    return file

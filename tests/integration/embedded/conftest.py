"""Homes with and without a database."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jeeves.adapters.embedded import EmbeddedPostgres
from tests.integration.embedded.processes import AS_ROOT, end_servers, execute


@pytest.fixture
def new_home(tmp_path: Path, discard_database: Callable[[Path], None]) -> Iterator[Path]:
    """A home that does not exist yet. Under root, pytest's folders let nobody else in."""
    folder = tmp_path / "home"
    yield folder
    left_behind = end_servers(folder)
    discard_database(folder)
    assert not left_behind


@pytest.fixture(scope="session")
def made_home(
    tmp_path_factory: pytest.TempPathFactory, discard_database: Callable[[Path], None]
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("made")
    with EmbeddedPostgres(folder):
        pass
    yield folder
    discard_database(folder)


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home that was served before, with an empty table ``kept``; shared, as initdb is slow."""
    with EmbeddedPostgres(made_home) as dsn:
        execute(dsn, "DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int)")
    yield made_home
    assert not end_servers(made_home)


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that belongs to somebody else and that everybody may enter."""
    if not AS_ROOT:
        yield Path("/usr")
        return
    folder = Path(tempfile.mkdtemp(prefix="foreign-", dir="/tmp"))
    folder.chmod(0o755)
    os.chown(folder, 12345, 12345)
    yield folder
    shutil.rmtree(folder)

"""The house itself: doors, documents, and what a command may load."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMANDS = [
    *("run", "check", "demo", "score", "import", "train", "evaluate", "search"),
    *("backfill", "audit", "replay", "relabel", "ask", "retrain", "models", "rollback"),
    *("alerts", "mute", "unmute", "pause"),
    *("list", "show", "status", "migrate", "doctor", "auth", "init", "completion"),
    *("service", "cron", "uninstall"),
    *("database", "erase", "archive"),
]
LEARNING = {"sklearn", "nltk", "joblib", "numpy", "scipy", "matplotlib", "jinja2", "dask"}
LONGEST_MODULE = 350


def loaded(code: str, tmp_path: Path) -> set[str]:
    """Top-level modules in a fresh interpreter after ``code``."""
    listing = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JEEVES_HOME": str(tmp_path)},
        check=True,
    )
    return set(result.stdout.splitlines()[-1].split())


def help_of(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "jeeves", *arguments, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "GMAIL_APP_PASSWORD": "hunter2"},
        check=True,
    )
    return result.stdout


def test_help_loads_no_driver_and_no_learning_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['jeeves', '--help']\n"
        "from jeeves.cli import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    heavy = LEARNING | {"alembic", "psycopg2", "imapclient", "twilio", "pydantic", "structlog"}
    assert loaded(code, tmp_path) & heavy == set()


def test_the_serving_path_loads_no_learning_library_and_no_migrations(tmp_path: Path) -> None:
    code = (
        "from jeeves import bootstrap, logs, modelling, settings\n"
        "import jeeves.service.daemon, jeeves.adapters.gmail, jeeves.adapters.postgres.store\n"
        "import jeeves.adapters.sms, jeeves.adapters.speech, jeeves.adapters.postgres.schema\n"
        "import jeeves.adapters.embedded\n"
        "import jeeves.adapters.apprise_urls, jeeves.adapters.twilio_callback\n"
        "import jeeves.cli.metering, jeeves.cli.serving\n"
        "modelling.make_scorer(settings.load_settings())"
    )
    unused = {"alembic", "sqlalchemy", "twilio", "apprise", "prometheus_client"}
    assert loaded(code, tmp_path) & (LEARNING | unused) == set()


def test_no_plugin_of_pydantic_is_shown_the_settings(tmp_path: Path) -> None:
    (tmp_path / "nosy.py").write_text("import sys; sys.exit('shown')\n", encoding="utf-8")
    installed = tmp_path / "nosy-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: nosy\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[pydantic]\nnosy = nosy:it\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {key: value for key, value in os.environ.items() if "PYDANTIC" not in key}
    command = [sys.executable, "-m", "jeeves", "models"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": path, "JEEVES_HOME": str(tmp_path / "home")},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("module", ["jeeves.bootstrap", "jeeves.settings", "jeeves.cli"])
def test_importing_opens_nothing_and_reads_no_environment(module: str, tmp_path: Path) -> None:
    code = (
        "import os, socket\n"
        "def refuse(*a, **k): raise AssertionError('connected at import')\n"
        "socket.socket.connect = refuse\n"
        f"import {module}"
    )
    loaded(code, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    said = help_of(command)
    assert re.search(rf"Example:.*jeeves {command}", said), said
    assert "hunter2" not in said


def test_the_program_has_these_commands_and_no_other() -> None:
    assert set(re.findall(r"(?m)^  ([a-z]+)  ", help_of())) == set(COMMANDS)


def test_the_readme_documents_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"| `jeeves {command}" in readme, command


def test_no_module_is_longer_than_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "jeeves").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_no_file_names_a_path_of_one_machine_or_a_registry(
    needs_program: Callable[[str, str], str],
) -> None:
    needs_program("git", "apt-get install git")
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout; clone the repository to run this test")
    # put together here, so that this file does not name them itself
    banned = ["/wo" + "rk/", "/root/.py" + "env", "pypi." + "org", "python" + "hosted"]
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".joblib", ".gz", ".zlib", ".eml"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [word for word in banned if word in text], name

"""What the project declares, what it locks, and what its wheel holds."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: Extras that commands ask for by name where they are missing.
ASKED_FOR = [*EXTRAS["report"], *EXTRAS["dask"], *EXTRAS["channels"]]
#: What is installed with each lock file.
LOCKED = {
    "requirements.lock": [*PROJECT["dependencies"], *EXTRAS["voice"], *EXTRAS["demo"]],
    "requirements-dev.lock": [*PROJECT["dependencies"], *(r for e in EXTRAS.values() for r in e)],
    "scripts/uv.lock": ["uv"],
}
ENTRY = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[\w.+!]+)[^\n]*\\\n(?P<rest>(?: +.*\n)*)", re.M
)


def pins(lock: str) -> dict[str, str]:
    """Name and version of everything in a lock file."""
    return {match["name"]: match["version"] for match in ENTRY.finditer((ROOT / lock).read_text())}


@pytest.mark.parametrize("lock", LOCKED)
def test_lock_file_holds_every_declared_dependency_in_an_allowed_version(lock: str) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, LOCKED[lock]):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not locked: run ./scripts/lock"
        assert requirement.specifier.contains(locked[name], prereleases=True), name


@pytest.mark.parametrize("lock", LOCKED)
def test_lock_file_holds_hashes_of_everything(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = list(ENTRY.finditer(text))
    assert len(entries) == len(re.findall(r"^[^ #\n]", text, re.M)) > 0
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry["rest"]), entry["name"]


@pytest.mark.parametrize("lock", LOCKED)
def test_lock_file_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    # A URL, an index option, or a path of the machine that locked.
    assert not re.search(r"://|^-|--(?!hash)|^/", text, re.M)


def test_what_is_tested_is_what_runs() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_each_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in LOCKED["requirements-dev.lock"]:
        assert re.search(rf'^    "{re.escape(requirement)}", +# \w', text, re.M), requirement


def imported(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every absolute import below a folder: file and top-level name."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(), path)):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield path, node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("folder", "lock"),
    [
        ("jeeves", "requirements.lock"),
        ("migrations", "requirements.lock"),
        ("tests", "requirements-dev.lock"),
    ],
)
def test_everything_imported_is_declared(folder: str, lock: str) -> None:
    declared = {canonicalize_name(Requirement(r).name) for r in [*LOCKED[lock], *ASKED_FOR]}
    providers = packages_distributions()
    ours = {"jeeves", "tests", "scripts", *sys.stdlib_module_names}
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in imported(ROOT / folder)
        if name not in ours
        and not declared & {canonicalize_name(d) for d in providers.get(name, [])}
    }
    assert not undeclared


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("jeeves-*.whl")))


def test_wheel_holds_the_package_its_migrations_and_its_starter_model(
    wheel: zipfile.ZipFile,
) -> None:
    names = set(wheel.namelist())
    for folder, place in [
        ("jeeves", "jeeves"),
        ("migrations", "jeeves/_migrations"),
        ("models/starter", "jeeves/_starter"),
    ]:
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted = {
            f"{place}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in files
            if "__pycache__" not in path.parts and not path.name.startswith(".")
        }
        assert not wanted - names
    assert "jeeves/_migrations/env.py" in names


def test_wheel_holds_no_other_model_than_the_starter(wheel: zipfile.ZipFile) -> None:
    starter = ROOT / "models" / "starter"
    files = (path for path in starter.rglob("*") if path.is_file())
    assert {name for name in wheel.namelist() if name.startswith("jeeves/_starter/")} == {
        f"jeeves/_starter/{path.relative_to(starter).as_posix()}" for path in files
    }


def test_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    data = f"jeeves-{version()}.data/"
    assert [name for name in names if name.startswith(data)] == [
        f"{data}data/share/man/man1/jeeves.1"
    ]
    assert {name.partition("/")[0] for name in names if not name.startswith(data)} <= {
        "jeeves",
        f"jeeves-{version()}.dist-info",
    }
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


def test_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    folder = f"jeeves-{version()}.dist-info"
    metadata = wheel.read(f"{folder}/METADATA").decode()
    assert "License-Expression: MIT\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    assert f"Version: {version()}\n" in metadata
    assert "The Jeeves authors" in wheel.read(f"{folder}/licenses/LICENSE").decode()
    scripts = wheel.read(f"{folder}/entry_points.txt").decode()
    assert "jeeves = jeeves.cli:main" in scripts


def version() -> str:
    """The one version, in jeeves/__init__.py."""
    match = re.search(r'__version__ = "(.+)"', (ROOT / "jeeves" / "__init__.py").read_text())
    assert match
    return match[1]

"""Dockerfile and compose.yaml, as far as they can be read: no Docker is needed here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jeeves.adapters.embedded.binaries import MAJOR
from jeeves.settings import SECRETS, names
from tests.conftest import ROOT


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = [
        line.partition(" ") for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line
    ]
    return [(name, arguments.strip()) for name, _, arguments in found]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def of(name: str) -> list[str]:
    return [arguments for found, arguments in instructions() if found == name]


def test_both_stages_have_the_python_that_jeeves_supports() -> None:
    first, second = (image.removesuffix(" AS builder") for image in of("FROM"))
    assert first == second
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", first)
    assert version
    assert f"Python :: {version[1]}" in (ROOT / "pyproject.toml").read_text()


def test_what_is_installed_is_checked_by_its_hash() -> None:
    (install,) = (run for run in of("RUN") if "pip" in run)
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert install.endswith("-r requirements.lock")


def test_every_step_is_a_shells() -> None:
    for step in of("RUN"):
        subprocess.run(["sh", "-n", "-c", step], check=True)


def test_nothing_of_jeeves_runs_as_root() -> None:
    last_stage = instructions()[[name for name, _ in instructions()].index("FROM", 1) :]
    order = [name for name, _ in last_stage]
    assert order.index("USER") < order.index("HEALTHCHECK") < order.index("ENTRYPOINT")
    (user,) = of("USER")
    assert user.partition(":")[0].isdigit()
    assert int(user.partition(":")[0]) > 0
    (healthcheck,) = of("HEALTHCHECK")
    assert json.loads(healthcheck.partition(" CMD ")[2]) == ["jeeves", "status"]
    assert json.loads(of("ENTRYPOINT")[0]) == ["jeeves"]
    assert json.loads(of("CMD")[0])[0] == "run"


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_docker() -> None:
    sources = [copy.split()[0] for copy in of("COPY") if not copy.startswith("--from")]
    ignored = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"
    ]
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(sources)
    for source in sources:
        assert (ROOT / source).exists()


def test_every_setting_of_the_container_is_one(compose: dict[str, Any]) -> None:
    environment = compose["services"]["jeeves"]["environment"]
    assert set(environment) <= names()
    set_by_image = dict(pair.split("=", 1) for pair in of("ENV")[0].split())
    assert environment["JEEVES_HOME"] == set_by_image["JEEVES_HOME"]
    assert {name for name in set_by_image if name != "PATH"} <= names()


def test_secrets_are_files_and_stand_nowhere_else(compose: dict[str, Any]) -> None:
    declared = compose["secrets"]
    for name, service in compose["services"].items():
        granted = service.get("secrets", [])
        assert set(granted) <= set(declared), name
        for setting, value in service["environment"].items():
            secret = setting.removesuffix("_FILE").lower()
            if setting.endswith("_FILE"):
                assert value in {f"/run/secrets/{one}" for one in granted}, setting
            else:
                assert secret not in SECRETS
                assert "PASSWORD" not in setting
    for place in declared.values():
        assert Path(place["file"]).parts[0] == "secrets"
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "secrets/" in ignored


def test_each_waits_for_what_it_needs_and_says_how_it_is(compose: dict[str, Any]) -> None:
    jeeves, migrate, database = (
        compose["services"][name] for name in ("jeeves", "migrate", "database")
    )
    assert jeeves["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert migrate["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert jeeves["healthcheck"]["test"] == ["CMD", "jeeves", "status"]
    assert database["healthcheck"]["test"][1] == "pg_isready"
    assert (jeeves["restart"], migrate["restart"]) == ("unless-stopped", "no")


def test_jeeves_may_do_little_there(compose: dict[str, Any]) -> None:
    for name in ("jeeves", "migrate"):
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert service["init"] is True
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service
    assert "ports" not in compose["services"]["database"]


def test_the_database_is_of_our_version_keeps_its_data_and_logs_no_mail(
    compose: dict[str, Any],
) -> None:
    database = compose["services"]["database"]
    assert database["image"].startswith(f"postgres:{MAJOR}-")
    # where the images of PostgreSQL 18 and later keep it
    assert database["volumes"] == ["database:/var/lib/postgresql"]
    assert {"log_min_error_statement=panic", "log_error_verbosity=terse"} <= set(
        database["command"]
    )
    assert {volume.partition(":")[0] for volume in compose["services"]["jeeves"]["volumes"]} | {
        "database"
    } == set(compose["volumes"])

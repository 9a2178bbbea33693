"""The commit of the checkout."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jeeves.learning.revision import git_revision


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, needs_program: Callable[[str, str], str]) -> Path:
    needs_program("git", "apt-get install git")
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def test_a_checkout_has_the_revision_of_its_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    git(checkout, "tag", "v1")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert git_revision(checkout) == head
    (checkout / "file").write_text("two")
    assert git_revision(checkout) == f"{head}-dirty"


def test_there_is_none_outside_a_checkout_or_inside_somebody_elses(checkout: Path) -> None:
    package = checkout / "site-packages"
    package.mkdir()
    assert git_revision(package) is None


def test_there_is_none_without_a_commit_or_without_git(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    assert git_revision(fresh) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_revision(checkout) is None

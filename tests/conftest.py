"""What all tests share: optional parts, and strictness about their absence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ABSENT_SHARED = "the folder ../shared is not there (it is not part of the project)"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real mail beside the project; skips where it is absent."""
    folder = Path(os.environ.get("JEEVES_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(ABSENT_SHARED)
    return folder


@pytest.fixture(scope="session")
def needs_program() -> Callable[[str, str], str]:
    """Path of an optional program, or a skip that names the command which installs it."""

    def find(program: str, install: str) -> str:
        path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path is None:
            pytest.skip(f"{program} is not installed; install it with: {install}")
        return path

    return find


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With JEEVES_TEST_STRICT=1 a skip is a failure, but for an absent ../shared."""
    report = yield
    strict = os.environ.get("JEEVES_TEST_STRICT") == "1"
    if strict and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if ABSENT_SHARED not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped although JEEVES_TEST_STRICT=1: {reason}"
    return report

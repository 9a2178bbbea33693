"""The man page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.conftest import ROOT

PAGE = ROOT / "scripts" / "jeeves.1"


def test_the_man_page_is_what_the_commands_and_settings_say() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "man", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_man_page_is_right_for_man(needs_program: Callable[[str, str], str]) -> None:
    groff = needs_program("groff", "apt-get install groff-base")
    warned = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", PAGE], capture_output=True, text=True, check=True
    )
    assert warned.stderr == ""
    for section in ("NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES"):
        assert f".SH {section}\n" in PAGE.read_text(encoding="utf-8")

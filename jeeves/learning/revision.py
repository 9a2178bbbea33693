"""The commit that the program was built from, where that can be known."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 20


def git_revision(root: Path = ROOT) -> str | None:
    """The commit that is checked out in ``root``, with "-dirty" where files differ from it.

    None where ``root`` is not itself a checkout (a package inside somebody else's repository is
    not of that commit), where it has no commit yet, and where there is no git. Never fails.
    """
    if not (root / ".git").exists():
        return None
    # In a hook, git's own variables would name another repository.
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), "describe"]
    command += ["--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            text=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() or None

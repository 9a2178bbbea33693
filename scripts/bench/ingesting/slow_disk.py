"""A disk that takes its time to sync, for all that is measured beside each other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from jeeves.adapters.embedded import binaries
from jeeves.errors import ConfigError

_SOURCE = Path(__file__).with_name("slow_sync.c")


@contextmanager
def syncing_in(folder: Path, milliseconds: float) -> Iterator[None]:
    """Every program that is started meanwhile, Postgres too, waits so long after each sync.

    Args:
        folder: Where the compiled library is put; every user can read it.
        milliseconds: In addition to what the disk takes.

    Raises:
        ConfigError: there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise ConfigError("--sync needs a C compiler: apt-get install gcc libc6-dev")
    library = folder / "slow_sync.so"
    wait = f"-DSYNC_NANOSECONDS={round(milliseconds * 1_000_000)}L"
    command = [compiler, "-O2", "-shared", "-fPIC", wait, "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    library.chmod(0o755)
    preload = {"LD_PRELOAD": str(library)}
    with patch.dict(os.environ, preload), patch.dict(binaries.ENVIRONMENT, preload):
        yield

"""A copy of the checkout's set-up files, with stand-ins for what downloads."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INTERPRETER = os.path.realpath(sys.executable)

#: Prints how it was called; stands for jeeves and for pytest.
ECHO = """\
import json, os, sys
told = {"argv": sys.argv[1:], "prefix": sys.prefix, "folder": os.getcwd(), "path": sys.path,
        "strict": os.environ.get("JEEVES_TEST_STRICT")}
print(json.dumps(told))
"""

#: Stands for uv: "installs" one program and notes that it was called.
UV = """\
#!/bin/sh
echo "$*" >>"$(dirname -- "$0")/uv.log"
printf '#!%s\\n' "$4" >"$(dirname -- "$4")/program"
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the set-up files below a path with a space, and the only PATH they see."""

    root: Path
    programs: Path

    @contextmanager
    def start(
        self, script: str | Path = "run", *arguments: str, **changes: str
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a script from another folder, with nothing of this process's environment.

        What it leaves running is killed in the end.
        """
        with subprocess.Popen(
            [self.root / "scripts" / script, *arguments],
            cwd=self.programs,
            env={"PATH": str(self.programs), "HOME": str(self.root.parent), **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=respect_permissions,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(
        self, script: str | Path = "run", *arguments: str, **changes: str
    ) -> tuple[int, str, str]:
        """Exit code, output and error output of a script."""
        with self.start(script, *arguments, **changes) as process:
            output, errors = process.communicate(timeout=60)
            return process.returncode, output, errors

    def told(
        self, script: str | Path = "run", *arguments: str, **changes: str
    ) -> dict[str, object]:
        """What the stand-in for jeeves or pytest says about how it was called."""
        code, output, errors = self.run(script, *arguments, **changes)
        assert code == 0, errors
        told: dict[str, object] = json.loads(output)
        return told

    def program(self, name: str, text: str) -> None:
        """Put a program on PATH, in the place of any other of that name."""
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def set_ups(self) -> int:
        """How often the stand-in for uv was called."""
        log = self.programs / "uv.log"
        return len(log.read_text().splitlines()) if log.exists() else 0


def make_checkout(folder: Path) -> Checkout:
    """A checkout whose only uv is the stand-in, not set up yet."""
    root = folder / "with a space" / "checkout"
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=lambda *_: {"bench", "__pycache__"})
    (root / "requirements.lock").write_text("first==1\n")
    (root / "requirements-dev.lock").write_text("first==1\nsecond==2\n")
    (root / "jeeves").mkdir()
    (root / "jeeves" / "__init__.py").touch()
    (root / "jeeves" / "__main__.py").write_text(ECHO)
    (root / "pytest.py").write_text(ECHO)
    programs = folder / "programs"
    programs.mkdir()
    for name in ("cmp", "dirname", "readlink", "sh", "sleep"):
        path = shutil.which(name)
        assert path is not None
        (programs / name).symlink_to(path)
    (programs / "python3").symlink_to(INTERPRETER)
    made = Checkout(root, programs)
    made.program("uv", UV)
    return made


def sentence(errors: str) -> str:
    """The only line on standard error but the one that says that a set-up begins."""
    lines = [line for line in errors.splitlines() if "jeeves: setting up" not in line]
    assert len(lines) == 1, errors
    assert lines[0].startswith("jeeves: ")
    return lines[0]


def make_wheel(folder: Path, name: str, content: Mapping[str, str]) -> str:
    """Write NAME-1-py3-none-any.whl with these files; returns its SHA-256."""
    folder.mkdir(exist_ok=True)
    files = {
        **content,
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        lines = []
        for file, text in files.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            wheel.writestr(entry, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            lines.append(f"{file},sha256={digest.rstrip(b'=').decode()},{len(text.encode())}\n")
        wheel.writestr(f"{name}-1.dist-info/RECORD", "".join(lines))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def respect_permissions() -> None:
    """Let root, too, be refused by a file's mode: drop CAP_DAC_OVERRIDE (capabilities(7))."""
    if os.geteuid() == 0:
        pr_capbset_drop, cap_dac_override = 24, 1
        if ctypes.CDLL(None).prctl(pr_capbset_drop, cap_dac_override, 0, 0, 0) != 0:
            os._exit(99)


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fails after 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited 20 s in vain"
        time.sleep(0.02)

"""Build the project's .venv from a lock file, then become its Python.

    environment.py LOCK ARGUMENT...

Called by ``enter`` in environment.sh when the environment is missing or is not what LOCK says;
needs nothing but the standard library. The environment is built beside the old one as
``.venv.new`` and takes the name ``.venv`` when it is complete, so an interrupted or failed
set-up leaves the old one as it was. Exit codes: 75 when trying again later may help, else 1.
"""

from __future__ import annotations

import fcntl
import filecmp
import importlib.util
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
CURRENT = ROOT / ".venv"
UNFINISHED = ROOT / ".venv.new"
REPLACED = ROOT / ".venv.old"

#: The lock files that an environment built from the key satisfies.
SATISFIES = {
    "requirements.lock": ("requirements.lock",),
    "requirements-dev.lock": ("requirements.lock", "requirements-dev.lock"),
}

#: Exit code of "try again later" (sysexits.h, EX_TEMPFAIL).
TRY_LATER = 75

#: What uv, pip and their libraries print, in lower case, when the package index is out of reach.
UNREACHABLE = (
    "connection refused",
    "dns error",
    "failed to establish a new connection",
    "name resolution",
    "network is unreachable",
    "no route to host",
    "timed out",
)
#: The same where the index, or a company's proxy before it, is not trusted.
UNTRUSTED = ("certificate verify failed", "certificate_verify_failed", "invalid peer certificate")

LAUNCHER = """\
#!/bin/sh
exec "$(dirname -- "$(readlink -f -- "$0")")/python" -P -m jeeves "$@"
"""


class SetUpFailed(Exception):
    """The environment could not be built; ``str()`` is one sentence: what and what to do."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main(lock: str, arguments: Sequence[str]) -> NoReturn:
    """Make ``.venv`` satisfy ``lock``, then become its Python with ``arguments``."""
    # An exception, unlike the signal itself, also ends the installer.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with only_one() as held:
            if not is_current(lock):
                build(lock, held)
    except SetUpFailed as failure:
        print(f"jeeves: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except OSError as error:
        print(f"jeeves: the set-up failed: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("jeeves: the set-up was interrupted; start again to finish it", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    python = CURRENT / "bin" / "python"
    os.execv(python, [str(python), *arguments])  # noqa: S606  # becoming it is the point


@contextmanager
def only_one() -> Iterator[int]:
    """Hold the right to build, waiting while another process has it; yields its descriptor.

    The kernel frees it when the last process that has the descriptor ends, however it ends.
    """
    held = os.open(ROOT / "scripts", os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("jeeves: waiting for another set-up in this folder", file=sys.stderr)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield held
    finally:
        os.close(held)


def is_current(lock: str) -> bool:
    """Whether ``.venv`` was built from exactly this lock file and its Python is still there."""
    copy = CURRENT / lock
    return (
        os.access(CURRENT / "bin" / "python", os.X_OK)
        and copy.is_file()
        and filecmp.cmp(ROOT / lock, copy, shallow=False)
    )


def build(lock: str, held: int) -> None:
    """Replace ``.venv`` by a new environment that satisfies ``lock``."""
    began = time.monotonic()
    first, *others = installers()
    begin(lock)
    print(f"jeeves: setting up {CURRENT}, once; about 150 MB are downloaded", file=sys.stderr)
    try:
        install(lock, first, held)
    except SetUpFailed as failure:
        if not others:
            raise
        # Unreachable for uv need not mean unreachable: pip may know of a mirror.
        if failure.exit_code != TRY_LATER:
            print(f"jeeves: {failure}; now trying {others[0]}", file=sys.stderr)
        begin(lock)
        install(lock, others[0], held)
    add_jeeves()
    settle_paths()
    remove(REPLACED)
    if CURRENT.exists() or CURRENT.is_symlink():
        CURRENT.rename(REPLACED)
    UNFINISHED.rename(CURRENT)
    remove(REPLACED)
    print(f"jeeves: set up in {time.monotonic() - began:.0f} s", file=sys.stderr)


def installers() -> list[str]:
    """What can install packages here, best first: a path of uv or the words uv, pip."""
    uv = shutil.which("uv")
    if importlib.util.find_spec("ensurepip"):
        # Fetched by pip, uv sets up in a third of the time that pip itself takes.
        return [uv or "uv", "pip"]
    if uv is None:
        raise SetUpFailed(
            f"Python's venv module is incomplete ({sys.executable} has no ensurepip); on Debian"
            " and Ubuntu install it with: apt-get install python3-venv"
        )
    return [uv]


def begin(lock: str) -> None:
    """``.venv.new`` holds nothing but copies of the lock files it is to satisfy."""
    remove(UNFINISHED)
    try:
        UNFINISHED.mkdir()
    except OSError as error:
        raise SetUpFailed(
            f"{ROOT} cannot be written to ({error.strerror}), so .venv cannot be built; start once"
            " as the owner of that folder, or copy it to a place of your own"
        ) from error
    for satisfied in SATISFIES[lock]:
        shutil.copyfile(ROOT / satisfied, UNFINISHED / satisfied)


def install(lock: str, installer: str, held: int) -> None:
    """Make ``.venv.new`` an environment with the packages of ``lock``, each checked by hash."""
    # The real path: /usr/bin/python3 may one day be another version, python3.11 never.
    venv = [os.path.realpath(sys.executable), "-I", "-m", "venv", str(UNFINISHED)]
    programs = UNFINISHED / "bin"
    # Compiling everything takes half as long as all the rest; Python compiles what it uses.
    pip = [str(programs / "python"), "-I", "-m", "pip", "install", "--no-input", "--no-compile"]
    hashed = ["--require-hashes", "--only-binary=:all:", "-r"]
    if installer in ("uv", "pip"):
        run(venv, held)
    else:
        run([*venv, "--without-pip"], held)
    if installer == "pip":
        run([*pip, *hashed, str(UNFINISHED / lock)], held)
        return
    if installer == "uv":
        run([*pip, *hashed, str(ROOT / "scripts" / "uv.lock")], held)
        installer = str(programs / "uv")
    uv = [installer, "pip", "install", "--python", str(programs / "python")]
    run([*uv, *hashed, str(UNFINISHED / lock)], held)


def run(step: list[str], held: int) -> None:
    """Run one step of the set-up; all it prints is in setup.log, its pulse on a terminal.

    The step inherits ``held``: should this process be killed, the next one waits for its end.
    """
    log = UNFINISHED / "setup.log"
    # A PIP_USER of the person's own would lead out of the environment.
    environment = {
        "PIP_RETRIES": "2",
        **trust(),
        **os.environ,
        "PIP_USER": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_PROGRESS_BAR": "off",
    }
    terminal = sys.stderr.isatty()
    with (
        log.open("ab") as out,
        subprocess.Popen(
            step,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=[held],
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                out.write(line)
                if terminal:
                    pulse = line.decode(errors="replace").strip()[:76]
                    print(f"\r\033[K{pulse}", end="", file=sys.stderr, flush=True)
        except BaseException:
            process.kill()
            raise
        finally:
            if terminal:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
    if process.returncode != 0:
        raise reason_for(log)


def trust() -> dict[str, str]:
    """The variable that lets uv trust what this machine trusts, as Debian's pip does."""
    system = ssl.get_default_verify_paths()
    folder = Path(system.capath or os.devnull)
    known = system.cafile or (folder.is_dir() and any(folder.iterdir()))
    return {"UV_SYSTEM_CERTS": "1"} if known else {}


def reason_for(log: Path) -> SetUpFailed:
    """The sentence for a step that failed with this log."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    output = "\n".join(lines).lower()
    if any(sign in output for sign in UNTRUSTED):
        return SetUpFailed(
            "the package index shows a certificate that is not trusted here; behind a company's"
            f" own authority set SSL_CERT_FILE and PIP_CERT to its file (details: {log})"
        )
    if any(sign in output for sign in UNREACHABLE):
        return SetUpFailed(
            "the packages cannot be downloaded because the package index cannot be reached;"
            f" connect this machine to the network and start again (details: {log})",
            TRY_LATER,
        )
    last = next((line for line in reversed(lines) if line), "no reason was given")
    return SetUpFailed(f"the packages cannot be installed: {last} (details: {log})")


def add_jeeves() -> None:
    """``import jeeves`` and ``bin/jeeves`` work in ``.venv.new``, wherever the checkout moves."""
    site_packages = next(UNFINISHED.glob("lib/python3.*/site-packages"))
    (site_packages / "jeeves.pth").write_text(os.path.relpath(ROOT, site_packages) + "\n")
    launcher = UNFINISHED / "bin" / "jeeves"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)


def settle_paths() -> None:
    """The scripts that the installer wrote name ``.venv`` instead of ``.venv.new``."""
    for script in (UNFINISHED / "bin").iterdir():
        if not script.is_symlink():
            content = script.read_bytes()
            settled = content.replace(os.fsencode(UNFINISHED), os.fsencode(CURRENT))
            # Programs such as ruff do not hold the path and are left alone.
            if settled != content:
                script.write_bytes(settled)


def remove(path: Path) -> None:
    """Nothing is at ``path``."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()
    except OSError as error:
        raise SetUpFailed(
            f"{path}, left by an earlier set-up, cannot be removed ({error.strerror}); remove it"
            " as the user who made it, and start again"
        ) from error


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

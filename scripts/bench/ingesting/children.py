"""Processes of their own: what they took, and what their servers took beside them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeeves.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end."""

    wall_seconds: float
    #: User and system time.
    cpu_seconds: float
    #: What it wrote to its standard output, if that was JSON.
    told: Mapping[str, Any]


def environment(**changes: str) -> dict[str, str]:
    """That of a user's machine: what was imported once is compiled."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "OMP_NUM_THREADS": "1", **changes}


def run(command: Sequence[str], changes: Mapping[str, str] | None = None) -> Run:
    """Run ``command`` in the folder of the project.

    Raises:
        ConfigError: it failed; what it said stands on standard error.
    """
    before = _children_cpu()
    started = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**(changes or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said, complaint = child.communicate()
    wall = time.perf_counter() - started
    if child.returncode:
        print(complaint[-2000:], file=sys.stderr)
        raise ConfigError(f"A command that was to be measured failed: {' '.join(command[:4])}.")
    cpu = _children_cpu() - before
    return Run(wall, cpu, json.loads(said) if said.startswith("{") else {})


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree_cpu(pid: int) -> float:
    """User and system seconds of a process, its children and those it has waited for (proc(5))."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.name) == pid:
            total += sum(map(int, stat[11:15]))
        elif int(stat[1]) == pid:
            total += sum(map(int, stat[11:13]))
    return total / _TICK


def memory_mb(pid: int | str, field: str) -> float:
    """VmHWM, the peak, or VmRSS, of the resident memory of a process in MB (proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1_000_000
    raise ConfigError("A process that was to be measured has ended.")

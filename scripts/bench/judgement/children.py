"""What whole child processes cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jeeves.errors import ConfigError
from scripts.bench.judgement.trial import ROOT

#: Linux counts the memory of a process before exec into the peak of the one after it: the command
#: is started by an interpreter with nothing in it, whose own 10 MB are the least that can be told.
_LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - started
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, wall,
                  used.ru_maxrss]))
"""
#: ru_maxrss is in KiB on Linux and in bytes on macOS.
_PER_MEGABYTE = 1_000_000 if sys.platform == "darwin" else 1_000_000 / 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """One process from start to end."""

    #: User and system time.
    cpu_seconds: float
    wall_seconds: float
    #: Peak of the resident memory.
    peak_mb: float


def cost(command: Sequence[str], well: Sequence[int] = (0,)) -> Cost:
    """Run ``command`` (its program a path) once.

    Args:
        command: What is run, in the folder of the project.
        well: Exit codes of success.

    Raises:
        ConfigError: it failed; what it said stands on standard error.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # as on a user's machine: what was imported once is compiled
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        check=True,
    )
    code, cpu, wall, peak = json.loads(launched.stdout)
    if code not in well:
        raise ConfigError(f"A command that was to be measured failed: {' '.join(command[:4])}.")
    return Cost(cpu, wall, peak / _PER_MEGABYTE)


@dataclass(frozen=True, slots=True)
class Child:
    """Medians over the rounds."""

    name: str
    cpu_seconds: float
    wall_seconds: float
    #: The highest of all rounds.
    peak_mb: float
    #: CPU seconds over those of the reference in the same round.
    ratio: float


def in_turn(commands: Mapping[str, Sequence[str]], reference: str, rounds: int) -> list[Child]:
    """Each command once a round, after one round that does not count.

    Exit codes 0 to 2 are success for bogofilter, whose verdict they are.
    """

    def run(command: Sequence[str]) -> Cost:
        return cost(command, (0, 1, 2) if "bogofilter" in command[0] else (0,))

    for command in commands.values():
        run(command)
    costs = [{name: run(command) for name, command in commands.items()} for _ in range(rounds)]
    return [
        Child(
            name,
            statistics.median(one[name].cpu_seconds for one in costs),
            statistics.median(one[name].wall_seconds for one in costs),
            max(one[name].peak_mb for one in costs),
            statistics.median(one[name].cpu_seconds / one[reference].cpu_seconds for one in costs),
        )
        for name in commands
    ]

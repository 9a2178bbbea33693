"""What Python's own defaults would cost a program that reads much and waits much."""

from __future__ import annotations

import gc
import sys

#: New objects after which cycles are looked for; Python's own are 700.
_OBJECTS = 10_000
#: After so long a thread that was waiting gets its turn; Python's own are 5 ms.
_TURN_SECONDS = 0.001


def adapt() -> None:
    """Set the interpreter, once, for the whole process."""
    # What a start makes stays, so looking through it for cycles so often is in vain.
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
    # One thread waits for Postgres while another reads mail: with long turns, a first read took
    # an eighth longer, for each answer of Postgres waited until five more milliseconds were over.
    sys.setswitchinterval(_TURN_SECONDS)

"""The words by which people arrange meetings: tables of regular expressions, kept as text.

A table is a file beside this one. A line is a phrase, one alternative of the expression that all
of them make; an indented line goes on with the phrase above, after one space, or at once where
that ends with ``|``. ``[name]`` begins a section, ``#`` a comment. Where it matters which of two
phrases is found, the file says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

_SECTION = re.compile(r"\[([a-z ]+)\]")


@cache
def sections(table: str) -> Mapping[str, tuple[str, ...]]:
    """The phrases of ``table``, in their order, by section; those before any are in ``""``.

    Raises ``FileNotFoundError`` when there is no such table.
    """
    text = resources.files(__name__).joinpath(f"{table}.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        phrase = line.strip()
        if not phrase or line.startswith("#"):
            continue
        if heading := _SECTION.fullmatch(line):
            section = heading[1]
        elif line.startswith(" "):
            above = found[section][-1]
            found[section][-1] = f"{above}{phrase}" if above[-1] == "|" else f"{above} {phrase}"
        else:
            found.setdefault(section, []).append(phrase)
    return MappingProxyType({name: tuple(phrases) for name, phrases in found.items()})


def any_of(table: str, section: str = "") -> str:
    """An expression, to be put into a group, that matches each phrase of a section.

    Raises ``KeyError`` when the table has no such section.
    """
    return "|".join(sections(table)[section])


def words(table: str, section: str = "") -> tuple[str, ...]:
    """The words of a section that has several on a line.

    Raises ``KeyError`` when the table has no such section.
    """
    return tuple(word for line in sections(table)[section] for word in line.split())

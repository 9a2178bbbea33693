"""Which of many expressions can match a sentence at all, told by one pass over it.

What stands in the way of a fast search are long lists of words that must be tried at each letter
of a sentence that holds none of them. An expression is taken apart into its alternatives, of each
the texts are kept of which every match holds one, and these are looked up by their trigrams
(after R. Cox, Regular Expression Matching with a Trigram Index, 2012).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

K = TypeVar("K")

#: More texts than these are not told apart.
_MOST_TEXTS = 48
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d*)(?:,(\d*))?\})[?+]?")
_FLAGS = re.compile(r"\(\?[aimsu]+\)")
_OPENING = re.compile(r"\((?:\?(?:P<\w+>|[aimsux-]*:|<?[=!]))?")
_NO_WIDTH = frozenset("bBAZ")
_CLASSES = frozenset("dDwWsS")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
#: Letters that match another one where case counts for nothing, although it is not its capital.
_OTHER_CASES = str.maketrans({"\u017f": "s", "\u0131": "i", "\u0130": "i"})
#: A digit stands for every digit, and a space for all that is one.
_ALIKE = str.maketrans("123456789\t\n\v\f\r\x1c\x1d\x1e\x1f", "0" * 9 + " " * 9)
_RARITY = {letter: rank for rank, letter in enumerate(" etaoinsrhldumwcyfgpbvkjxqz", 1)}
#: Letters that stand for themselves, and that no quantifier follows.
_PLAIN = re.compile(r"[^\\\[\](){}|.^$*+?]+(?![*+?{])")


def folded(text: str) -> str:
    """``text`` in lower case, with 0 for each digit and a space for each that is one."""
    if not text.isascii():
        alike = ("0" if one.isdecimal() else " " if one.isspace() else one for one in text)
        text = "".join(alike).translate(_OTHER_CASES)
    return text.lower().translate(_ALIKE)


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is known of the matches of a part of an expression, in lower case."""

    #: All of them; None where there are many.
    all: frozenset[str] | None
    #: Each match holds one of these; None where none is known.
    held: frozenset[str] | None
    #: They may stand there more than once.
    again: bool = False

    @property
    def known(self) -> frozenset[str] | None:
        return self.held if self.all is None else self.all


_ANYTHING = _Texts(None, None)
_NOTHING = _Texts(frozenset([""]), None)
_DIGIT = _Texts(frozenset("0"), None)
_SPACE = _Texts(frozenset(" "), None)
_RANGE_OF_DIGITS = re.compile(r"\d-\d")


def held_by_matches(expression: str) -> frozenset[str]:
    """Texts, in lower case, of which every match of ``expression`` holds one.

    Empty where none is known.
    """
    reader = _Reader(expression, len(_flags(expression)))
    try:
        known = reader.alternatives().known
    except ValueError:
        return frozenset()
    return known if known and "" not in known else frozenset()


def alternatives_of(expression: str) -> list[str]:
    """Expressions of which one matches wherever ``expression`` does, and nowhere else."""
    flags = _flags(expression)
    found = []
    for one in _split(expression[len(flags) :]):
        opened, closed = _only_group(one)
        if opened < 0:
            found.append(flags + one)
            continue
        before, after = one[:opened], one[closed:]
        inner = one[opened + len("(?:") : closed - 1]
        found += [f"{flags}{before}(?:{part}){after}" for part in _split(inner)]
    return found


class Phrasebook(Generic[K]):
    """Expressions that are searched together, as if each were searched by itself.

    Each alternative is compiled when a sentence first holds one of its texts: most never are.
    """

    def __init__(self, expressions: Mapping[K, str]) -> None:
        self._by_trigram: dict[str, list[tuple[str, str, K]]] = {}
        #: By texts too short for one.
        self._by_text: dict[str, list[tuple[str, K]]] = {}
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._possible_in = lru_cache(maxsize=64)(
            lambda sentence: frozenset(key for _, key in self._candidates(sentence))
        )
        for key, expression in expressions.items():
            for alternative in alternatives_of(expression):
                held = held_by_matches(alternative)
                for text in held or ("",):
                    if len(text) < 3:
                        self._by_text.setdefault(text, []).append((alternative, key))
                        continue
                    rarest = max((text[n : n + 3] for n in range(len(text) - 2)), key=_rarity)
                    self._by_trigram.setdefault(rarest, []).append((text, alternative, key))
        self._trigrams = frozenset(self._by_trigram)

    def found_in(self, sentence: str) -> set[K]:
        """The expressions that match in ``sentence``."""
        found: set[K] = set()
        for alternative, key in self._candidates(sentence):
            if key not in found and self._pattern(alternative).search(sentence):
                found.add(key)
        return found

    def first_in(self, sentence: str) -> dict[K, int]:
        """The expressions that match in ``sentence``, each with where it does so first."""
        first: dict[K, int] = {}
        for alternative, key in self._candidates(sentence):
            if match := self._pattern(alternative).search(sentence):
                first[key] = min(match.start(), first.get(key, match.start()))
        return first

    def possible_in(self, sentence: str) -> frozenset[K]:
        """The expressions that may match in ``sentence``; no other does."""
        return self._possible_in(sentence)

    def _pattern(self, alternative: str) -> re.Pattern[str]:
        pattern = self._compiled.get(alternative)
        if pattern is None:
            pattern = self._compiled[alternative] = re.compile(alternative)
        return pattern

    def _candidates(self, sentence: str) -> list[tuple[str, K]]:
        """Alternatives of which ``sentence`` holds a text that every match does."""
        lower, trigrams = _taken_apart(sentence)
        found = []
        for trigram in trigrams & self._trigrams:
            for text, alternative, key in self._by_trigram[trigram]:
                if text in lower:
                    found.append((alternative, key))
        for short, ones in self._by_text.items():
            if short in lower:
                found += ones
        return found


@lru_cache(maxsize=64)
def _taken_apart(sentence: str) -> tuple[str, set[str]]:
    """``sentence`` folded, and its trigrams; several books read it one after the other."""
    lower = folded(sentence)
    return lower, {lower[n : n + 3] for n in range(len(lower) - 2)}


def _flags(expression: str) -> str:
    """Such as ``(?i)``, which stands before an expression and holds for all of it."""
    found = _FLAGS.match(expression)
    return found[0] if found else ""


def _rarity(text: str) -> int:
    return sum(_RARITY.get(letter, 24) for letter in text)


def _split(expression: str) -> list[str]:
    """The alternatives of the outermost level."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(expression):
        letter = expression[at]
        if letter == "\\":
            at += 1
        elif letter == "[":
            at = _class_end(expression, at) - 1
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and depth == 0:
            parts.append(expression[start:at])
            start = at + 1
        at += 1
    return [*parts, expression[start:]]


def _only_group(expression: str) -> tuple[int, int]:
    """Where the first group of alternatives of the outermost level begins and ends, or (-1, -1).

    A group that repeats, that is optional or that captures is none.
    """
    depth, opened, at = 0, -1, 0
    while at < len(expression):
        letter = expression[at]
        if letter == "\\":
            at += 1
        elif letter == "[":
            at = _class_end(expression, at) - 1
        elif letter == "(":
            opened = at if depth == 0 else opened
            depth += 1
        elif letter == ")":
            depth -= 1
            repeats = _QUANTIFIER.match(expression, at + 1)
            inner = expression[opened + 3 : at]
            if (
                depth == 0
                and not repeats
                and expression.startswith("(?:", opened)
                and len(_split(inner)) > 1
            ):
                return opened, at + 1
        at += 1
    return -1, -1


def _class_end(expression: str, at: int) -> int:
    found = _CLASS.match(expression, at)
    if found is None:
        raise ValueError(expression)
    return found.end()


@dataclass(slots=True)
class _Reader:
    """Reads an expression from the left."""

    expression: str
    at: int = 0

    def alternatives(self) -> _Texts:
        every: frozenset[str] | None = frozenset()
        held: frozenset[str] | None = frozenset()
        while True:
            one = self._sequence()
            every = None if every is None or one.all is None else every | one.all
            held = None if held is None or not one.known else held | one.known
            if not self.expression.startswith("|", self.at):
                break
            self.at += 1
        if every is not None and len(every) > _MOST_TEXTS:
            held, every = every, None
        return _Texts(every, None if held is None or "" in held else held)

    def _sequence(self) -> _Texts:
        run: frozenset[str] = frozenset([""])
        broken = False
        candidates: list[frozenset[str]] = []
        while self.at < len(self.expression) and self.expression[self.at] not in "|)":
            one = self._repeated(self._element())
            if one.all is not None and len(run) * len(one.all) <= _MOST_TEXTS:
                run = frozenset(left + right for left in run for right in one.all)
                if one.again:
                    candidates.append(run)
                    broken, run = True, one.all
                continue
            candidates.append(run)
            if one.all is None and one.held:
                candidates.append(one.held)
            broken, run = True, one.all or frozenset([""])
        candidates.append(run)
        if not broken:
            return _Texts(run, None)
        usable = [texts for texts in candidates if texts and "" not in texts]
        best = max(usable, key=_worth, default=None)
        return _Texts(None, best)

    def _element(self) -> _Texts:
        if plain := _PLAIN.match(self.expression, self.at):
            self.at = plain.end()
            return _Texts(frozenset([folded(plain[0])]), None)
        letter = self.expression[self.at]
        if letter == "(":
            return self._group()
        if letter == "[":
            end = _class_end(self.expression, self.at)
            letters, self.at = self.expression[self.at + 1 : end - 1], end
            if _RANGE_OF_DIGITS.fullmatch(letters):
                return _DIGIT
            if len(letters) > 4 or set(letters) & set("^\\") or "-" in letters[1:-1]:
                return _ANYTHING
            return _Texts(frozenset(folded(letters)), None)
        self.at += 1
        if letter == ".":
            return _ANYTHING
        if letter in "^$":
            return _NOTHING
        if letter == "\\":
            letter = self.expression[self.at]
            self.at += 1
            if letter in _NO_WIDTH:
                return _NOTHING
            if letter in _CLASSES:
                return {"d": _DIGIT, "s": _SPACE}.get(letter, _ANYTHING)
            if letter.isalnum():
                raise ValueError(self.expression)
        return _Texts(frozenset([folded(letter)]), None)

    def _group(self) -> _Texts:
        opening = _OPENING.match(self.expression, self.at)
        assert opening is not None  # noqa: S101  # it begins with the bracket
        self.at = opening.end()
        inner = self.alternatives()
        self.at += 1
        return _NOTHING if opening[0][-1] in "=!" else inner

    def _repeated(self, one: _Texts) -> _Texts:
        found = _QUANTIFIER.match(self.expression, self.at)
        if found is None:
            return one
        self.at = found.end()
        if found[0][0] == "?" or (found[1] == "0" and found[2] == "1"):
            return _ANYTHING if one.all is None else _Texts(one.all | {""}, None)
        if found[0][0] == "*" or (found[0][0] == "{" and not int(found[1] or 0)):
            return _ANYTHING
        return _Texts(one.all, one.held, again=True)


def _worth(texts: frozenset[str]) -> tuple[int, int]:
    """Rare texts tell much; so do few."""
    return min(60, *map(_rarity, texts), 60), -len(texts)

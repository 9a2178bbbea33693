"""No mail, however it is made, keeps the reading of remarks busy.

Nothing is timed: an expression that backtracks takes minutes, and the test's deadline ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from types import ModuleType

import pytest

from jeeves.domain import draft, listening, threading
from jeeves.mail import acts, kinds, moments, place_signs, place_words, proposal
from jeeves.mail.trigrams import held_by_matches
from tests.builders import a_message

LONGEST = 600
MODULES: tuple[ModuleType, ...] = (
    *(acts, kinds, moments, place_signs, place_words, proposal),
    *(draft, listening, threading),
)
UNITS = """a A - The the 1 Ab a- A. A, Mill at my in ( . ? , ' A's is or http:// @ a@ a@b. é & / 1/
    3: x X very so of 1, re: > and not i""".split()


def expressions() -> Iterator[tuple[str, re.Pattern[str]]]:
    for act, text in acts._ACTS.items():
        yield f"acts.{act}", re.compile(text)
    for kind, text in kinds._KIND.items():
        yield f"kinds.{kind}", re.compile(text)
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{module.__name__}.{name}", value


EXPRESSIONS = tuple(expressions())


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Sentences that hold much of what the expression looks for, and end otherwise."""
    for unit, joint in product(UNITS, ("", " ")):
        yield f"{unit}{joint}" * LONGEST
        yield f"a {f'{unit}{joint}' * LONGEST}"[: LONGEST - 2] + " !"
    for held in sorted(held_by_matches(pattern.pattern))[:12]:
        yield f"{held} " * LONGEST
        for unit in ("a ", "A ", "-", "1", "very ", ", ", "A-", "a"):
            yield f"{held} {unit * LONGEST}"[: LONGEST - 3] + " b?"
            yield f"{(unit * LONGEST)[:290]}{held} {unit * LONGEST}"[: LONGEST - 2] + " ;"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "pattern", [one for _, one in EXPRESSIONS], ids=[name for name, _ in EXPRESSIONS]
)
def test_an_expression_is_searched_in_a_hostile_sentence_at_once(
    pattern: re.Pattern[str],
) -> None:
    for sentence in hostile(pattern):
        # as sentences are: without a run of spaces
        text = " ".join(sentence[:LONGEST].split())
        pattern.search(text)


BODIES = [
    *("a ", "A ", "-", "- ", "The ", "1", "Ab. ", "A.", "A,", ".", ". ", "! ", "at The ", "(", " "),
    *("\n", "\n ", " \n\n", "> ", "> > a\n", "wrote:\n", "On a wrote ", "and ", "* a\n", "1. a\n"),
    *(
        "Hi\n",
        "xx\n",
        "p.s. ",
        "where? ",
        "http://a.b/ ",
        "a@b.c ",
        "A: b\n",
        "Site. A",
        "love A.- ",
    ),
    *("\u2028", "\x85", "\xa0", "Mrs. ", '."', "subject: a\n", "lunch Monday and dinner Friday. "),
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", BODIES, ids=repr)
def test_a_hostile_mail_is_read_at_once(unit: str) -> None:
    long = unit * (20_000 // len(unit))
    for text in (long, f"Lunch? {long} and now", f"{long[:300]}\n\n{long}"):
        for changes in (
            {"own_words": text, "body": text},
            {"own_words": "Yes.", "body": f"Yes.\n{text}"},
            {"own_words": "", "body": text},
            {"own_words": "Yes.", "body": "Yes.", "subject": text},
        ):
            said = proposal.read(a_message(**changes))
            assert len(proposal.sentences(text[:6_000], frozenset())) <= 120
            assert all(len(remark.words) <= LONGEST for remark in (*said.remarks, *said.quoted()))

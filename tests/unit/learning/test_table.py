"""The plain form of a model."""

from __future__ import annotations

import gzip
import json

import pytest

from jeeves.learning.table import Table, TermWeights

SMALL = Table(
    intercept=-1.5,
    text=TermWeights.of(["lunch", "grab lunch"], [1.0, 2.0], [0.1, 1e-17]),
    meeting=TermWeights.of([], [], []),
    facts={"asks a question": 0.5},
    stems={"lunches": "lunch"},
)


def test_a_table_comes_back_as_it_was_written() -> None:
    assert Table.loads(SMALL.dumps()) == SMALL


def test_equal_tables_are_equal_bytes() -> None:
    assert SMALL.dumps() == Table.loads(SMALL.dumps()).dumps()
    # No time of writing (RFC 1952, 2.3.1: MTIME).
    assert SMALL.dumps()[4:8] == bytes(4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        SMALL.dumps()[:-9],
        SMALL.dumps()[:30],
        gzip.compress(b"[]"),
        gzip.compress(b"{}"),
        gzip.compress(b'"\xff"'),
    ],
    ids=["empty", "pickle", "cut off", "cut short", "list", "no columns", "no text"],
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Table.loads(content)


@pytest.mark.parametrize(
    ("column", "value"),
    [("terms", ["lunch", "lunch"]), ("terms", ["lunch"]), ("weights", [1.0]), ("idf", ["a", "b"])],
)
def test_a_column_that_does_not_fit_together_is_refused(column: str, value: list[object]) -> None:
    plain = json.loads(gzip.decompress(SMALL.dumps()))
    plain["text"][column] = value
    with pytest.raises(ValueError, match=r"lengths|not a serving table"):
        Table.loads(gzip.compress(json.dumps(plain).encode()))


def test_unknown_terms_add_nothing() -> None:
    assert SMALL.text.contributions(["dinner"]) == {}
    assert SMALL.text.contributions(["lunch", "dinner"]) == {"lunch": 0.1}

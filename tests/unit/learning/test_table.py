"""The plain form of a model."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import math
import struct
import sys

import pytest

from jeeves.learning.table import Column, Table

SMALL = Table(
    intercept=-1.5,
    text=Column.of(["lunch", "grab lunch"], [1.0, 2.0], [0.1, 1e-17]),
    meeting=Column.of([], [], []),
    frames=Column.of(["meal", "meal+day"], [1.0, 1.5], [0.25, -2.0]),
    own_frames=Column.of(["meal"], [1.25], [0.5]),
    pairs=Column.of(["MEAL_xxdate"], [1.125], [1.5]),
    facts={"an invitation with a place": -0.5},
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


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(Table)])
def test_a_table_without_one_of_its_parts_is_refused(part: str) -> None:
    """Such as one that was made before there were frames."""
    plain = json.loads(gzip.decompress(SMALL.dumps()))
    del plain[part]
    with pytest.raises(ValueError, match="not a serving table"):
        Table.loads(gzip.compress(json.dumps(plain).encode()))


@pytest.mark.parametrize(
    ("column", "value"),
    [("terms", ["lunch", "lunch"]), ("terms", ["lunch"]), ("weights", [1.0]), ("idf", ["a", "b"])],
)
def test_a_column_that_does_not_fit_together_is_refused(column: str, value: list[object]) -> None:
    plain = json.loads(gzip.decompress(SMALL.dumps()))
    plain["text"][column] = value
    with pytest.raises(ValueError, match=r"lengths|not a serving table"):
        Table.loads(gzip.compress(json.dumps(plain).encode()))


def test_a_number_that_is_none_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dataclasses.replace(SMALL, intercept=float("nan")).dumps()


def test_terms_count_by_the_logarithm_of_how_often_they_stand_and_rows_have_length_one() -> None:
    column = Column.of(["lunch", "dinner"], [1.0, 2.0], [1.0, 1.0])
    found = column.contributions(["lunch", "dinner", "lunch"])
    once, twice = 2.0, 1 + math.log(2)
    length = math.hypot(once, twice)
    assert found == pytest.approx({"lunch": twice / length, "dinner": once / length})


def test_unknown_terms_add_nothing() -> None:
    assert SMALL.text.contributions(["dinner"]) == {}
    assert SMALL.text.contributions(["lunch", "dinner"]) == {"lunch": 0.1}


def test_numbers_are_little_endian_doubles_on_every_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = SMALL.dumps()
    text = json.loads(gzip.decompress(written))["text"]
    assert base64.b64decode(text["idf"]) == struct.pack("<2d", 1.0, 2.0)
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")
    turned = json.loads(gzip.decompress(SMALL.dumps()))["text"]
    assert base64.b64decode(turned["idf"]) == struct.pack(">2d", 1.0, 2.0)
    assert Table.loads(SMALL.dumps()) == SMALL


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        dataclasses.replace(SMALL, text=Column.of(["lunch"], [1.0], [number])).dumps()
    with pytest.raises(ValueError, match=r"."):
        dataclasses.replace(SMALL, intercept=number).dumps()

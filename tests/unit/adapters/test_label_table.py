"""Tables of labels, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeeves.adapters.label_table import read_table
from jeeves.errors import ConfigError, LabelError

ROWS = "id\tneeds_location\n17\t1\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.tsv"


def refused(path: Path) -> str:
    with pytest.raises(LabelError) as failure:
        read_table(path)
    said = str(failure.value)
    assert said.endswith("Nothing was labelled.")
    return said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_and_a_byte_order_mark_are_read(
    path: Path, encoding: str, end: str
) -> None:
    text = 'note\tneeds_location\tid\n"Füße\tYES\t 17 \n\n\tUndo\t<a"b@x>\textra\n\t0\t3'
    path.write_bytes(text.replace("\n", end).encode(encoding))
    assert [row[1:] for row in read_table(path)] == [
        ("17", "yes"),
        ('<a"b@x>', "undo"),
        ("3", "no"),
    ]


def test_each_line_knows_where_it_stands(path: Path) -> None:
    path.write_text(ROWS + "\n18\tno\n")
    assert [row[0] for row in read_table(path)] == ["labels.tsv, line 2", "labels.tsv, line 4"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_another_encoding_is_one_sentence(path: Path, encoding: str) -> None:
    path.write_bytes(f"{ROWS}Füße\t1\n".encode(encoding))
    said = refused(path)
    assert "UTF-8" in said
    assert "F" not in said.replace("UTF-8", "").partition("labels.tsv")[2]


@pytest.mark.parametrize(
    "text", ["", "\n", "id\n17\n", "needs_location\n1\n", "17\t1\n", ROWS.replace("\t", ",")]
)
def test_a_table_without_its_columns_names_them(path: Path, text: str) -> None:
    path.write_text(text)
    assert "has no column" in refused(path)


@pytest.mark.parametrize("row", ["18", "18\t", "\t1", "<>\t1", "18\tmaybe", "18\t2"])
def test_a_row_that_says_nothing_clear_is_told_by_its_line(path: Path, row: str) -> None:
    path.write_text(f"{ROWS}{row}\n")
    assert "labels.tsv, line 3: " in refused(path)


def test_a_line_without_end_is_no_table(path: Path) -> None:
    path.write_text(ROWS + "x" * 200_000)
    assert "is no table of labels" in refused(path)


def test_what_cannot_be_opened_is_told(path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_table(path)
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(path)

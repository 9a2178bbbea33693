"""Labelled messages from files, and what users are told of files that are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jeeves.errors import ConfigError, JeevesError, TrainingError
from jeeves.learning.corpus import CONVERSATION, Corpus, load
from tests.builders import raw_mail


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.eml").write_bytes(raw_mail(subject=f"Mail {name}"))
    return tmp_path


def labels(folder: Path, text: str) -> Path:
    path = folder / "labels.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_and_messages_are_joined_and_further_columns_kept(folder: Path) -> None:
    corpus = load(folder, labels(folder, "id\towner\tneeds_location\na\tx\t1\nb\ty\t0\n"))
    assert [(m.id, m.needs_location, m.columns) for m in corpus.messages] == [
        ("a", True, {"owner": "x"}),
        ("b", False, {"owner": "y"}),
    ]
    assert corpus.messages[0].message.subject == "Mail a"
    assert corpus.groups("owner") == ["x", "y"]
    assert corpus.default_grouping == "owner"


def test_without_owners_conversations_are_kept_together(folder: Path) -> None:
    corpus = load(folder, labels(folder, "id\tneeds_location\na\t1\nb\t0\n"))
    assert corpus.default_grouping == CONVERSATION
    assert len(set(corpus.groups(CONVERSATION))) == 2


def test_an_unreadable_mail_is_left_out_and_counted(folder: Path) -> None:
    (folder / "c.eml").write_bytes(b"")
    corpus = load(folder, labels(folder, "id\tneeds_location\na\t1\nb\t0\nc\t1\n"))
    assert [one.id for one in corpus.messages] == ["a", "b"]
    assert corpus.unreadable == 1


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("id\tlabel\na\t1\n", TrainingError, "no column 'needs_location'"),
        ("name\tneeds_location\na\t1\n", TrainingError, "no column 'id'"),
        ("", TrainingError, "no column 'id'"),
        ("id\tneeds_location\na\tyes\n", TrainingError, "line 2: needs_location must be 1 or 0"),
        ("id\tneeds_location\na\n", TrainingError, "line 2: needs_location must be 1 or 0"),
        ("id\tneeds_location\na\t1\na\t0\n", TrainingError, "line 3: the id"),
        ("id\tneeds_location\n\t1\n", TrainingError, "line 2: the id"),
        ("id\tneeds_location\n../a\t1\n", TrainingError, "line 2: the id"),
        ("id\tneeds_location\na\t1\nz\t0\n", TrainingError, r"line 3: the message .*z\.eml"),
        ("id\tneeds_location\na\t1\nb\t1\n", TrainingError, "needs_location 0"),
        ("id\tneeds_location\na\t0\nb\t0\n", TrainingError, "needs_location 1"),
        ("id\tneeds_location\n", TrainingError, "needs_location 1"),
    ],
)
def test_wrong_labels_are_one_sentence(
    folder: Path, text: str, error: type[JeevesError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        load(folder, labels(folder, text))


def test_a_missing_folder_or_table_is_one_sentence(folder: Path) -> None:
    with pytest.raises(ConfigError, match="There is no folder"):
        load(folder / "nowhere", folder / "labels.tsv")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(folder, folder / "labels.tsv")
    (folder / "labels.tsv").write_bytes(b"id\tneeds_location\n\xff\xfe\t1\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(folder, folder / "labels.tsv")


def test_a_column_that_is_not_there_is_named_with_those_that_are(folder: Path) -> None:
    corpus = load(folder, labels(folder, "id\tneeds_location\towner\na\t1\tx\nb\t0\ty\n"))
    with pytest.raises(ConfigError, match=r"no column 'team' to group by; give one of conv.*owner"):
        corpus.groups("team")


def test_weights_count_for_messages_that_were_drawn(folder: Path) -> None:
    table = "id\tneeds_location\tstratum\tweight\na\t1\tactive\t1\nb\t0\tnone\t27.5\n"
    corpus = load(folder, labels(folder, table))
    assert corpus.natural_weights.tolist() == [0.0, 27.5]


def test_a_weight_that_is_no_number_is_one_sentence(folder: Path) -> None:
    table = "id\tneeds_location\tweight\na\t1\theavy\nb\t0\t1\n"
    with pytest.raises(TrainingError, match="line 2: weight must be a number"):
        load(folder, labels(folder, table))


def test_messages_of_chosen_origins_can_be_taken(folder: Path) -> None:
    corpus = load(folder, labels(folder, "id\tneeds_location\torigin\na\t1\tx\nb\t0\ty\n"))
    assert [one.id for one in corpus.having("origin", {"y"}).messages] == ["b"]


def test_messages_written_for_the_project_are_told_from_those_drawn(folder: Path) -> None:
    table = (
        "id\tneeds_location\tstratum\tweight\na\t1\twritten\t7\nb\t0\tnone\t3\nc\t0\tactive\t5\n"
    )
    corpus = load(folder, labels(folder, table))
    assert corpus.written.tolist() == [True, False, False]
    assert corpus.drawn.tolist() == [False, True, False]
    assert corpus.natural_weights.tolist() == [0.0, 3.0, 0.0]


def test_where_nothing_was_drawn_each_message_counts_once(folder: Path) -> None:
    table = "id\tneeds_location\tstratum\tweight\na\t1\twritten\t0\nb\t0\twritten\t0\n"
    assert load(folder, labels(folder, table)).natural_weights.tolist() == [1.0, 1.0]


def test_two_corpora_become_one_with_the_columns_of_both(folder: Path) -> None:
    one = load(folder, labels(folder, "id\tneeds_location\towner\tx\na\t1\tp\t1\nb\t0\tp\t1\n"))
    messages = [replace(message, id=f"{message.id}2") for message in one.messages]
    other = Corpus([replace(m, columns={"owner": "q"}) for m in messages], unreadable=2)
    both = replace(one, unreadable=1).joined(other)
    assert [message.id for message in both.messages] == ["a", "b", "a2", "b2"]
    assert both.unreadable == 3
    assert both.columns == {"owner"}
    assert both.groups("owner") == ["p", "p", "q", "q"]
    assert both.labels.tolist() == [True, False, True, False]
    assert [message.id for message in one.messages] == ["a", "b"]


def test_an_id_of_both_corpora_is_one_sentence(folder: Path) -> None:
    corpus = load(folder, labels(folder, "id\tneeds_location\na\t1\nb\t0\n"))
    with pytest.raises(TrainingError, match="The id a stands in both tables of labels"):
        corpus.joined(corpus)


def test_joined_corpora_keep_the_chosen_column_of_weights(folder: Path) -> None:
    one = load(folder, labels(folder, "id\tneeds_location\tw\na\t1\t2\nb\t0\t3\n"))
    other = Corpus([replace(message, id=f"{message.id}2") for message in one.messages])
    assert one.weighed_by("w").joined(other).natural_weights.tolist() == [2.0, 3.0, 2.0, 3.0]


def test_an_empty_corpus_has_no_columns() -> None:
    assert Corpus([]).columns == frozenset()


def test_the_digest_tells_labelled_mail_apart_and_nothing_else(folder: Path) -> None:
    def digest(table: str) -> str:
        return load(folder, labels(folder, table)).digest

    (folder / "c.eml").write_bytes(raw_mail("Lunch?", "Want to have lunch on Friday?"))
    plain = digest("id\tneeds_location\na\t1\nb\t0\n")
    assert digest("id\tneeds_location\towner\nb\t0\tx\na\t1\ty\n") == plain
    assert digest("id\tneeds_location\na\t0\nb\t1\n") != plain
    assert digest("id\tneeds_location\na\t1\nc\t0\n") != plain
    (folder / "b.eml").write_bytes(raw_mail("Another", "Another mail altogether."))
    assert digest("id\tneeds_location\na\t1\nb\t0\n") != plain

"""Answers to a FETCH as servers write them, and labels both ways."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.imap_utf7 import encode

from jeeves.adapters.imap.fetching import bodies
from jeeves.adapters.imap.marks import (
    complete,
    keyword_marks,
    marks_changed_since,
    modseq_of,
    sequence_set,
)
from jeeves.adapters.imap.tokens import (
    Record,
    any_rows,
    by_uid,
    decode_label,
    mailboxes,
    plain_rows,
    rows,
)
from jeeves.domain.message import Marks
from jeeves.domain.ports import MarkChanges


def test_labels_come_as_atoms_quoted_strings_and_literals() -> None:
    records: list[Record | None] = [
        (rb'1 (X-GM-LABELS ("\\Inbox" \Sent a[b NIL 42 "back\\slash \"q\" (p)" {3}', b"x)("),
        (rb" {0}", b""),
        rb' 100% "") UID 7 FLAGS (\Seen))',
        rb"2 (UID 9 FLAGS () X-GM-LABELS () MODSEQ (12))",
    ]
    first, second = rows(records)
    assert first[b"X-GM-LABELS"] == (
        *(rb"\Inbox", rb"\Sent", b"a[b", b"NIL", b"42", rb'back\slash "q" (p)'),
        *(b"x)(", b"", b"100%", b""),
    )
    assert (first[b"UID"], first[b"FLAGS"]) == (7, (rb"\Seen",))
    assert (second[b"UID"], second[b"X-GM-LABELS"], modseq_of(second)) == (9, (), 12)


def test_ids_are_numbers_and_dates_keep_the_servers_offset() -> None:
    [row] = rows(
        [
            b"1 (uid 7 RFC822.SIZE 12 X-GM-MSGID 18446744073709551615"
            b' INTERNALDATE "17-Jul-2026 02:44:25 -0700")'
        ]
    )
    assert row[b"X-GM-MSGID"] == 2**64 - 1
    assert row[b"RFC822.SIZE"] == 12
    assert row[b"INTERNALDATE"].isoformat() == "2026-07-17T02:44:25-07:00"
    [row] = rows([b'1 (INTERNALDATE "yesterday")'])
    assert row[b"INTERNALDATE"] is None


def test_a_body_comes_whole_and_one_that_the_server_lost_is_none() -> None:
    found = rows(
        [
            (b"1 (UID 7 BODY[] {5}", b"a)\r\n("),
            b" FLAGS ())",
            b"2 (UID 8 BODY[] NIL)",
            b'3 (UID 9 BODY[] "")',
        ]
    )
    assert bodies(by_uid(found)) == {7: b"a)\r\n(", 9: b""}


@pytest.mark.parametrize(
    "garbage",
    [
        b"1 (UID 7",
        b"1 (UID 7))",
        b"1 (UID)",
        b"x (UID 7)",
        b"1",
        b'1 (FLAGS ("open))',
        b"1 (UID seven)",
        b"1 ((UID) 7)",
        b"(UID 7) 1",
    ],
)
def test_what_is_no_answer_is_refused(garbage: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        rows([garbage])


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_no_answer_raises_anything_else(records: list[bytes]) -> None:
    try:
        rows(records)
    except (ValueError, TypeError):
        return


ATOMS = st.from_regex(rb"[^ ()\"\r\n\x00-\x1f]{1,8}", fullmatch=True)
QUOTED = st.from_regex(rb'"(?:[^"\\\r\n]|\\["\\]){0,8}"', fullmatch=True)
LISTS = st.lists(ATOMS | QUOTED, max_size=4).map(lambda words: b"(" + b" ".join(words) + b")")
DATES = st.sampled_from(
    [b'"17-Jul-2026 02:44:25 -0700"', b'" 7-Feb-2026 02:44:25 +0530"', b'"30-Feb-2026 0:0:0 -0700"']
)
PAIRS = st.tuples(ATOMS, ATOMS | QUOTED | LISTS) | st.just((b"nested", b"((a) b)"))
PAIRS |= st.tuples(st.just(b"INTERNALDATE"), DATES | LISTS)
PAIRS |= st.tuples(st.just(b"Uid"), st.sampled_from([b"7", b'"8"', b"x", b"(9)", b"NIL"]))
ROWS = st.tuples(st.lists(PAIRS, max_size=5), st.none() | st.binary(max_size=9), LISTS | st.none())


@given(st.lists(ROWS, max_size=3))
def test_a_plain_answer_is_read_as_any_is(told: list[Any]) -> None:
    """The quick way finds what the grammar says, or nothing."""
    records: list[Record] = []
    for number, (pairs, literal, behind) in enumerate(told, 1):
        words = b" ".join(name + b" " + value for name, value in pairs)
        if literal is None:
            records.append(b"%d (%s)" % (number, words))
            continue
        begun = b"%d (%s BODY[] {%d}" % (number, words, len(literal))
        records.append((begun.replace(b"( ", b"("), literal))
        records.append(b")" if behind is None else b" FLAGS " + behind + b")")
    try:
        by_grammar = any_rows(records)
    except (ValueError, TypeError):
        with suppress(ValueError, TypeError):
            assert plain_rows(records) is None
        return
    assert plain_rows(records) in (None, by_grammar)


def test_what_servers_answer_is_plain() -> None:
    """Else nothing would be won."""
    facts = rb'1 (UID 5 RFC822.SIZE 10 FLAGS (\Seen $x) INTERNALDATE "17-Jul-2026 02:44:25 -0700"'
    gmail = rb' X-GM-MSGID 1278 X-GM-LABELS ("\\Inbox" \Sent "a \"b\" (c)") MODSEQ (12)'
    assert plain_rows([facts + b")", facts + gmail + b")"]) is not None
    assert plain_rows([(facts + b" BODY[]<0> {2}", b"x)"), b")"]) is not None


def test_nothing_found_is_no_rows() -> None:
    assert rows([None]) == []


def test_mailboxes_are_listed_whatever_their_names() -> None:
    listed = mailboxes(
        [
            rb'(\HasNoChildren \All) "/" "[Gmail]/All Mail"',
            rb'() "/" a[b',
            (rb"(\Noselect) NIL {4}", b'("x)'),
            b"",
        ]
    )
    assert listed == [
        ((rb"\HasNoChildren", rb"\All"), b"[Gmail]/All Mail"),
        ((), b"a[b"),
        ((rb"\Noselect",), b'("x)'),
    ]


def test_what_is_told_unasked_is_no_answer() -> None:
    told = rows(
        [
            rb"1 (FLAGS (\Seen) MODSEQ (9))",
            rb"2 (UID 5 FLAGS (\Seen) MODSEQ (9))",
            rb"3 (UID 6 FLAGS () X-GM-LABELS (a))",
        ]
    )
    items = ["FLAGS", "X-GM-LABELS"]
    assert [complete(row, items) for row in told] == [False, False, True]
    assert set(by_uid(told)) == {5, 6}


class Answering:
    """An IMAPClient that gives these answers, one to each FETCH."""

    def __init__(self, *answers: list[bytes | None]) -> None:
        self._imap = self
        self.untagged_responses: dict[str, list[bytes | None]] = {"FETCH": [b"9 (UID 9 FLAGS ())"]}
        self.answers = list(answers)
        self.asked: list[str] = []

    def _command(self, *words: str) -> str:
        assert "FETCH" not in self.untagged_responses, "what was told long ago is no answer"
        self.asked.append(" ".join(words))
        return "A1"

    def _command_complete(self, _name: str, _tag: str) -> tuple[str, list[bytes]]:
        self.untagged_responses["FETCH"] = self.answers.pop(0)
        return "OK", [b"done"]

    def _checkok(self, _name: str, kind: str, _said: list[bytes]) -> None:
        assert kind == "OK"


def test_a_change_made_while_the_server_answers_is_not_skipped() -> None:
    late = rb"7 (UID 7 FLAGS (late) MODSEQ (12))"
    client = Answering(
        [late, rb"8 (FLAGS () MODSEQ (99))"], [rb"1 (UID 1 FLAGS (missed) MODSEQ (11))", late]
    )
    changes = marks_changed_since(client, 10, ["FLAGS"], keyword_marks)
    assert changes == MarkChanges({1: Marks(("missed",)), 7: Marks(("late",))}, 12)
    assert client.asked == ["UID FETCH 1:* (FLAGS) (CHANGEDSINCE 10)"] * 2


def test_without_changes_is_asked_once() -> None:
    client = Answering([None])
    assert marks_changed_since(client, 10, ["FLAGS"], keyword_marks) == MarkChanges({}, 10)
    assert client.answers == []


@given(st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=1)))
def test_a_label_comes_back_as_it_was_written(label: str) -> None:
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    assert decode_label(encode(label)) == label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b"R&D", "R&D"),
        (b"&2Dw-", "&2Dw-"),
        (b"&AAA-", "&AAA-"),
        ("Füße".encode(), "Füße"),
        (b"\xff", "ÿ"),
    ],
)
def test_a_label_that_is_not_modified_utf7_stays_readable_and_storable(
    raw: bytes, label: str
) -> None:
    assert decode_label(raw) == label


def test_keywords_are_labels_and_system_flags_are_not() -> None:
    flags = {b"FLAGS": (b"\\Seen", b"\\FLAGGED", b"Jeeves", b"42", b"$Forwarded")}
    assert keyword_marks(flags) == Marks(("Jeeves", "42", "$Forwarded"), True)
    assert keyword_marks({b"FLAGS": (b"\\Draft",)}) == Marks(("\\Draft",), False)
    assert keyword_marks({}) == Marks()
    assert keyword_marks({b"FLAGS": ((b"nested",), b"a")}) == Marks(("a",), False)


@pytest.mark.parametrize(
    ("uids", "named"),
    [(None, "1:*"), ([1], "1"), ([3, 1, 2, 7], "1:3,7"), ([5, 6, 9, 10], "5:6,9:10")],
)
def test_neighbouring_uids_are_named_together(uids: list[int] | None, named: str) -> None:
    assert sequence_set(uids) == named

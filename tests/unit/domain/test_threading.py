"""Which mails belong to one conversation."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.message import Address, Message
from jeeves.domain.threading import SAME_SUBJECT_WITHIN, conversations, people, when
from tests.builders import ACCOUNT, NOW, a_message

ANA = Address("Ana Lopez", "ana@example.org")
TOM = Address("Tom Hale", "tom@example.org")
SAM = Address("Sam Reader", ACCOUNT)


def a_mail(name: str, hours: float = 0, **changes: Any) -> Message:
    at = NOW + timedelta(hours=hours)
    values = {
        "message_id": name,
        "thread_key": f"id:{name}",
        "sent_at": at,
        "received_at": at,
        "subject": "Lunch",
    }
    return a_message(**{**values, **changes})


def names(*messages: Message) -> list[list[str]]:
    return [[one.message_id for one in thread] for thread in conversations(messages)]


def test_answers_follow_what_they_answer_in_order_of_date() -> None:
    first = a_mail("a")
    answer = a_mail("b", 1, references=("a",), subject="Re: Lunch")
    later = a_mail("c", 2, references=("a", "b"), subject="something else")
    assert names(later, first, answer) == [["a", "b", "c"]]


def test_mails_meet_in_one_that_is_not_there() -> None:
    one = a_mail("b", references=("gone",), subject="x")
    two = a_mail("c", 1, references=("gone",), subject="y")
    assert names(one, two) == [["b", "c"]]


def test_one_mail_joins_what_seemed_two_conversations() -> None:
    mails = [
        *(a_mail("a", 0, subject="x"), a_mail("b", 1, subject="y")),
        a_mail("c", 2, subject="z", references=("a", "b")),
    ]
    assert names(*mails) == [["a", "b", "c"]]


def test_gmails_thread_holds_together_whatever_the_headers_say() -> None:
    one = a_mail("a", thread_key="gm:7", subject="x")
    two = a_mail("b", 1, thread_key="gm:7", subject="y")
    assert names(one, two) == [["a", "b"]]


@pytest.mark.parametrize(
    "subject",
    ["Re: Lunch", "RE:  lunch", "AW: Re: Lunch", "Re[2]: Lunch", "SV: Lunch", "Fwd: Lunch"],
)
def test_an_answer_without_references_belongs_by_subject_and_people(subject: str) -> None:
    assert names(a_mail("a", sender=ANA), a_mail("b", 1, sender=ANA, subject=subject)) == [
        ["a", "b"]
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": TOM},
        {"subject": "Lunch"},
        {"subject": "Re: Dinner"},
        {"subject": "Re:"},
        {"references": ("other",)},
        {"hours": SAME_SUBJECT_WITHIN / timedelta(hours=1) + 1},
    ],
)
def test_the_same_subject_alone_is_no_conversation(changes: dict[str, Any]) -> None:
    changed = {"hours": 1, "sender": ANA, "subject": "Re: Lunch", **changes}
    assert len(names(a_mail("a", sender=ANA), a_mail("b", **changed))) == 2


def test_the_owner_joins_nobody() -> None:
    """Else all answers of one subject would be one conversation."""
    one = a_mail("a", sender=ANA, to=(SAM,))
    two = a_mail("b", 1, sender=TOM, to=(SAM,), subject="Re: Lunch")
    assert names(one, two) == [["a"], ["b"]]
    assert people(one) == {ANA.address}


def test_conversations_come_in_the_order_of_their_first_mails() -> None:
    mails = [
        *(a_mail("a", 0, subject="x"), a_mail("b", 1, subject="y"), a_mail("c", 2, subject="z")),
        a_mail("d", 3, subject="x", references=("a",)),
    ]
    assert names(*reversed(mails)) == [["a", "d"], ["b"], ["c"]]


def test_a_mail_without_a_date_counts_from_when_it_came() -> None:
    undated = a_mail("b", sent_at=None, received_at=NOW - timedelta(days=1))
    assert when(undated) == NOW - timedelta(days=1)
    assert names(a_mail("a", references=("b",)), undated) == [["b", "a"]]


def test_mails_without_an_id_stay_apart() -> None:
    one, two = (a_mail("", n, thread_key=f"sha256:{n}", subject=f"{n}") for n in (1, 2))
    assert len(conversations([one, two])) == 2


@pytest.mark.timeout(30)
def test_a_thread_of_500_mails_whose_ids_form_a_chain_is_one() -> None:
    mails = [
        a_mail(str(n), n, references=(str(n - 1),) if n else (), subject="Re: Lunch")
        for n in range(500)
    ]
    random.Random(7).shuffle(mails)
    [thread] = conversations(mails)
    assert [one.message_id for one in thread] == [str(n) for n in range(500)]


@pytest.mark.timeout(60)
def test_thousands_of_mails_of_one_subject_are_sorted_at_once() -> None:
    mails = [
        a_mail(str(n), n / 100, sender=Address("", f"{n}@example.org"), subject="Re: Lunch")
        for n in range(3_000)
    ]
    assert len(conversations(mails)) == 3_000


IDS = st.sampled_from("abcdef")
MAILS = st.lists(
    st.builds(
        lambda name, hours, references, subject: a_mail(
            name, hours, references=tuple(references), subject=subject
        ),
        IDS,
        st.integers(0, 2000),
        st.lists(IDS, max_size=2),
        st.sampled_from(["", "Lunch", "Re: Lunch", "Re: Dinner"]),
    ),
    max_size=10,
)


@given(MAILS, st.randoms())
def test_each_mail_is_in_one_conversation_whatever_order_they_come_in(
    mails: list[Message], chance: random.Random
) -> None:
    found = conversations(mails)
    assert sorted(id(one) for thread in found for one in thread) == sorted(map(id, mails))
    for thread in found:
        assert [when(one) for one in thread] == sorted(when(one) for one in thread)
    dates = [when(one) for one in mails]
    if len(set(dates)) == len(dates):
        shuffled = list(mails)
        chance.shuffle(shuffled)
        assert conversations(shuffled) == found

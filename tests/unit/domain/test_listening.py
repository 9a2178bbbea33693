"""What becomes of the meetings of a conversation, told in remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, time
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.domain.conversation import Conversation, Meeting, State, Turn
from jeeves.domain.listening import fold, unfold
from jeeves.domain.message import Address
from jeeves.domain.remark import Act, Place, Remark, Sign
from jeeves.domain.when import When

SAM = Address("Sam Reader", "sam@example.org")
ANA = Address("Ana Lopez", "ana@example.org")
THURSDAY = When(date(2026, 3, 12), None, UTC)
AT_NOON = When(date(2026, 3, 12), time(12), UTC)
FRIDAY = When(date(2026, 3, 13), None, UTC)
NOPA, ZUNI = Place("Nopa"), Place("Zuni")


def a_turn(name: str, *remarks: Remark, **changes: Any) -> Turn:
    values: dict[str, Any] = {
        "id": name,
        "sender": ANA,
        "others": (SAM,),
        "own": False,
        "bulk": False,
        "remarks": remarks,
    }
    return Turn(**{**values, **changes})


def own(name: str, *remarks: Remark, **changes: Any) -> Turn:
    return a_turn(name, *remarks, sender=SAM, others=(ANA,), own=True, **changes)


def remark(words: str, acts: Act = Act.NOTHING, **changes: Any) -> Remark:
    return Remark(words, acts, **{"paragraph": 1, **changes})


LUNCH = remark("Lunch on Thursday?", Act.PROPOSES, kind="lunch", when=THURSDAY)
LUNCH_AT_NOPA = replace(LUNCH, words="Lunch at Nopa on Thursday?", places=(NOPA,))
GLADLY = remark("Gladly.", Act.AGREES)
EVENT = remark("Lunch", Act.PROPOSES, kind="lunch", when=AT_NOON, calendar=True)


def only(*turns: Turn) -> Meeting:
    [meeting] = fold(turns).meetings
    return meeting


def test_nothing_is_known_of_no_mail() -> None:
    assert fold([]) == Conversation()
    assert fold([]).state is State.NONE
    assert list(unfold([])) == []


def test_a_proposal_without_a_place_is_open_and_due_with_its_mail() -> None:
    meeting = only(a_turn("m1", LUNCH, needs_location=True, why="grab lunch"))
    assert (meeting.state, meeting.kind, meeting.when) == (State.OPEN, "lunch", THURSDAY)
    assert (meeting.alert_at, meeting.due_at, meeting.question) == ("m1", "m1", "1.1")
    assert (meeting.who, meeting.why, meeting.owner_owes) == (ANA, "grab lunch", True)


def test_the_model_may_hear_a_wish_that_no_remark_tells() -> None:
    vague = remark("It has been far too long, the two of us.", kind="meeting")
    assert only(a_turn("m1", vague, needs_location=True)).state is State.OPEN
    assert fold([a_turn("m1", vague)]).state is State.NONE


def test_the_model_is_not_heard_of_meetings_of_others() -> None:
    theirs = remark("They are having lunch on Thursday.", Act.OTHERS, kind="lunch", when=THURSDAY)
    assert fold([a_turn("m1", theirs, needs_location=True)]).state is State.NONE


def test_the_owner_is_asked_and_owes_the_next_word() -> None:
    where = remark("Where?", Act.ASKS_PLACE)
    assert only(a_turn("m1", LUNCH), own("m2", GLADLY)).owner_owes is False
    assert only(a_turn("m1", LUNCH), own("m2", where)).owner_owes is False
    assert only(a_turn("m1", LUNCH), own("m2", GLADLY), a_turn("m3", where)).owner_owes is True


def test_what_the_owner_proposes_is_due_with_the_first_answer_and_about_the_other() -> None:
    asked = own("m1", LUNCH)
    assert only(asked).due_at is None
    meeting = only(asked, a_turn("m2", GLADLY))
    assert (meeting.due_at, meeting.who) == ("m2", ANA)


def test_a_place_settles_and_is_told_by_the_mail_that_first_named_it() -> None:
    there = remark("See you at Nopa on Thursday.", Act.AGREES, when=THURSDAY, places=(NOPA,))
    meeting = only(
        a_turn("m1", LUNCH), own("m2", replace(there, words="Nopa?")), a_turn("m3", there)
    )
    assert (meeting.state, meeting.place, meeting.settled_by) == (State.SETTLED, "Nopa", "m2")
    assert (meeting.due_at, meeting.alert_at) == (None, "m1")


def test_a_place_that_falls_through_opens_the_question_anew() -> None:
    gone = remark("Nopa is closed.", Act.SHUTS, places=(replace(NOPA, refused=True),))
    known = list(unfold([a_turn("m1", LUNCH_AT_NOPA), own("m2", GLADLY), a_turn("m3", gone)]))
    assert [one.meetings[0].state for one in known] == [State.SETTLED, State.SETTLED, State.OPEN]
    assert [one.meetings[0].question for one in known] == ["1.0", "1.0", "1.1"]
    again = [*(a_turn("m1", LUNCH), own("m2", LUNCH_AT_NOPA)), a_turn("m3", gone)]
    assert only(*again).question == "1.2"
    assert (only(*again).alert_at, only(*again).due_at) == ("m1", "m3")


def test_a_refused_place_does_not_settle_later() -> None:
    no = remark("Not Nopa.", Act.REFUSES_PLACE, places=(replace(NOPA, refused=True),))
    beside = remark("We walk past Nopa.", kind="lunch", places=(NOPA,))
    assert only(a_turn("m1", LUNCH), a_turn("m2", no), a_turn("m3", beside)).state is State.OPEN


@pytest.mark.parametrize("bulk", [False, True])
def test_the_location_of_an_invitation_settles_whoever_sends_it(bulk: bool) -> None:
    event = replace(EVENT, places=(NOPA,))
    meeting = only(a_turn("m1", LUNCH), a_turn("m2", event, bulk=bulk))
    assert (meeting.state, meeting.place, meeting.settled_by) == (State.SETTLED, "Nopa", "m2")
    assert meeting.when == AT_NOON


def test_the_location_of_an_invitation_stands_against_a_place_that_was_named_before() -> None:
    event = replace(EVENT, places=(ZUNI,))
    assert only(a_turn("m1", LUNCH_AT_NOPA), a_turn("m2", event)).place == "Zuni"


def test_the_conference_of_an_invitation_settles_what_was_open() -> None:
    event = replace(EVENT, online="video call")
    meeting = only(a_turn("m1", LUNCH), a_turn("m2", event))
    assert (meeting.state, meeting.place, meeting.online) == (State.SETTLED, "video call", True)
    assert fold([a_turn("m1", event)]).state is State.NONE


@pytest.mark.parametrize("reads", [True, False])
def test_mail_to_many_opens_nothing(reads: bool) -> None:
    known = fold([a_turn("m1", LUNCH, bulk=True, needs_location=reads), own("m2", GLADLY)])
    assert known == Conversation()


def test_mail_to_many_is_not_due() -> None:
    assert only(own("m1", LUNCH), a_turn("m2", GLADLY, bulk=True)).due_at is None


def test_what_was_quoted_is_known_and_is_no_news() -> None:
    quoted = a_turn("m1", GLADLY, quoted=lambda: (LUNCH_AT_NOPA,), needs_location=True)
    meeting = only(quoted)
    assert (meeting.place, meeting.settled_by, meeting.alert_at) == ("Nopa", "m1", None)
    # only where nothing is known yet
    other = (replace(LUNCH, kind="dinner", when=FRIDAY),)
    assert (
        len(fold([a_turn("m1", LUNCH), a_turn("m2", GLADLY, quoted=lambda: other)]).meetings) == 1
    )


@pytest.mark.parametrize(
    ("second", "count"),
    [
        # another kind on another day, in a point of its own
        (remark("Dinner on Friday?", Act.PROPOSES, kind="dinner", when=FRIDAY, paragraph=2), 2),
        # the same kind, moved
        (remark("Or Friday?", Act.PROPOSES | Act.MOVES, kind="lunch", when=FRIDAY), 1),
        # the same day
        (remark("A meal on Thursday", Act.PROPOSES, kind="dinner", when=THURSDAY), 1),
        # no kind, no place
        (remark("Are you free on Friday?", Act.PROPOSES, when=FRIDAY), 1),
    ],
)
def test_meetings_are_told_apart(second: Remark, count: int) -> None:
    assert len(fold([a_turn("m1", LUNCH), a_turn("m2", second)]).meetings) == count


def test_an_answer_by_number_is_about_that_point() -> None:
    listed = [
        replace(LUNCH, headed=True, paragraph=1),
        replace(LUNCH, kind="dinner", when=FRIDAY, headed=True, paragraph=2),
    ]
    answer = remark("2 is off.", Act.CANCELS)
    known = fold([a_turn("m1", *listed), own("m2", answer)])
    assert [one.state for one in known.meetings] == [State.OPEN, State.CANCELLED]


def test_the_state_of_all_is_open_before_settled_before_cancelled() -> None:
    def meeting(state: State) -> Meeting:
        return replace(only(a_turn("m1", LUNCH)), state=state)

    order = [State.OPEN, State.SETTLED, State.CANCELLED, State.NONE]
    for n, state in enumerate(order):
        assert Conversation(tuple(map(meeting, reversed(order[n:])))).state is state


DAYS = st.sampled_from([None, THURSDAY, AT_NOON, FRIDAY, When(), When(date.max), When(date.min)])
PLACES = st.builds(
    Place,
    st.sampled_from(["Nopa", "Zuni", "my office", "same place", "the side entrance", "x", "the"]),
    st.booleans(),
    st.sampled_from(Sign),
    st.booleans(),
)
REMARKS = st.builds(
    Remark,
    st.sampled_from(["2 is off", "Where?", "See you at Nopa", "", "a " * 30, "Nopa Zuni office"]),
    st.integers(0, sum(act.value for act in Act)).map(Act),
    st.sampled_from(["", "meeting", "lunch", "dinner", "call"]),
    DAYS,
    st.lists(PLACES, max_size=2).map(tuple),
    st.sampled_from(["", "", "Zoom"]),
    st.sampled_from([False, False, False, True]),
    st.booleans(),
    st.integers(0, 3),
    st.booleans(),
)
MANY = st.lists(REMARKS, max_size=4).map(tuple)


@st.composite
def threads(draw: st.DrawFn) -> list[Turn]:
    turns = []
    for number in range(draw(st.integers(0, 7))):
        make = draw(st.sampled_from([a_turn, own]))
        turns.append(
            make(
                str(number),
                *draw(MANY),
                bulk=draw(st.sampled_from([False, False, True])),
                quoted=partial(tuple, draw(MANY)),
                needs_location=draw(st.booleans()),
            )
        )
    return turns


def assert_sound(known: Sequence[Conversation], turns: Sequence[Turn]) -> None:
    """What holds of any conversation after each of its mails."""
    by_others = {turn.id for turn in turns if not turn.own and not turn.bulk}
    opened: dict[int, int] = {}
    for conversation in known:
        numbers = [meeting.number for meeting in conversation.meetings]
        assert numbers == list(range(1, len(numbers) + 1))
        for meeting in conversation.meetings:
            settled = meeting.state is State.SETTLED
            assert bool(meeting.place) == (meeting.settled_by is not None) == settled
            assert meeting.due_at is None or meeting.state is State.OPEN
            assert {meeting.due_at, meeting.alert_at} - {None} <= by_others
            assert meeting.due_at is None or meeting.alert_at is not None
            # a question that is closed comes again only under another name
            assert meeting.opened >= opened.get(meeting.number, 0)
            opened[meeting.number] = meeting.opened


@given(threads())
@settings(deadline=None, max_examples=300)
def test_any_conversation_is_followed(turns: list[Turn]) -> None:
    known = list(unfold(turns))
    assert len(known) == len(turns)
    assert fold(turns) == (known[-1] if known else Conversation())
    assert_sound(known, turns)


@given(threads())
@settings(deadline=None)
def test_no_mail_to_many_and_no_own_mail_is_ever_due(turns: list[Turn]) -> None:
    for changed in (
        [replace(turn, bulk=True) for turn in turns],
        [replace(turn, own=True) for turn in turns],
    ):
        assert fold(changed).alert_at is None


@given(threads())
@settings(deadline=None)
def test_mail_to_many_without_an_event_speaks_of_no_meeting(turns: list[Turn]) -> None:
    plain = [
        replace(turn, bulk=True, remarks=tuple(replace(r, calendar=False) for r in turn.remarks))
        for turn in turns
    ]
    assert fold(plain) == Conversation()


@given(threads())
@settings(deadline=None)
def test_what_is_known_depends_only_on_the_mails_so_far(turns: list[Turn]) -> None:
    known = list(unfold(turns))
    for number in range(len(turns)):
        assert fold(turns[: number + 1]) == known[number]


def test_of_two_that_are_settled_the_state_is_about_the_one_settled_last() -> None:
    dinner = remark(
        "And dinner on Friday?",
        Act.PROPOSES | Act.ADDS,
        kind="dinner",
        when=FRIDAY,
        paragraph=2,
    )
    asked = a_turn("m1", LUNCH, dinner)
    dinner_placed = own("m2", replace(dinner, words="Dinner at Zuni", places=(ZUNI,)))
    known = fold([asked, dinner_placed, own("m3", LUNCH_AT_NOPA)])
    assert [meeting.place for meeting in known.meetings] == ["Nopa", "Zuni"]
    assert known.foremost is not None
    assert known.foremost.settled_by == "m3"
    half = fold([asked, dinner_placed])
    assert half.foremost is not None
    assert half.foremost.state is State.OPEN


@pytest.mark.timeout(60)
def test_a_thread_of_500_mails_is_followed_at_once() -> None:
    dinners = [
        remark(
            f"Dinner {n} on another day?",
            Act.PROPOSES | Act.ADDS,
            kind=f"kind {n}",
            when=When(date.fromordinal(738_000 + 9 * n)),
            places=(Place(f"Place{n} number{n}"),),
            paragraph=n,
        )
        for n in range(500)
    ]
    known = fold(a_turn(str(n), one) for n, one in enumerate(dinners))
    assert known.meetings
    middle = [a_turn(str(n), GLADLY) for n in range(500)]
    assert only(a_turn("first", LUNCH), *middle, own("last", LUNCH_AT_NOPA)).settled_by == "last"


class TestTheOwnersWord:
    """What he says of a mail stands over the verdict and over every sentence."""

    @pytest.mark.parametrize("remarks", [(), (LUNCH,), (GLADLY, EVENT)])
    @pytest.mark.parametrize("verdict", [True, False])
    def test_no(self, remarks: tuple[Remark, ...], verdict: bool) -> None:
        said = fold([a_turn("1", *remarks, needs_location=verdict, said=False)])
        assert said.state is not State.OPEN

    @pytest.mark.parametrize(
        "remarks",
        [
            (),
            (LUNCH_AT_NOPA,),
            (remark("Call me on Thursday.", Act.PROPOSES, kind="call", when=THURSDAY),),
            (remark("They met for lunch.", Act.OTHERS | Act.PAST, kind="lunch"),),
        ],
    )
    def test_yes(self, remarks: tuple[Remark, ...]) -> None:
        meeting = only(a_turn("1", *remarks, said=True))
        assert (meeting.state, meeting.due_at) == (State.OPEN, "1")

    def test_no_leaves_what_an_earlier_mail_asked(self) -> None:
        asked = a_turn("1", LUNCH, needs_location=True)
        assert only(asked, a_turn("2", LUNCH, said=False)).state is State.OPEN
        assert only(asked, a_turn("2", LUNCH_AT_NOPA, said=False)).state is State.SETTLED

    def test_no_leaves_to_later_mails_what_they_ask(self) -> None:
        later = a_turn("2", replace(LUNCH, acts=Act.PROPOSES | Act.ASKS_PLACE))
        meeting = only(a_turn("1", LUNCH, needs_location=True, said=False), later)
        assert (meeting.state, meeting.due_at) == (State.OPEN, "2")

    def test_yes_is_settled_by_a_place_that_is_named_later(self) -> None:
        turns = [a_turn("1", said=True), own("2", LUNCH_AT_NOPA)]
        assert [known.state for known in unfold(turns)] == [State.OPEN, State.SETTLED]

    def test_yes_of_an_answer_opens_what_seemed_settled(self) -> None:
        turns = [a_turn("1", LUNCH_AT_NOPA, needs_location=True), a_turn("2", said=True)]
        assert [known.state for known in unfold(turns)] == [State.SETTLED, State.OPEN]

"""The line of a week, and the figures behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

from jeeves.domain.drift import CUTS, Scores, Vocabulary, Words
from jeeves.domain.verdict import Label
from jeeves.domain.watching import ADVICE, Answers, FoundBy, Missed, SaidAlert, Watch, Week
from tests.builders import NOW

USUAL = (20, 10, 15, 20, 15, 10, 7, 3)
WORDS = Words(Vocabulary(300, 1000, 31, 1e-6), Vocabulary(300, 1000, 30, 1e-6))
WEEK = Week(NOW, 312, Answers(14, 8, (4,)), 1, Scores(USUAL, USUAL), WORDS)
WATCH = Watch(
    "model", WEEK, Answers(90, 52, (4, 5)), (Missed(7, FoundBy.LABEL, NOW),), ("zebra", "lunch")
)


def said(message_id: int, label: Label | None) -> SaidAlert:
    return SaidAlert(message_id, NOW, label)


def test_the_line_tells_the_week_in_counts() -> None:
    assert WATCH.line(UTC) == (
        "week to 19 Nov: 312 mails judged, 14 alerts (9 answered: 8 right, 1 needless), "
        "1 missed found later; 52 of 54 answers in 90 days right; "
        "scores as before (PSI 0.00), words as before (3.1 % unknown, 3.0 % before)"
    )


def test_a_quiet_week_is_a_line_too() -> None:
    empty, none = (0,) * (len(CUTS) + 1), Answers.of([])
    words = Words(Vocabulary.of([]), Vocabulary.of([]))
    week = Week(NOW, 0, none, 0, Scores(empty, empty), words)
    assert Watch("model", week, none, ()).line(UTC) == (
        "week to 19 Nov: 0 mails judged, no alerts, 0 missed found later; "
        "scores too few to tell, words too few to tell"
    )


def test_the_day_is_that_of_the_owners_clock() -> None:
    late = replace(WEEK, until=NOW.replace(hour=23))
    assert replace(WATCH, week=late).line(ZoneInfo("Asia/Tokyo")).startswith("week to 20 Nov:")


def test_what_changed_says_what_to_do() -> None:
    scores = Scores(USUAL, tuple(reversed(USUAL)))
    words = Words(Vocabulary(300, 1000, 90, 1e-6), Vocabulary(300, 1000, 30, 1e-6))
    for week in (replace(WEEK, scores=scores), replace(WEEK, words=words)):
        assert replace(WATCH, week=week).line(UTC).endswith(f": {ADVICE}")
    assert ADVICE not in WATCH.line(UTC)


def test_counts_of_one_are_singular() -> None:
    week = replace(WEEK, judged=1, answers=Answers(1, 0))
    line = replace(WATCH, week=week, answers=Answers(1, 1)).line(UTC)
    assert "1 mail judged, 1 alert (none answered)" in line
    assert "1 of 1 answer in 90 days right" in line


def test_answers_are_counted_by_message() -> None:
    place, other = Label.NEEDS_LOCATION, Label.OTHER
    answers = Answers.of([said(1, place), said(2, other), said(3, None), said(4, place)])
    assert (answers.alerts, answers.right, answers.needless) == (4, 2, (2,))
    assert answers.precision == 2 / 3


def test_of_no_answer_there_is_no_precision_and_of_one_kind_it_is_whole() -> None:
    assert Answers.of([said(1, None)]).precision is None
    assert Answers.of([said(1, Label.NEEDS_LOCATION)]).precision == 1
    assert Answers.of([said(1, Label.OTHER)]).precision == 0


def test_the_figures_are_json_without_a_word_of_a_mail() -> None:
    plain = json.dumps(WATCH.as_dict())
    assert json.loads(plain)["missed"] == [
        {"message": 7, "found_by": "label", "found_at": "2026-11-19T12:00:00+00:00"}
    ]
    assert json.loads(plain)["answers"]["needless"] == [4, 5]
    for told in (plain, repr(WATCH), WATCH.line(UTC), str(WEEK.counts())):
        assert "zebra" not in told
        assert "lunch" not in told

"""The written conversations, with the starter model: how often Jeeves says what a reader says."""

from __future__ import annotations

import pytest

from jeeves.service.replay import replay_thread
from scripts.bench.conversing.counting import TERMS, agreement, starter
from tests.conversations import conversations

#: Folder, and of its conversations the shares that are right at least: whether an alert was due,
#: and all of alert, state and the mail that settled. `scripts/bench/conversations` counts them.
FLOORS = [("open", 0.95, 0.9), ("more", 0.88, 0.78), ("sealed", 0.75, 0.45)]


@pytest.mark.parametrize(("folder", "alerts", "all_of_it"), FLOORS)
def test_conversations_are_understood(folder: str, alerts: float, all_of_it: float) -> None:
    scorer = starter()
    right = whole = count = 0
    for one in conversations(folder):
        said = replay_thread(one.messages, scorer, TERMS)
        told = agreement(said, one.expected.state, one.expected.alert_at)
        right += told["alert"]
        whole += all(told.values()) and said.settled_by == one.expected.settled_by
        count += 1
    assert count >= 44
    assert right >= alerts * count
    assert whole >= all_of_it * count


@pytest.mark.parametrize("folder", ["open", "more", "sealed"])
def test_an_alert_never_comes_of_a_mail_of_the_owners_or_after_a_place_stands(folder: str) -> None:
    """Promise 3."""
    scorer = starter()
    for one in conversations(folder):
        messages = one.messages
        said = replay_thread(messages, scorer, TERMS)
        if said.alert_at is None:
            continue
        asked = next(m for m in messages if f"<{m.message_id}>" == said.alert_at)
        assert not asked.own, one.name
        assert not asked.bulk, one.name

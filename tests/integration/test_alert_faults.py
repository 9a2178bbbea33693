"""Promise 3 where it counts: processes killed at random, over a Twilio on a bad day.

The small version of `scripts/bench/alerts faults`. Its clock stands still while anybody works.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench.alerting.faults import Trial, run
from scripts.bench.alerting.mischief import SENDING

ALERTS = 150


@pytest.mark.timeout(300)
def test_whatever_twilio_does_and_whoever_is_killed_no_text_is_lost_and_none_goes_twice(
    migrated_url: str, tmp_path: Path
) -> None:
    trial = Trial(ALERTS, workers=3, seed=5, kill_every=15, timeout=0.3, pace=0, longest=200)
    found = run(trial, migrated_url, tmp_path)
    assert found.kills >= 3
    assert found.steps.keys() >= SENDING.keys()
    fates = found.fates
    assert not fates.broken, fates
    assert fates.accepted + fates.refused + fates.expired == ALERTS
    assert fates.accepted > ALERTS / 2


def test_on_a_good_day_each_alert_is_one_request_and_is_known_to_have_been_sent(
    migrated_url: str, tmp_path: Path
) -> None:
    trial = Trial(30, workers=3, seed=1, kill_every=0, timeout=30, pace=0, faults=False)
    found = run(trial, migrated_url, tmp_path)
    assert (found.fates.accepted, found.fates.accepted_unknown, found.requests) == (30, 0, 30)

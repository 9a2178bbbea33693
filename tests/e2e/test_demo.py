"""The demo: the whole program without an account."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from jeeves.adapters.embedded import running
from tests.e2e.conftest import Jeeves
from tests.e2e.test_path import children, end, left_over


def test_one_round_shows_verdicts_texts_and_speech_and_exits(jeeves: Jeeves) -> None:
    jeeves.configure(SPEECH="file")
    out = jeeves.cold("run", "--once").stdout
    assert "first verdict" in out
    assert re.search(r"-> alert 0\.\d\d \(", out)
    assert re.search(r"-> quiet 0\.\d\d", out)
    assert re.search(r"text message: .*No place yet\..* jv-[0-9A-Z]{8}", out)
    assert re.search(r"spoken: .*There is no place yet\..*\(.*: /.*\.wav\)", out)
    # the table at the end holds what was there before, too
    assert "arrived before Jeeves watched" in out
    assert left_over(jeeves) == []


def test_the_demo_sends_nothing_even_where_twilio_is_configured(jeeves: Jeeves) -> None:
    jeeves.configure(
        TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        TWILIO_AUTH_TOKEN="none",
        TWILIO_FROM="+15005550006",
        TWILIO_BASE_URL="http://127.0.0.1:9",
        ALERT_TO="+15005550010",
    )
    out = jeeves.cold("demo", "--once").stdout
    assert "shown instead of sent" in out
    assert "could not deliver" not in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_seconds_and_leaves_no_process(
    jeeves: Jeeves, number: signal.Signals
) -> None:
    process = jeeves.start("run")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("first verdict"):
            break
    servers = children(process.pid)
    assert servers, "the demo should have servers of its own"
    _, seconds = end(process, number)
    assert process.returncode == 0
    assert seconds < 5
    assert not running(jeeves.home)
    assert [pid for pid in servers if Path(f"/proc/{pid}").exists()] == []
    assert left_over(jeeves) == []

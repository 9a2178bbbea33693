"""Messages on a terminal."""

from __future__ import annotations

from jeeves.domain.alert import AlertState
from jeeves.tables import STATES


def test_every_state_of_an_alert_has_a_word() -> None:
    assert set(STATES) == set(AlertState)

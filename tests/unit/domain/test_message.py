"""Identity, and what counts as live."""

from __future__ import annotations

from datetime import timedelta

from jeeves.domain.message import Cursor, Origin
from tests.builders import NOW, a_message

CURSOR = Cursor("INBOX", 1, last_uid=0, live_from=10, history_from=NOW - timedelta(days=14))


def test_mail_that_was_there_first_is_history_and_later_mail_is_live() -> None:
    assert CURSOR.origin(9, NOW) is Origin.BACKFILL
    assert CURSOR.origin(10, NOW) is Origin.LIVE


def test_after_a_renumbering_mail_since_the_last_read_is_live() -> None:
    cursor = Cursor("INBOX", 2, 0, 10, NOW - timedelta(days=14), live_since=NOW)
    assert cursor.origin(5, NOW + timedelta(seconds=1)) is Origin.LIVE
    assert cursor.origin(5, NOW - timedelta(seconds=1)) is Origin.BACKFILL


def test_history_is_read_until_the_first_live_uid() -> None:
    assert CURSOR.reads_history
    assert not Cursor("INBOX", 1, 9, 10, NOW).reads_history


def test_the_strongest_identity_is_the_fingerprint() -> None:
    assert a_message(gmail_id="7").fingerprint == "gm:7"
    assert a_message(gmail_id=None, message_id="m@x").fingerprint == "id:m@x"
    assert a_message(gmail_id=None, message_id="", digest="d").fingerprint == "sha256:d"

"""What the connection that writes labels refuses to send."""

from __future__ import annotations

from typing import Any

import pytest

from jeeves.adapters.gmail_labels import refuse

ADD = ("STORE", "1:3", "+X-GM-LABELS")


@pytest.mark.parametrize(
    "command",
    [
        ("UID", *ADD, '("Jeeves/needs place")'),
        ("UID", *ADD, b'("Jeeves/needs place" Jeeves/settled)'),
        ("uid", "store", b"7", b"-x-gm-labels", '("Jeeves/settled")'),
        ("CREATE", '"Jeeves/needs place"'),
        ("CREATE", "Jeeves/settled"),
        ("SELECT", '"[Gmail]/All Mail"'),
        ("EXAMINE", "INBOX"),
        ("NOOP",),
        ("LOGOUT",),
        ("UID", "SEARCH", "UID", "*"),
    ],
)
def test_our_labels_may_be_written(command: tuple[Any, ...]) -> None:
    refuse(*command)


@pytest.mark.parametrize(
    "command",
    [
        ("UID", *ADD, '("Jeeves")'),
        ("UID", *ADD, '("Jeeves/yes")'),
        ("UID", *ADD, '("Jeeves/needs place" "Work")'),
        ("UID", *ADD, '("Jeeves/needs place" "\\\\Trash")'),
        ("UID", *ADD, '("Jeeves/settled" (\\Deleted))'),
        ("UID", *ADD, "()"),
        ("UID", *ADD, "Jeeves/settled"),
        ("UID", *ADD, '("jeeves/settled")'),
        ("UID", *ADD, '("Jeeves/settled")', "\r\nA1 EXPUNGE"),
        ("UID", "STORE", "1", "X-GM-LABELS", '("Jeeves/settled")'),
        ("UID", "STORE", "1", "+FLAGS", "(\\Seen)"),
        ("UID", "STORE", "1", "-FLAGS", '("Jeeves/settled")'),
        ("UID", "MOVE", "1", '"Jeeves/settled"'),
        ("UID", "COPY", "1", '"Jeeves/settled"'),
        ("UID", "EXPUNGE", "1"),
        ("UID", "FETCH", "1", "(BODY[])"),
        ("STORE", "1", "+X-GM-LABELS", '("Jeeves/settled")'),
        ("CREATE", '"Jeeves"'),
        ("CREATE", '"Work"'),
        ("CREATE", '"Jeeves/settled" "Work"'),
        ("DELETE", '"Jeeves/settled"'),
        ("RENAME", '"Jeeves/settled"', '"Jeeves/needs place"'),
        ("APPEND", '"Jeeves/settled"'),
        ("FETCH", "1", "(BODY[])"),
        ("EXPUNGE",),
        ("CLOSE",),
        ("X-NEW",),
    ],
)
def test_whatever_else_could_change_a_mailbox_is_refused(command: tuple[Any, ...]) -> None:
    """Promise 1."""
    with pytest.raises(RuntimeError, match="is not sent"):
        refuse(*command)

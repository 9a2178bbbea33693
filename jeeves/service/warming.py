"""What the first mail would have to wait for, done before it comes."""

from __future__ import annotations

from datetime import datetime

from jeeves.domain.message import FetchedMail, Message, Origin
from jeeves.domain.ports import Scorer
from jeeves.mail.mime import read
from jeeves.service.deciding import turn

_MAIL = b"""\
From: Ana Lopez <ana@example.org>
To: Sam Reader <sam@example.org>
Subject: Lunch on Thursday?
Message-ID: <warming@example.org>

Hi Sam,

would you like to meet for lunch on Thursday at 12:30, or shall we rather talk on the phone?

Ana
"""


def warm_up(scorer: Scorer, now: datetime) -> None:
    """Read, score and hear a mail that nobody wrote.

    The phrases that people use to meet are taken apart at first use, which takes 0.2 s.
    """
    message = read(FetchedMail(raw=_MAIL, mailbox="", received_at=now), "", Origin.IMPORT)
    assert isinstance(message, Message)  # noqa: S101  # it is ours
    scorer.score(message)
    turn(message, "", needs_location=True)

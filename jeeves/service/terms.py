"""What the owner asked for, as far as telling goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from jeeves.domain.outbox import DigestText, digest_text
from jeeves.domain.schedule import Rules
from jeeves.domain.templates import Templates
from jeeves.service.silence import SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Terms:
    """How alerts are told; by default nothing holds them back."""

    rules: Rules = field(default_factory=Rules)
    make_digest: DigestText = digest_text
    #: What alerts say.
    templates: Templates = field(default_factory=Templates)
    #: Whether a text ends with a link to the message in Gmail.
    links: bool = False
    #: What is wrong for longer than this is told.
    silent_after: timedelta = SILENT_AFTER


#: Nothing holds alerts back.
FREE = Terms()

"""What the owner asked for, as far as telling goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from jeeves.domain.alert import Channel
from jeeves.domain.outbox import DigestText, digest_text
from jeeves.domain.schedule import Rules
from jeeves.domain.templates import Templates
from jeeves.domain.week import WeeklyAt
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
    #: The channel that is told only what the first one could not deliver; None: there is none.
    fallback: Channel | None = None
    #: When the digest of the week is made; None: it is not wanted.
    weekly: WeeklyAt | None = None

    def told_first(self, channels: Iterable[Channel]) -> list[Channel]:
        """The channels on which everything is told; a fallback that is alone is none."""
        listed = list(channels)
        return [channel for channel in listed if channel is not self.fallback] or listed

    def relieved(self, channel: Channel, others: Iterable[Channel]) -> Channel | None:
        """The first channel, if ``channel`` stands in for it; None where it does not."""
        return next(iter(others), None) if channel is self.fallback else None


#: Nothing holds alerts back.
FREE = Terms()

"""Gmail's extension on top of IMAP: X-GM-MSGID, X-GM-THRID, X-GM-LABELS.

https://developers.google.com/workspace/gmail/imap/imap-extensions. Where the server does not
announce X-GM-EXT-1 the mailbox is plain IMAP, so one class serves every account.
"""

from __future__ import annotations

from dataclasses import replace

from jeeves.adapters.imap import ImapMailbox, Response, decode_label, strings
from jeeves.domain.message import DRAFT, FetchedMail, Listed, Marks
from jeeves.domain.ports import MailboxStatus
from jeeves.errors import ConfigError

EXTENSION = "X-GM-EXT-1"
STARRED = "\\Starred"
#: Mailboxes that are no labels of the owner's begin so.
SYSTEM = ("[Gmail]", "[Google Mail]", "[GoogleMail]")


class GmailMailbox(ImapMailbox):
    """A mailbox whose mails carry Gmail's own identity, conversation and labels."""

    @property
    def is_gmail(self) -> bool:
        """Whether the server has Gmail's extension; not without a connection."""
        return self._session.has(EXTENSION)

    def _facts(self) -> list[str]:
        plain = super()._facts()
        if self._session.has(EXTENSION):
            return [*plain, "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"]
        return plain

    def uids_after(self, uid: int) -> list[int]:
        """All UIDs greater than ``uid`` that the filter lets through, ascending."""
        if self._settings.gmail_filter is None:
            return super().uids_after(uid)
        self._status()
        if not self._session.has(EXTENSION):
            raise ConfigError(
                f"{self._settings.host} does not offer Gmail's search: take the filter away."
            )
        words = ["X-GM-RAW", self._settings.gmail_filter]
        charset = None if self._settings.gmail_filter.isascii() else "UTF-8"
        return self._news(uid, *words, charset=charset)

    def _fetched(self, uid: int, raw: bytes, facts: Response, status: MailboxStatus) -> FetchedMail:
        mail = super()._fetched(uid, raw, facts, status)
        if b"X-GM-MSGID" not in facts:
            return mail
        return replace(
            mail,
            gmail_id=str(facts[b"X-GM-MSGID"]),
            gmail_thread_id=str(facts[b"X-GM-THRID"]),
        )

    def _mark_items(self) -> list[str]:
        plain = super()._mark_items()
        return [*plain, "X-GM-LABELS"] if self._session.has(EXTENSION) else plain

    def _listing_facts(self) -> list[str]:
        plain = super()._listing_facts()
        return [*plain, "X-GM-MSGID", "X-GM-THRID"] if self._session.has(EXTENSION) else plain

    def _listed(self, uid: int, facts: Response) -> Listed:
        listed = super()._listed(uid, facts)
        if b"X-GM-MSGID" not in facts:
            return listed
        return replace(
            listed,
            gmail_id=str(facts[b"X-GM-MSGID"]),
            gmail_thread_id=str(facts[b"X-GM-THRID"]),
        )

    def _marks(self, facts: Response, mailbox: str) -> Marks:
        plain = super()._marks(facts, mailbox)
        if b"X-GM-LABELS" not in facts:
            return plain
        labels = [decode_label(label) for label in strings(facts[b"X-GM-LABELS"])]
        # Gmail leaves the label of the mailbox that is examined out of the list
        selected = "\\Inbox" if mailbox.upper() == "INBOX" else mailbox
        if not mailbox.startswith(SYSTEM) and selected not in labels:
            labels.append(selected)
        if DRAFT not in labels and (DRAFT in plain.labels or "\\Drafts" in labels):
            labels.append(DRAFT)
        return Marks(tuple(labels), plain.starred or STARRED in labels)

"""Any IMAP server, read-only (RFC 3501)."""

from jeeves.adapters.imap.account import ImapAccount, Timing
from jeeves.adapters.imap.fetching import Response
from jeeves.adapters.imap.mailbox import ImapMailbox
from jeeves.adapters.imap.marks import strings
from jeeves.adapters.imap.tokens import decode_label

__all__ = ["ImapAccount", "ImapMailbox", "Response", "Timing", "decode_label", "strings"]

"""Any IMAP server, read-only (RFC 3501)."""

from jeeves.adapters.imap.account import ImapAccount, Timing
from jeeves.adapters.imap.client import Declined
from jeeves.adapters.imap.fetching import Response
from jeeves.adapters.imap.mailbox import ImapMailbox
from jeeves.adapters.imap.marks import sequence_set, strings
from jeeves.adapters.imap.session import Session
from jeeves.adapters.imap.tokens import decode_label, words

__all__ = [
    "Declined",
    "ImapAccount",
    "ImapMailbox",
    "Response",
    "Session",
    "Timing",
    "decode_label",
    "sequence_set",
    "strings",
    "words",
]

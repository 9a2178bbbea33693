"""How to reach one account, and how long to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that the connection may take; together they bound how long its death is unseen."""

    connect: float = 15.0
    #: A server that says nothing for this long while it owes an answer is taken for gone.
    read: float = 30.0
    #: An answer that is not complete after this long is given up, however it trickles.
    command: float = 120.0
    #: IDLE is ended, which must be answered, and renewed this often: a connection that died in
    #: silence is noticed within ``probe`` and ``read``. RFC 2177 asks for a renewal within 29
    #: minutes; routers and Gmail forget sooner.
    probe: float = 85.0
    #: EXAMINE is asked anew this often: a server tells of a new UIDVALIDITY nowhere else.
    examine: float = 3600.0
    #: IDLE looks up this often whether it should stop.
    stop: float = 0.5
    logout: float = 2.0


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """How to reach one account."""

    address: str
    password: str = field(repr=False)
    host: str
    port: int
    security: Security
    #: PEM file of the authorities to trust in place of the system's.
    ca_file: str | None = None
    #: None chooses All Mail by SPECIAL-USE (RFC 6154), else INBOX.
    mailbox: str | None = None
    #: Further addresses of its owner, in lower case.
    aliases: tuple[str, ...] = ()
    #: Gives an OAuth access token, a new one for True; it stands in for the password.
    token: Callable[[bool], str] | None = None
    #: Only mail that Gmail's search finds with these words is read (X-GM-RAW).
    gmail_filter: str | None = None
    #: Is told how many seconds each answer to a command took.
    timed: Callable[[float], None] = lambda _: None

"""What Gmail says where it refuses."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """The text of a tagged NO, as users of Gmail have reported it."""

    CREDENTIALS = "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"
    APP_PASSWORD = (
        "[ALERT] Application-specific password required: "  # noqa: S105 - of one, not one
        "https://support.google.com/accounts/answer/185833 (Failure)"
    )
    IMAP_OFF = (
        "[ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page "
        "and enable your account for IMAP access. (Failure)"
    )
    CONNECTIONS = "[ALERT] Too many simultaneous connections. (Failure)"
    QUOTA = "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"


#: Gmail's answer, as a challenge, to an access token that does not let in
#: (developers.google.com/workspace/gmail/imap/xoauth2-protocol).
TOKEN_CHALLENGE = b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'

"""What a refused login means, and what mends it."""

from __future__ import annotations

from jeeves.errors import LoginRefused, MailboxUnavailable, OverQuota

#: RFC 9208, 5.1.4; Gmail answers so when a day's bandwidth is used up.
OVER_QUOTA = "[overquota]"


def over_quota(host: str) -> OverQuota:
    """The server gives no more today."""
    return OverQuota(
        f"{host} says that this account's bandwidth is used up for now: try again tomorrow; "
        "nothing is lost."
    )


def login_error(
    answer: str, host: str, by_token: bool = False
) -> LoginRefused | MailboxUnavailable:
    """What a refused login means, and what mends it."""
    text = answer.lower()
    if OVER_QUOTA in text:
        return over_quota(host)
    if "too many simultaneous" in text or "[unavailable]" in text:
        return MailboxUnavailable(
            f"{host} takes no more connections for this account at the moment: trying again."
        )
    if "application-specific password" in text:
        return LoginRefused(
            "Gmail wants an app password in GMAIL_APP_PASSWORD, not the account's own: make one "
            "at https://myaccount.google.com/apppasswords."
        )
    if "not enabled" in text or "disabled" in text:
        return LoginRefused(
            f"{host} says that IMAP is switched off for this account: switch it on in the "
            "mailbox's settings, or ask the organisation's administrator."
        )
    if by_token:
        return LoginRefused(
            f"{host} refused the OAuth token: run `jeeves auth google` again and consent as the "
            "very account that is to be read."
        )
    return LoginRefused(
        f"{host} refused the login: check GMAIL_ADDRESS and GMAIL_APP_PASSWORD (Gmail takes app "
        "passwords only: https://myaccount.google.com/apppasswords)."
    )

"""Access tokens that do not run out: refreshed before they end, kept for other processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeeves.adapters.google_auth import stored
from jeeves.adapters.google_auth.endpoint import (
    PART_SECONDS,
    REQUEST_SECONDS,
    ask,
    prepare,
    require_answer,
)
from jeeves.errors import LoginRefused

if TYPE_CHECKING:
    from requests import Response

#: A token that ends within this is not handed out any more.
EARLY = timedelta(minutes=5)


class GoogleToken:
    """Gives access tokens for the account whose consent is kept in ``path``.

    The ``token`` of `jeeves.adapters.imap.ImapAccount`. Any number of processes and threads may
    share the file: the last complete one counts.

    Args:
        path: Written by `authorise`, and after each refresh.
        seconds: How long one refresh may take.
    """

    def __init__(self, path: Path, seconds: float = REQUEST_SECONDS) -> None:
        self._path = path
        self._seconds = seconds

    def __call__(self, new: bool) -> str:
        """An access token that is good for five minutes at least; a ``new`` one if asked for.

        Raises:
            LoginRefused: there is no consent, or Google no longer accepts it.
            MailboxUnavailable: Google could not be asked.
            ConfigError: the token cannot be kept.
        """
        token = stored.read(self._path)
        if not new and token.expires_at - datetime.now(UTC) > EARLY:
            return token.access_token
        refreshed = ask(lambda: _refreshed(token), self._seconds)
        # A consent that was given meanwhile is not overwritten with what is left of the old one.
        if stored.read(self._path).refresh_token == token.refresh_token:
            stored.write(self._path, refreshed)
        return refreshed.access_token


def _refreshed(token: stored.StoredToken) -> stored.StoredToken:
    """``token`` with the next access token (RFC 6749, 6)."""
    # Imported here: they take 300 ms and 35 MB, which a token that is still good need not cost.
    from google.auth.exceptions import RefreshError
    from google.oauth2.credentials import Credentials

    credentials: Any = Credentials(  # type: ignore[no-untyped-call]
        token.access_token,
        refresh_token=token.refresh_token,
        token_uri=token.token_uri,
        client_id=token.client_id,
        client_secret=token.client_secret,
    )
    try:
        credentials.refresh(_Transport())
    except RefreshError as exc:
        if len(exc.args) == 1:
            # The one refusal that google-auth tells without the answer: invalid_rapt.
            raise LoginRefused(
                "The organisation of this Google account ends sessions after some hours: run "
                "`jeeves auth google` again, and ask its administrator to trust the OAuth client."
            ) from None
        raise refusal(exc.args[1].get("error")) from None
    return replace(
        token,
        access_token=credentials.token,
        expires_at=credentials.expiry.replace(tzinfo=UTC),
        # Google sends a new one seldom; whoever lost it would be locked out.
        refresh_token=credentials.refresh_token,
    )


def refusal(error: object) -> LoginRefused:
    """What it means that Google answered ``error`` (RFC 6749, 5.2), and what mends it."""
    if error == "invalid_grant":
        return LoginRefused(
            "Google no longer accepts the consent for this account, which was revoked or has "
            "ended: run `jeeves auth google` again (where the consent screen is in Testing, each "
            "consent dies after 7 days: publish the app first, at "
            "https://console.cloud.google.com/auth/audience)."
        )
    if error in ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"):
        return LoginRefused(
            f"Google does not accept the OAuth client ({error}): download its JSON file anew at "
            "https://console.cloud.google.com/auth/clients, then run `jeeves auth google` again."
        )
    said = error if isinstance(error, str) and error.isidentifier() else "no reason given"
    return LoginRefused(
        f"Google refused a new access token ({said}): run `jeeves auth google` again."
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as `google.auth.transport.Response` wants it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _Transport:
    """`google.auth.transport.Request`, safe and impatient.

    In place of google-auth's own, which waits for 120 s and follows redirects; and what is no
    answer is raised, for else google-auth would ask again at once, which the daemon does later.
    """

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # ours always holds
        **_: Any,
    ) -> _Answer:
        """Google's yes or no."""
        import requests

        with requests.Session() as session:
            prepare(session, url)
            answer: Response = require_answer(
                session.request(method, url, data=body, headers=headers, timeout=PART_SECONDS)
            )
        return _Answer(answer.status_code, answer.headers, answer.content)

"""Asking the owner of an account for consent, in the browser, once."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeeves.adapters.google_auth import stored
from jeeves.adapters.google_auth.endpoint import (
    PART_SECONDS,
    REQUEST_SECONDS,
    ask,
    is_plain_http,
    prepare,
    require_answer,
)
from jeeves.adapters.google_auth.token import refusal
from jeeves.errors import ConfigError, LoginRefused

if TYPE_CHECKING:
    from google_auth_oauthlib.flow import InstalledAppFlow

    from jeeves.adapters.google_auth.redirect import Redirect

CLIENTS = "https://console.cloud.google.com/auth/clients"
#: Seconds that the owner has in the browser.
CONSENT_SECONDS = 600.0


def authorise(
    client_file: Path,
    address: str,
    path: Path,
    show: Callable[[str, int], None],
    seconds: float = CONSENT_SECONDS,
    request_seconds: float = REQUEST_SECONDS,
) -> datetime | None:
    """Get the consent of the account ``address`` and keep it in ``path``.

    Args:
        client_file: JSON of an OAuth client of type "Desktop app", as Google gives it.
        show: Is told the address that the owner has to open, and the port of this machine that
            the browser will come back to.
        seconds: How long the owner is waited for.
        request_seconds: How long the exchange of the code may take.

    Returns:
        When Google ends this consent; None where it does not, as it should be.

    Raises:
        ConfigError: the client file cannot be used, or the token cannot be kept.
        LoginRefused: there was no consent.
        MailboxUnavailable: Google could not be asked.
    """
    from jeeves.adapters.google_auth.redirect import listen

    client = read_client(client_file)
    state = secrets.token_urlsafe(32)
    with _stand_in_allowed(client), listen(state) as redirect:
        flow = _flow(client, redirect)
        # Only "consent" makes Google give a refresh token to somebody who has had one before.
        asked, _ = flow.authorization_url(state=state, prompt="consent", login_hint=address)
        show(asked, redirect.port)
        came = redirect.wait(seconds)
        code = _code(came)
        given = ask(lambda: _exchange(flow, code), request_seconds)
    now = datetime.now(UTC)
    if not given.get("refresh_token"):
        raise LoginRefused(
            "Google gave a token for one hour only: take Jeeves's access away at "
            "https://myaccount.google.com/connections and run `jeeves auth google` again."
        )
    remaining = given.get("refresh_token_expires_in")
    ends = now + timedelta(seconds=remaining) if isinstance(remaining, int) else None
    stored.write(
        path,
        stored.StoredToken(
            access_token=given["access_token"],
            expires_at=now + timedelta(seconds=given["expires_in"]),
            refresh_token=given["refresh_token"],
            client_id=client["client_id"],
            client_secret=client["client_secret"],
            token_uri=client["token_uri"],
            consent_ends=ends,
        ),
    )
    return ends


def read_client(path: Path) -> Mapping[str, str]:
    """The OAuth client in ``path``: client_id, client_secret, auth_uri, token_uri.

    Raises:
        ConfigError: the file is not one of a desktop app, or its addresses are not safe.
    """
    try:
        kinds = json.loads(path.read_text(encoding="utf-8"))
        if "installed" not in kinds and "web" in kinds:
            raise ConfigError(
                f"The OAuth client in {path} is of type Web application: create one of type "
                f"Desktop app at {CLIENTS} and download its JSON file."
            )
        client = kinds["installed"]
        names = ("client_id", "client_secret", "auth_uri", "token_uri")
        found = {name: client[name] for name in names}
    except OSError as exc:
        raise ConfigError(
            f"The OAuth client file {path} cannot be read ({type(exc).__name__}): give the JSON "
            f"file of a client of type Desktop app, from {CLIENTS}."
        ) from exc
    except (ValueError, LookupError, TypeError):
        found = {}
    if not found or not all(isinstance(value, str) and value for value in found.values()):
        raise ConfigError(
            f"{path} is not the JSON file of an OAuth client: create one of type Desktop app at "
            f"{CLIENTS} and download its JSON file."
        )
    for name in ("auth_uri", "token_uri"):
        is_plain_http(found[name])
    return found


def _flow(client: Mapping[str, str], redirect: Redirect) -> InstalledAppFlow:
    from google_auth_oauthlib.flow import InstalledAppFlow

    flow = InstalledAppFlow.from_client_config({"installed": client}, [stored.SCOPE])
    flow.redirect_uri = redirect.uri
    prepare(flow.oauth2session, client["token_uri"])
    flow.oauth2session.register_compliance_hook("access_token_response", require_answer)
    return flow


def _code(came: Mapping[str, str] | None) -> str:
    """The authorization code that the browser brought (RFC 6749, 4.1.2).

    Raises:
        LoginRefused: it brought a refusal, or nothing.
    """
    if came is None:
        raise LoginRefused(
            "Nobody consented in the browser in time: run `jeeves auth google` again."
        )
    if "code" in came:
        return came["code"]
    if came.get("error") == "access_denied":
        raise LoginRefused(
            "The consent was refused in the browser: run `jeeves auth google` again and allow it "
            "(where the consent screen is in Testing, the account must be among its test users: "
            "https://console.cloud.google.com/auth/audience)."
        )
    raise refusal(came.get("error"))


def _exchange(flow: InstalledAppFlow, code: str) -> Mapping[str, Any]:
    """The tokens for an authorization code (RFC 6749, 4.1.3)."""
    from oauthlib.oauth2 import OAuth2Error

    try:
        tokens: Mapping[str, Any] = flow.fetch_token(code=code, timeout=PART_SECONDS)
    except OAuth2Error as exc:
        raise refusal(exc.error) from None
    except Warning:
        # What oauthlib raises when the scope is not the one that was asked for.
        raise LoginRefused(
            "The consent does not include reading mail: run `jeeves auth google` again and leave "
            "the box for Gmail ticked."
        ) from None
    return tokens


@contextmanager
def _stand_in_allowed(client: Mapping[str, str]) -> Iterator[None]:
    """Let oauthlib, which takes only https, speak with a stand-in on this machine."""
    name = "OAUTHLIB_INSECURE_TRANSPORT"
    plain = is_plain_http(client["auth_uri"]) or is_plain_http(client["token_uri"])
    if name in os.environ or not plain:
        yield
        return
    os.environ[name] = "1"
    try:
        yield
    finally:
        del os.environ[name]

"""The file that keeps what a consent gave: one for each account, for its owner's eyes only."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jeeves.errors import ConfigError, LoginRefused

#: Reading and writing mail by IMAP; Google has no narrower scope for it.
SCOPE = "https://mail.google.com/"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """An access token, and what it takes to get the next one. Moments are aware, UTC."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    token_uri: str
    #: When Google ends the consent whatever is done; None where it does not.
    consent_ends: datetime | None = None


def read(path: Path) -> StoredToken:
    """What ``path`` keeps.

    Raises:
        LoginRefused: there is no such file, or it cannot be used.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        ends = kept.get("consent_ends")
        return StoredToken(
            access_token=_text(kept, "token"),
            expires_at=_moment(kept["expiry"]),
            refresh_token=_text(kept, "refresh_token"),
            client_id=_text(kept, "client_id"),
            client_secret=_text(kept, "client_secret"),
            token_uri=_text(kept, "token_uri"),
            consent_ends=_moment(ends) if ends else None,
        )
    except FileNotFoundError as exc:
        raise LoginRefused(
            "Google has not been asked for this account's consent yet: run `jeeves auth google`."
        ) from exc
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
        # Not `from exc`: a decoder's error holds the whole text.
        raise LoginRefused(
            f"The account's token in JEEVES_HOME/oauth cannot be read ({type(exc).__name__}): "
            "run `jeeves auth google` again."
        ) from None


def write(path: Path, token: StoredToken) -> None:
    """Keep ``token`` in ``path``; whoever reads at the same time finds the old file or the new.

    The format is that of google-auth's "authorized user" files, and one key of ours.

    Raises:
        ConfigError: the file cannot be written.
    """
    kept = {
        "type": "authorized_user",
        "token": token.access_token,
        "expiry": _iso(token.expires_at),
        "refresh_token": token.refresh_token,
        "client_id": token.client_id,
        "client_secret": token.client_secret,
        "token_uri": token.token_uri,
        "scopes": [SCOPE],
        "consent_ends": _iso(token.consent_ends) if token.consent_ends else None,
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        # Made with mode 0600, under a name that no other process has.
        number, aside = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(aside).unlink()
            raise
    except OSError as exc:
        raise ConfigError(
            f"The account's token cannot be kept in JEEVES_HOME/oauth ({type(exc).__name__}): "
            "see that the folder can be written and the disk has room."
        ) from exc


def consent_ends(path: Path) -> datetime | None:
    """When Google ends the consent kept in ``path``; None where it does not, or none is kept."""
    try:
        return read(path).consent_ends
    except LoginRefused:
        return None


def _text(kept: dict[str, Any], name: str) -> str:
    value = kept[name]
    if not isinstance(value, str) or not value:
        raise TypeError(name)
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

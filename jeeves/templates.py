"""The sentences of alerts as the owner has changed them: a TOML file of templates by name."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path

from jeeves.domain.templates import NAMES, Templates, mistake
from jeeves.errors import ConfigError

NAME = "templates.toml"
CLOCKS = (12, 24)


def read_templates(path: Path) -> Templates:
    """The templates of a file such as ``alert = "{who}: {what}[ {when}]? No place yet."``.

    What the file does not name stays as it is.

    Raises:
        ConfigError: it cannot be read or used; one sentence that names the file and the place.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not written in UTF-8: save it in that encoding.") from exc
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read ({type(exc).__name__}).") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is no TOML: {exc}.") from exc
    for name, value in written.items():
        wrong = _clock_mistake(value) if name == "clock" else _mistake(name, value)
        if wrong is not None:
            raise ConfigError(f"{path}: {' '.join(name.split())} {wrong}.")
    return Templates(**written)


def _clock_mistake(value: object) -> str | None:
    fine = type(value) is int and value in CLOCKS
    return None if fine else "is neither 12 nor 24, the form of the hour"


def _mistake(name: str, value: object) -> str | None:
    if name not in NAMES:
        close = difflib.get_close_matches(name, (*NAMES, "clock"), n=1)
        meant = f": did you mean {close[0]}" if close else f"; there are {', '.join(NAMES)}, clock"
        return f"is no template{meant}"
    if not isinstance(value, str):
        return "is no text in quotation marks"
    return mistake(name, value)

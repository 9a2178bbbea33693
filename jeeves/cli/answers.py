"""Answers from a file, for machines: the questions of `jeeves init` without anybody to ask."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeeves.cli import trying
from jeeves.cli.drafting import ASKED, MAIL, RIVALS, TEXTS, VOICE, Draft, mistake
from jeeves.errors import ConfigError
from jeeves.slips import suggestion

#: Of so many days of mail it is shown what would have been said.
DAYS, MOST_DAYS = 30, 3650
#: What only a file of answers says, and what is meant where it does not.
COURSE: dict[str, bool | int] = {
    "try": True, "test_text": True, "test_word": True, "days": DAYS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file of answers says."""

    #: By the setting's name in small letters; "" takes a setting away.
    values: dict[str, str]
    #: Whether each link is tried before anything is written.
    attempt: bool
    #: Whether trying sends a text, and says a word aloud.
    test_text: bool
    test_word: bool
    #: Of how many days of mail it is shown what would have been said; 0 of none.
    days: int


def read_answers(path: Path) -> Answers:
    """The answers in a TOML file: names of settings, in small letters or capitals, and values.

    Besides, ``try``, ``test_text`` and ``test_word`` (true or false) and ``days``.

    Raises:
        ConfigError: it cannot be read or used; one sentence that shows no value.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"{path} cannot be read ({type(exc).__name__}): --answers takes a file in TOML."
        ) from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is no TOML: {exc}.") from exc
    values: dict[str, str] = {}
    course = dict(COURSE)
    for name, value in written.items():
        small = name.lower()
        if small in COURSE:
            course[small] = _course(path, small, value)
        elif small in ASKED:
            values[small] = _value(path, small, value)
        else:
            known = {one.upper() for one in (*ASKED, *COURSE)}
            what = suggestion(name, known)
            where = what if "did you mean" in what else f": it knows {', '.join(sorted(known))}"
            raise ConfigError(f"{path}: {name} is no question of `jeeves init`{where}.")
    for name in values:
        for rival in RIVALS.get(name, ()):
            if values[name] and values.get(rival):
                raise ConfigError(
                    f"{path} gives both {name} and {rival}: give one, for Jeeves uses one."
                )
    return Answers(
        values=values,
        attempt=bool(course["try"]),
        test_text=bool(course["test_text"]),
        test_word=bool(course["test_word"]),
        days=int(course["days"]),
    )


def apply(answers: Answers, draft: Draft, tell: Callable[[str], None]) -> None:
    """Take down the answers and try every link; nothing is written.

    Args:
        answers: What the file says.
        draft: Where they are taken down.
        tell: Told how each link is.

    Raises:
        JeevesError: what cannot be used or does not work.
    """
    for name, value in answers.values.items():
        if draft.fixed(name):
            tell(f"{name.upper()} stands in the environment, which goes before .env")
        draft.answer(name, value)
    settings = draft.settings()
    if not answers.attempt:
        return
    if settings.gmail_address:
        tell(trying.login(draft.settings(MAIL)))
    if settings.has_sms:
        texts = draft.settings(TEXTS)
        tell(trying.credentials(texts))
        if answers.test_text:
            tell(trying.text(texts))
    if settings.speech != "off":
        aloud = settings.speech == "on" and answers.test_word
        spoken = draft.settings(VOICE)
        tell(trying.word(spoken) if aloud else trying.voice(spoken))


def _course(path: Path, name: str, value: Any) -> bool | int:
    if name == "days":
        if type(value) is int and 0 <= value <= MOST_DAYS:
            return value
        raise ConfigError(f"{path}: days is not a whole number from 0 to {MOST_DAYS}.")
    if type(value) is bool:
        return value
    raise ConfigError(f"{path}: {name} is neither true nor false.")


def _value(path: Path, name: str, value: Any) -> str:
    if type(value) not in (str, int):
        raise ConfigError(f'{path}: {name} is not a text such as {name} = "...".')
    said = str(value).strip()
    if said and (wrong := mistake(name, said)):
        raise ConfigError(f"{path}: {name} {wrong}.")
    return said

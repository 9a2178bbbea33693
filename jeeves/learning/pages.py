"""Pages that need nothing but a browser: templates beside this module, everything escaped."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from typing import Any

from jeeves.errors import ConfigError

PACKAGES = ("matplotlib", "jinja2")


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot on a page."""

    title: str
    caption: str
    light: str
    dark: str


def can_draw() -> bool:
    """Whether the packages that pages need are installed."""
    return not _missing()


def require_plots() -> None:
    """Raise ConfigError where the packages of the report are not installed."""
    if missing := _missing():
        raise ConfigError(
            f"The report needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not "
            "installed: pip install 'jeeves[report]', or leave out --report."
        )


def render(template: str, **content: Any) -> str:
    """The page that ``template``, a file beside this module, makes of ``content``."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**content)


def _source(name: str) -> str:
    return resources.files("jeeves.learning").joinpath(name).read_text("utf-8")


def _missing() -> list[str]:
    return [name for name in PACKAGES if find_spec(name) is None]

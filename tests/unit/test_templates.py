"""The file of templates: what it changes, and one sentence for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jeeves.domain.templates import Templates
from jeeves.errors import ConfigError
from jeeves.settings import load_settings
from jeeves.templates import read_templates


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEEVES_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_template_that_the_file_does_not_name_stays(folder: Path) -> None:
    path = written(folder / "own.toml", "clock = 24\nalert = '{who}: {what}[, {when}]?'\n")
    assert read_templates(path) == Templates(clock=24, alert="{who}: {what}[, {when}]?")
    assert read_templates(written(folder / "none.toml", "")) == Templates()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("alert = ", "is no TOML"),
        ("alert = 'x'\nalert = 'y'", "is no TOML"),
        ("alrt = '{who} {what}'", "alrt is no template: did you mean alert."),
        ("x = 1", "x is no template; there are alert, alert_plain,"),
        ("[alert]\ntext = '{who} {what}'", "alert is no text in quotation marks."),
        ("alert = ['{who} {what}']", "alert is no text in quotation marks."),
        ("clock = 13", "clock is neither 12 nor 24"),
        ("clock = '24'", "clock is neither 12 nor 24"),
        ("clock = true", "clock is neither 12 nor 24"),
        ("alert = 'Hello'", "alert does not name {what}."),
        ("settled = '{why}'", "settled names something else than {place}, {what}, {when}, {who}"),
        ("settled = 'Done.'", "settled does not name {place}."),
        ("spoken_alert = '{who.name} {what}'", "spoken_alert names something else than"),
        ("alert = '{who} {what'", "alert has a brace without its other half"),
        ('"a\\nb" = 1', "a b is no template"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_file_and_place(
    folder: Path, text: str, sentence: str
) -> None:
    path = written(folder / "own.toml", text)
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        read_templates(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_in_another_encoding_or_no_file_is_told(folder: Path) -> None:
    path = folder / "own.toml"
    path.write_bytes("alert = '{who} möchte {what}'".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not written in UTF-8"):
        read_templates(path)
    with pytest.raises(ConfigError, match=r"cannot be read \(FileNotFoundError\)"):
        read_templates(folder / "not-there.toml")
    with pytest.raises(ConfigError, match=r"cannot be read \(IsADirectoryError\)"):
        read_templates(folder)


def test_the_settings_name_the_file_or_home_has_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().templates == Templates()
    written(folder / "home" / "templates.toml", "clock = 24")
    assert load_settings().templates.clock == 24
    monkeypatch.setenv("ALERT_TEMPLATES_FILE", str(written(folder / "own.toml", "")))
    assert load_settings().templates == Templates()


def test_a_mistake_in_the_file_is_told_when_the_settings_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_TEMPLATES_FILE", str(folder / "not-there.toml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings()

"""Every command that a document, a help text or a sentence of the program names is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer._click import Command, Context
from typer._click.exceptions import MissingParameter, UsageError
from typer.main import get_command

from jeeves.cli import command_line
from tests.builders import raw_mail
from tests.conftest import ROOT
from tests.documented import Line, command_lines, scripts
from tests.e2e.conftest import Jeeves

#: What runs here without a mailbox, and the exit codes that are right on a database with one mail.
OFFLINE: dict[str, set[int]] = {
    "--version": {0},
    "--help": {0},
    "alerts": {0},
    "ask": {0},
    "completion": {0},
    "import": {0},
    "list": {0},
    "migrate": {0},
    "models": {0},
    "mute": {0},
    "pause": {0},
    "relabel": {0},
    "replay": {0},
    "rollback": {1},  # there is no other model
    "score": {0},
    "show": {0},
    "status": {1},  # mail was never read
    "unmute": {0},
}


def wrong(line: Line, root: Command) -> str | None:
    """What is wrong with a command line; None where it can be given as it stands."""
    command, context, words = root, Context(root, info_name="jeeves"), list(line.words)
    while (below := getattr(command, "commands", None)) and words and words[0][0] != "-":
        name = words.pop(0)
        if name not in below:
            return "there is no such command"
        command = below[name]
        context = Context(command, parent=context, info_name=name)
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in options | {"--help"}:
            return f"it has no {word}"
    if (words or line.is_example) and not {"--help", "--version"} & set(words):
        try:
            command.make_context(context.info_name, list(words), resilient_parsing=False)
        except UsageError as exc:
            # A sentence may name an option alone; an example may not.
            alone = isinstance(exc, MissingParameter) or words[-1].startswith("--")
            if line.is_example or not alone:
                return exc.format_message()
    return None


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the one of this process, with files of the names that examples use."""
    home = tmp_path / "files"
    for folder in ("mails", "Maildir/cur", "Maildir/new", "Maildir/tmp", "Mail/2026"):
        (home / folder).mkdir(parents=True)
    mail = raw_mail(Message_ID="<one@example.org>")
    for name in (
        "one.eml",
        "a.eml",
        "invitation.eml",
        "mails/1.eml",
        "Mail/2026/1.eml",
        "Maildir/cur/1",
    ):
        (home / name).write_bytes(mail)
    (home / "Takeout" / "Mail").mkdir(parents=True)
    for name in ("my.mbox", "Takeout/Mail/All.mbox"):
        (home / name).write_bytes(b"From ana Thu Nov 19 12:00:00 2026\n" + mail + b"\n")
    (home / "labels.tsv").write_text("id\tneeds_location\none@example.org\t1\n")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.mark.usefixtures("files")
def test_every_command_line_exists_and_takes_its_options() -> None:
    root = get_command(command_line())
    assert len(command_lines()) > 40
    assert {str(line): found for line in command_lines() if (found := wrong(line, root))} == {}


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("words", "is_example", "found"),
    [
        ("juggle", False, "no such command"),
        ("auth yahoo", False, "no such command"),
        ("list --all", False, "no --all"),
        ("list --limit many", False, "integer"),
        ("show", False, None),
        ("show", True, "Missing argument"),
        ("relabel --retrain", False, None),
        ("relabel --retrain", True, "Missing argument"),
    ],
)
def test_a_command_line_that_is_none_is_found(
    words: str, is_example: bool, found: str | None
) -> None:
    said = wrong(Line("here", tuple(words.split()), is_example), get_command(command_line()))
    assert said is None if found is None else found in (said or "")


def runnable() -> Iterator[Line]:
    for line in command_lines():
        words = line.words
        if words[0] in OFFLINE and not (len(words) == 1 and words[0] in NEED_ARGUMENTS):
            yield line


#: Named in a sentence without what they always need.
NEED_ARGUMENTS = {"completion", "import", "relabel", "score", "show", "unmute", "replay"}
#: What learns would need labels, and minutes; what watches does not end.
UNLESS = {"--retrain", "--to", "--watch"}


def test_the_command_lines_that_need_no_mailbox_run(
    jeeves_on_postgres: Jeeves, files: Path
) -> None:
    jeeves_on_postgres.configure(
        HOME=str(files), GMAIL_ADDRESS="sam@example.org", GMAIL_APP_PASSWORD="x"
    )
    jeeves_on_postgres.home = files
    jeeves_on_postgres("import", "one.eml")
    ran = set()
    for line in runnable():
        if UNLESS & set(line.words):
            continue
        words = ["1" if word == "17" else word.replace("~", str(files)) for word in line.words]
        result = jeeves_on_postgres(*words, code=None)
        assert result.returncode in OFFLINE[words[0]], (line, result.stdout, result.stderr)
        ran.add(words[0])
    assert ran == set(OFFLINE)


def test_every_script_that_a_document_names_exists_and_knows_its_options() -> None:
    assert len(scripts()) > 15
    for where, script, options in scripts():
        path = ROOT / script
        assert path.exists(), f"{where} names {script}"
        if path.is_dir() or path.suffix:
            continue
        assert os.access(path, os.X_OK), f"{script} cannot be run"
        if script != "scripts/test":  # hands all of them to pytest
            text = path.read_text(encoding="utf-8")
            assert [one for one in options.split() if one not in text] == [], (where, script)

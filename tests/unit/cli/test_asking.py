"""A mail as `jeeves ask` shows it, and the keys that answer."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from jeeves.cli.asking import ANSWERS, END, NO, SKIP, STOP, TOP, YES, as_object, page
from jeeves.cli.keys import keys
from jeeves.domain.labelling import Asked
from jeeves.domain.message import Address, Message
from jeeves.domain.verdict import Band, Reason, Score, Verdict
from jeeves.errors import ConfigError
from tests.builders import NOW, a_message
from tests.conftest import ROOT

EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e[bold]x[/bold] [/] \r\x08"


def asked(message: Message, *reasons: Reason) -> Asked:
    score = Score(0.31, reasons or (Reason("grab lunch", 1.5), Reason("invoice", -0.5)), 0.1, "m")
    return Asked(7, message, Verdict(score, 0.2, Band.ALERT))


def shown(one: Asked, width: int = 80) -> str:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="standard")
    console.print(page(one, "1 of 5", None, console))
    return out.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_who_what_when_and_why_are_shown() -> None:
    said = plain(shown(asked(a_message(received_at=NOW))))
    for words in ("1 of 5", "Ana Lopez <ana@example.org>", "Lunch on Thursday?", "19 Nov ",
                  "Want to grab lunch on Thursday?", "needs a place (0.31; you are told from 0.20",
                  "for: grab lunch", "against: invoice"):  # fmt: skip
        assert words in said, said


def test_a_mail_controls_neither_the_terminal_nor_the_markup() -> None:
    message = a_message(
        sender=Address(f"Eve{EVIL}", "eve@example.org"), subject=EVIL, body=EVIL, own_words=EVIL
    )
    said = shown(asked(message, Reason(EVIL, 1.0)))
    assert re.findall(r"\x1b(?!\[[0-9;]*m)", said) == [], "only rich's own colours"
    assert re.findall("[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202e]", said) == []
    assert plain(said).count("[bold]x[/bold] [/]") == 4
    values = "".join(map(str, as_object(asked(message)).values()))
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", values) == []


@pytest.mark.parametrize("width", [40, 100, 200])
def test_of_a_long_mail_its_top_and_its_end_are_shown(width: int) -> None:
    text = "\n\n".join(f"line {number}" for number in range(100)) + "\n" + "word " * 30_000
    said = plain(shown(asked(a_message(own_words=text)), width)).splitlines()
    body = said[next(i for i, line in enumerate(said) if "line 0" in line) : -1]
    assert len(body) == TOP + END
    assert f"line {TOP - 1} " in body[TOP - 1]
    assert "..." in body[TOP]
    assert "word" in body[-1]
    assert max(map(len, said)) <= min(width, 100)


def test_a_bare_forward_shows_what_is_forwarded() -> None:
    assert "see below" in plain(shown(asked(a_message(own_words=" \n", body="see below"))))


def pressed(descriptor: int) -> list[str]:
    with keys(ANSWERS, descriptor) as found:
        answers = []
        while answer := found.next():
            answers.append(answer)
        return answers


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    yield reads, writes
    os.close(reads)


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"", []),
        (b"y\nn\r\n sYN", [YES, NO, SKIP, SKIP, YES, NO]),
        (b"ynq", [YES, NO, STOP]),
        (b"y\x04n", [YES]),
    ],
)
def test_in_a_pipe_each_character_is_an_answer(
    pipe: tuple[int, int], sent: bytes, answers: list[str]
) -> None:
    os.write(pipe[1], sent)
    os.close(pipe[1])
    assert pressed(pipe[0]) == answers


def test_in_a_pipe_what_is_no_answer_stops(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"yes\n")
    os.close(pipe[1])
    with keys(ANSWERS, pipe[0]) as found:
        assert found.next() == YES
        with pytest.raises(ConfigError, match="no answer"):
            found.next()


def test_on_a_terminal_a_key_is_an_answer_without_enter_and_it_is_restored() -> None:
    terminal, descriptor = pty.openpty()
    try:
        before = termios.tcgetattr(descriptor)
        os.write(terminal, b"typed before\n")
        assert select.select([descriptor], [], [], 10)[0]
        with keys(ANSWERS, descriptor) as found:
            assert not termios.tcgetattr(descriptor)[3] & (termios.ECHO | termios.ICANON)
            for sent, answer in ((b"y", YES), (b"xN", NO), (b" ", SKIP), (b"q", STOP)):
                os.write(terminal, sent)
                assert found.next() == answer
            later = threading.Timer(0.2, os.write, (terminal, b"n"))
            os.write(terminal, b"\x1b[y")
            later.start()
            assert found.next() == NO, "no part of an arrow key is an answer"
            later.join()
            os.write(terminal, b"\x04")
            assert found.next() is None
        assert termios.tcgetattr(descriptor) == before
    finally:
        os.close(terminal)
        os.close(descriptor)


WAITING = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from jeeves.cli.keys import keys
try:
    with keys({"y": "yes"}) as pressed:
        print("waits", flush=True)
        pressed.next()
except KeyboardInterrupt:
    pass
print("stopped", flush=True)
"""


@pytest.mark.parametrize(("by", "code"), [("Ctrl-C", 0), ("SIGTERM", 128 + signal.SIGTERM)])
def test_however_it_ends_the_terminal_is_restored(by: str, code: int) -> None:
    terminal, descriptor = pty.openpty()
    try:
        before = termios.tcgetattr(descriptor)
        with subprocess.Popen(
            [sys.executable, "-c", WAITING],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == b"waits\n"
            assert termios.tcgetattr(descriptor) != before
            if by == "Ctrl-C":
                os.write(terminal, b"\x03")
            else:
                process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
        assert process.returncode == code
        assert rest == (b"stopped\n" if by == "Ctrl-C" else b"")
        assert termios.tcgetattr(descriptor) == before
    finally:
        os.close(terminal)
        os.close(descriptor)

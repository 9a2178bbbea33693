"""The command lines that documents, help texts and sentences of the program name."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

#: In a document a command line stands in a code span, or in a block of its own.
SPAN = re.compile(r"`([^`]+)`")
BLOCK = re.compile(r"(?ms)^ *```\w*\n(.*?)^ *```")
JEEVES = re.compile(r"(?:^|[\s(]|bin/)jeeves ((?:[a-z]|--).*)")
EXAMPLE = re.compile(r"Example: (.+?)(?:\n\n|\Z)", re.S)
SCRIPT = re.compile(r"(?:^|\s)(?:\./)?(scripts/[\w/.]+\w|\.ci/run)\b((?: +-[\w-]+)*)")
#: What stands for something of the reader's own, and what stands there in a test.
STANDS_FOR = {
    "ID": "17",
    "ID...": "17",
    "N": "5",
    "THREAD": "17",
    "SENDER": "ana@example.org",
    "ADDRESS": "ana@example.org",
    "SHELL": "bash",
    "PATH": "one.eml",
    "PATH...": "one.eml",
    "ONE.eml": "one.eml",
    "FILE": "one.eml",
    "URL": "postgresql://jeeves@127.0.0.1/jeeves",
    "NAME": "jeeves",
    "MINUTES": "5",
    "FILE.html": "page.html",
    "FILE.tsv": "labels.tsv",
    "MESSAGES": "mails",
    "DIR": "mails",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A command line, without `jeeves` at its head."""

    where: str
    words: tuple[str, ...]
    #: Whether it is to be typed as it stands, and not only named in a sentence.
    is_example: bool = False

    def __str__(self) -> str:
        return f"jeeves {' '.join(self.words)} ({self.where})"


def documents() -> Iterator[Path]:
    """What people read."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "scripts").rglob("*.md"))
    yield from sorted((ROOT / "models").rglob("*.md"))
    yield ROOT / ".env.example"


def spans_and_blocks(text: str) -> Iterator[str]:
    """Each code span, on one line, and each line of a block."""
    for block in BLOCK.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    for span in SPAN.findall(BLOCK.sub("", text)):
        yield " ".join(re.sub(r"\n *#? *", " ", span).split())


def literals(path: Path) -> Iterator[str]:
    """Each text in a module, what is put into it at run time as ID."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in inside:
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "ID" for part in node.values
            )


def words_of(text: str) -> tuple[str, ...]:
    """The words after `jeeves`; those that stand for the reader's own made concrete."""
    text = re.split(r"\s#|[;|>)]", text)[0].rstrip(" .,:")
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return tuple(STANDS_FOR.get(word, word) for word in words if word != "...")


@cache
def command_lines() -> tuple[Line, ...]:
    """Every command line of documents, help texts and sentences, each once."""
    found: dict[tuple[str, ...], Line] = {}

    def take(piece: str, where: str, is_example: bool) -> None:
        for match in JEEVES.finditer(" ".join(piece.split())):
            line = Line(where, words_of(match[1]), is_example)
            if line.words not in found or is_example:
                found[line.words] = line

    for path in documents():
        for piece in spans_and_blocks(path.read_text(encoding="utf-8")):
            take(piece, path.name, False)
    for path in sorted((ROOT / "jeeves").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for text in literals(path):
            for span in SPAN.findall(text):
                take(span, name, False)
            for example in EXAMPLE.findall(text):
                for line in example.split(";"):
                    take(line, name, True)
    return tuple(found.values())


def scripts() -> list[tuple[str, str, str]]:
    """Every script that a document names: where, which, and the options it is given."""
    found: dict[tuple[str, str], str] = {}
    for path in documents():
        for piece in spans_and_blocks(path.read_text(encoding="utf-8")):
            for script, options in SCRIPT.findall(piece):
                found.setdefault((script, options.strip()), path.name)
    return [(where, script, options) for (script, options), where in found.items()]

"""Questions on a terminal, in one look; what is secret is neither shown nor echoed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.prompt import Confirm, InvalidResponse, Prompt
from rich.text import Text

#: What takes away an answer that stands.
NONE = "-"
#: Says what is wrong with an answer; None if it can be used.
Check = Callable[[str], str | None]


class Choice(Prompt):
    """One of several words, or as much of it as tells it from the others."""

    def process_response(self, value: str) -> str:
        """The word that is meant."""
        said = value.strip().lower()
        choices = self.choices or []
        meant = [choice for choice in choices if choice.startswith(said)] if said else []
        if said in choices:
            return said
        if len(meant) != 1:
            raise InvalidResponse(Text(f"no  Type one of: {', '.join(choices)}.", style="red"))
        return meant[0]


class Interview:
    """Asks on a console.

    Each question raises KeyboardInterrupt at Ctrl-C and EOFError where no answers come any more.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def heading(self, title: str, words: str = "") -> None:
        """Begin a part."""
        self._console.print()
        self._console.print(Text(title, style="bold"))
        if words:
            self.say(words)

    def say(self, words: str) -> None:
        """Show a sentence."""
        self._console.print(Text(words))

    def good(self, words: str) -> None:
        """Show what works."""
        self._console.print(Text.assemble(("ok  ", "bold green"), words))

    def bad(self, words: str) -> None:
        """Show what does not work."""
        self._console.print(Text.assemble(("no  ", "bold red"), words))

    def ask(self, question: str, standing: str, check: Check, *, optional: bool = False) -> str:
        """A line of text that ``check`` lets pass.

        Args:
            question: Without colon.
            standing: What Enter says; "" where it says nothing.
            check: Not asked about what is empty.
            optional: Whether there may be no answer: then "-" takes away what stands.
        """
        if optional and standing:
            question += f", {NONE} for none"
        while True:
            answer = Prompt.ask(
                Text(question), console=self._console, default=standing, show_default=bool(standing)
            ).strip()
            if optional and answer == NONE:
                return ""
            if not answer and not optional:
                self.bad("This is needed; Ctrl-C ends it all, and nothing is changed.")
            elif answer and (wrong := check(answer)):
                self.bad(f"This {wrong}.")
            else:
                return answer

    def secret(self, question: str, *, standing: bool) -> str | None:
        """A line that is not echoed; None where what stands is kept."""
        if standing:
            question += " (Enter keeps the one you gave)"
        while True:
            answer = Prompt.ask(
                Text(question), console=self._console, password=True, default="",
                show_default=False,
            )  # fmt: skip
            if answer.strip():
                return answer.strip()
            if standing:
                self.say("kept")
                return None
            self.bad("This is needed; Ctrl-C ends it all, and nothing is changed.")

    def yes(self, question: str, *, standing: bool) -> bool:
        """Yes or no."""
        return Confirm.ask(Text(question), console=self._console, default=standing)

    def choose(self, question: str, choices: Mapping[str, str], standing: str) -> str:
        """One of the choices, which are told in words; their beginnings are enough."""
        widest = max(map(len, choices))
        for choice, words in choices.items():
            self._console.print(Text.assemble("  ", (choice.ljust(widest), "bold"), f"  {words}"))
        return Choice.ask(
            Text(question), console=self._console, choices=list(choices), default=standing
        )

    @contextmanager
    def trying(self, words: str) -> Iterator[None]:
        """Show that something is being tried."""
        with self._console.status(Text(f"{words} ...")):
            yield


@contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM ends by way of what gives the terminal its echo back, and removes half a file."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

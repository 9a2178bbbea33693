"""What a check finds, and checks that neither crash nor hang the examination."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Any

from jeeves.errors import JeevesError

#: Seconds that a check may take. What it asks has deadlines of its own, which say more.
DEADLINE = 45.0


class Grade(StrEnum):
    """How a link is."""

    OK = "ok"
    #: Jeeves works, but not as well or not for as long as it should.
    WARNING = "warning"
    #: Mail is not read, not judged or not told because of it.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says of its link."""

    #: One sentence: how it is.
    says: str
    grade: Grade = Grade.OK
    #: The one command, setting or page that mends it; "" where nothing is to be mended, or where
    #: ``says`` has it.
    mends: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one link. Nothing of any mail, and no secret, is in it."""

    link: str
    found: Found

    @property
    def ok(self) -> bool:
        """Whether it works, be it with a warning."""
        return self.found.grade is not Grade.BROKEN

    @property
    def says(self) -> str:
        """How it is, in one sentence."""
        return self.found.says

    def __str__(self) -> str:
        grade = self.found.grade.value
        shown = grade.upper() if self.found.grade is Grade.BROKEN else grade
        line = f"{self.link:<10} {shown:<8}{self.found.says}"
        return f"{line}\n{'':19}-> {self.found.mends}" if self.found.mends else line

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "link": self.link,
            "state": self.found.grade.value,
            "ok": self.ok,
            "says": self.found.says,
            "mends": self.found.mends,
        }


class Check:
    """A check under way, in a thread of its own.

    Args:
        link: What it is about.
        examined: Looks, and says what it found.
        mends: What to do where it fails; of an error that is expected, which says what it is.
        seconds: How long it may take. One that takes longer is left behind.
    """

    def __init__(
        self,
        link: str,
        examined: Callable[[], Found],
        mends: Callable[[JeevesError], str] = lambda _: "",
        seconds: float = DEADLINE,
    ) -> None:
        self._link = link
        self._seconds = seconds
        self._told: SimpleQueue[Found] = SimpleQueue()
        # A daemon thread: one that hangs must not keep the program from its end.
        work = (examined, mends)
        threading.Thread(target=self._look, args=work, name=link, daemon=True).start()

    def _look(self, examined: Callable[[], Found], mends: Callable[[JeevesError], str]) -> None:
        try:
            found = examined()
        except JeevesError as exc:
            found = Found(str(exc), Grade.BROKEN, mends(exc))
        except Exception as exc:  # noqa: BLE001  # one check that crashes must not end the others
            # Its class alone: what is not expected may quote a mail or a secret.
            found = Found(f"this check failed by a fault of Jeeves ({type(exc).__name__})")
            found = Found(found.says, Grade.BROKEN, "please report it, with `jeeves doctor --json`")
        self._told.put(found)

    def finding(self) -> Finding:
        """What it found; waits for it until its time is over."""
        try:
            return Finding(self._link, self._told.get(timeout=self._seconds))
        except Empty:
            says = f"no answer within {self._seconds:g} s"
            return Finding(self._link, Found(says, Grade.BROKEN, "try again: `jeeves doctor`"))

"""A Twilio on a bad day: answers and misfortunes drawn from a seed, and what they came to."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from jeeves.adapters.sms import CODES
from jeeves.domain.alert import ALPHABET
from tests.twilio_standin import Answer, Fault, Request, Step

REFERENCE = re.compile(f"jv-[{ALPHABET}]{{8}}")
#: Codes of refusals that are final, and of those after which it is worth another attempt.
FINAL = sorted(number for number, code in CODES.items() if not code.retry)
PASSING = sorted(number for number, code in CODES.items() if code.retry and number != 20500)
BAD_LOGIN = 20003
#: Seconds that a busy Twilio asks for; less than a lease, so that a killed worker's successor
#: need not know of it.
RETRY_AFTER = ("1", "20", "90")

#: How often of 1,000 requests that send, and of 1,000 that ask; the rest is answered as usual.
SENDING: Mapping[str, int] = {
    "400 with a final code": 20,
    "400 with a passing code": 20,
    "401": 10,
    "429 with Retry-After": 50,
    "500": 40,
    "hang": 30,
    "reset": 40,
    "accepted, then 500": 30,
    "accepted, then hang": 30,
    "accepted, then reset": 40,
}
ASKING: Mapping[str, int] = {
    "401": 3,
    "429 with Retry-After": 15,
    "500": 15,
    "hang": 10,
    "reset": 15,
}


class Mischief:
    """Chooses the step of each request (`TwilioStandIn.mischief`), and remembers."""

    def __init__(self, seed: int, clock: Callable[[], datetime]) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeats, hides nothing
        self._clock = clock
        #: The first requests that send meet one misfortune of each kind.
        self._first = self._random.sample(sorted(SENDING), len(SENDING))
        #: How often each kind of step was taken.
        self.steps: Counter[str] = Counter()
        #: The final codes with which each alert, by its reference, was refused.
        self.refused: defaultdict[str, set[int]] = defaultdict(set)
        #: How many questions were refused for good.
        self.questions_refused = 0
        #: How many alerts came again before a Retry-After was over.
        self.hurried = 0
        #: When the Retry-After of each alert is over.
        self._busy_until: dict[str, datetime] = {}

    def __call__(self, request: Request) -> Step:
        """What becomes of a request; one at a time."""
        found = REFERENCE.search(request.form.get("Body", ""))
        reference = found[0] if found else ""
        if reference:
            busy_until = self._busy_until.pop(reference, None)
            self.hurried += busy_until is not None and self._clock() < busy_until
        if request.method == "POST":
            kind = self._first.pop() if self._first else self._drawn(SENDING)
        else:
            kind = self._drawn(ASKING)
        self.steps[kind] += 1
        step = self._step(kind)
        if isinstance(step, Answer):
            self._note(reference, step)
        return step

    def _drawn(self, shares: Mapping[str, int]) -> str:
        number = self._random.randrange(1000)
        for kind, share in shares.items():
            number -= share
            if number < 0:
                return kind
        return "as usual"

    def _step(self, kind: str) -> Step:
        steps: dict[str, Callable[[], Step]] = {
            "as usual": lambda: None,
            "400 with a final code": lambda: Answer(400, self._random.choice(FINAL)),
            "400 with a passing code": lambda: Answer(400, self._random.choice(PASSING)),
            "401": lambda: Answer(401, BAD_LOGIN),
            "429 with Retry-After": lambda: Answer(
                429, 20429, retry_after=self._random.choice(RETRY_AFTER)
            ),
            "500": lambda: Answer(500, self._random.choice([20500, None])),
            "hang": lambda: Fault.HANG,
            "reset": lambda: Fault.RESET,
            "accepted, then 500": lambda: Fault.ACCEPT_THEN_FAIL,
            "accepted, then hang": lambda: Fault.ACCEPT_THEN_HANG,
            "accepted, then reset": lambda: Fault.ACCEPT_THEN_RESET,
        }
        return steps[kind]()

    def _note(self, reference: str, answer: Answer) -> None:
        """What an answer entitles Jeeves to, and obliges it to."""
        if answer.retry_after is not None and reference:
            wait = timedelta(seconds=float(answer.retry_after))
            self._busy_until[reference] = self._clock() + wait
        if answer.code in FINAL and reference:
            self.refused[reference].add(answer.code)
        elif answer.code in FINAL:
            self.questions_refused += 1

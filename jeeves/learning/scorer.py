"""The serving form of a model: a message in, a probability and its reasons out."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

from jeeves.domain.message import Message
from jeeves.domain.verdict import Score, Thresholds
from jeeves.learning.document import Reading, read
from jeeves.learning.explanation import reasons
from jeeves.learning.table import Table
from jeeves.learning.together import Together
from jeeves.learning.tokens import bigrams

if TYPE_CHECKING:
    from jeeves.learning.batch import BatchScorer

#: Messages that ``probabilities`` reads before it scores them.
_AT_ONCE = 400


class TableScorer:
    """Scores messages with a table; equal to the pipeline it was exported from."""

    def __init__(self, table: Table, version: str, thresholds: Thresholds) -> None:
        self.version = version
        self.thresholds = thresholds
        self._table = table

    @property
    def table(self) -> Table:
        """What it scores with."""
        return self._table

    @cached_property
    def _together(self) -> Together:
        return Together(self._table.frames, self._table.own_frames)

    @cached_property
    def _batch(self) -> BatchScorer:
        # Not loaded where one message is scored: see there.
        from jeeves.learning.batch import BatchScorer

        return BatchScorer(self._table)

    def score(self, message: Message) -> Score:
        """P(needs location) of ``message``, with its reasons; never fails."""
        with _uncollected():
            reading = read(message)
            parts = self._contributions(reading)
            log_odds = math.fsum(chain([self._table.intercept], *(part.values() for part in parts)))
            shown = reasons(*parts, reading, self._table.stems)
        return Score(
            probability=_expit(log_odds),
            reasons=shown,
            rest=math.fsum([log_odds, *(-reason.weight for reason in shown)]),
            model=self.version,
        )

    def unknown(self, message: Message) -> tuple[list[str], int]:
        """The tokens of ``message`` that are no terms of the table, and how many it has in all."""
        known, tokens = self._table.text.index, read(message).tokens
        return [token for token in tokens if token not in known], len(tokens)

    def probabilities(self, messages: Iterable[Message]) -> list[float]:
        """P(needs location) of each of ``messages``, as ``score`` gives it, without reasons."""
        found: list[float] = []
        left = iter(messages)
        while several := list(islice(left, _AT_ONCE)):
            with _uncollected():
                readings = [read(message) for message in several]
                found += map(_expit, self._batch.log_odds(readings).tolist())
        return found

    def _contributions(
        self, reading: Reading
    ) -> tuple[dict[str, float], dict[str, float], dict[str, float], dict[str, float]]:
        """What terms add to the log-odds: of text, of meeting, of what stands together; facts."""
        table = self._table
        words = reading.tokens
        stems = table.stems
        spoken = [stems.get(word, word) for word in reading.meeting]
        weights = table.facts
        facts = {
            fact: value * weights[fact] for fact, value in reading.facts.items() if fact in weights
        }
        together = self._together.contributions(*reading.frames)
        together |= table.pairs.contributions(reading.pairs)
        return (
            table.text.contributions(words + bigrams(words)),
            table.meeting.contributions(spoken + bigrams(spoken)),
            together,
            facts,
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles: reading makes none, and looking for them took a tenth of it all."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _expit(log_odds: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(max(log_odds, -700.0))
    return odds / (1.0 + odds)

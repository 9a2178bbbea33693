"""The serving form of a model: a message in, a probability and its reasons out."""

from __future__ import annotations

import math

from jeeves.domain.message import Message
from jeeves.domain.verdict import Score, Thresholds
from jeeves.learning.document import bigrams, document, tokens
from jeeves.learning.explanation import reasons
from jeeves.learning.table import Table


class TableScorer:
    """Scores messages with a table; equal to the pipeline it was exported from."""

    def __init__(self, table: Table, version: str, thresholds: Thresholds) -> None:
        self.version = version
        self.thresholds = thresholds
        self._table = table

    def score(self, message: Message) -> Score:
        """P(needs location) of ``message``, with its reasons; never fails."""
        table = self._table
        read = document(message)
        words = tokens(read.text)
        terms = table.text.contributions(words + bigrams(words))

        spoken = tokens(read.meeting)
        stemmed = [table.stems.get(word, word) for word in spoken]
        as_written = dict(zip(stemmed + bigrams(stemmed), spoken + bigrams(spoken), strict=True))
        for stem, weight in table.meeting.contributions(stemmed + bigrams(stemmed)).items():
            written = as_written[stem]
            terms[written] = terms.get(written, 0.0) + weight

        facts = {
            fact: value * table.facts[fact]
            for fact, value in read.facts.items()
            if fact in table.facts
        }
        log_odds = math.fsum([table.intercept, *terms.values(), *facts.values()])
        shown = reasons(terms, facts, words)
        return Score(
            probability=_expit(log_odds),
            reasons=shown,
            rest=math.fsum([log_odds, *(-reason.weight for reason in shown)]),
            model=self.version,
        )


def _expit(log_odds: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(max(log_odds, -700.0))
    return odds / (1.0 + odds)

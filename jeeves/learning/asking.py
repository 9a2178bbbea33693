"""Which mails are worth a question: those whose labels would teach the model most.

A label teaches most where the model is least sure (uncertainty sampling, Lewis and Gale 1994). Of
that there are two kinds here. About even odds the answer itself is open; about the alert cut,
which costs put far below them, the answer decides whether such mail is texted. A mail is asked
about that is near to both: its distance is that of its log-odds to the further of the two, so that
what lies between them comes first, and halfway before all. At the cut alone most answers would be
the no that the model expects.

The least sure mails are much alike, and a second label of the same kind teaches little. So they
are clustered, and each cluster is asked about once (Xu et al. 2003), by its least sure mail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from jeeves.domain.message import Message
from jeeves.learning.scorer import TableScorer


def distances(scorer: TableScorer, messages: Sequence[Message]) -> list[float]:
    """How far each mail is from where the model is least sure; in log-odds."""
    cut = _log_odds(scorer.thresholds.alert)
    found = map(_log_odds, scorer.probabilities(messages))
    return [max(abs(one - cut), abs(one)) for one in found]


def spread(scorer: TableScorer, messages: Sequence[Message], count: int) -> list[int]:
    """Which of these mails to ask about, so that no two ask the same; places, ascending.

    Mails that say the same are asked about twice only where there are not enough others.

    Args:
        scorer: The model that serves.
        messages: The least sure first.
        count: As many, or all if there are no more.
    """
    enough = min(count, len(messages))
    if enough in (0, len(messages)):
        return list(range(enough))
    # scikit-learn, which takes seconds to load: not where there is nothing to choose.
    from jeeves.learning.likeness import representatives

    return representatives(scorer.table, messages, count)


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-12), 1.0 - 1e-12)
    return math.log(kept / (1.0 - kept))

"""Which stored mails the owner should be asked about: those whose labels teach the model most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from jeeves.domain.labelling import Asked, Unlabelled
from jeeves.domain.ports import TeachingStore
from jeeves.domain.verdict import judge
from jeeves.learning.asking import distances, spread
from jeeves.learning.scorer import TableScorer

#: Mail of these last days is asked about, where there is enough of it.
AGE = timedelta(days=180)
#: A conversation of which something was said since then comes after the others.
LATELY = timedelta(days=30)
#: As many of the newest are looked at: the model reads them all within two seconds.
LOOKED_AT = 2_000


def choose(store: TeachingStore, scorer: TableScorer, now: datetime, count: int) -> list[Asked]:
    """At most ``count`` messages to ask about, none like another where there are enough.

    Of a conversation there is at most one. The same store and model give the same.
    """
    found = store.unlabelled(now - AGE, now - LATELY, LOOKED_AT)
    if len({_conversation(one) for one in found}) < count:
        found = store.unlabelled(None, now - LATELY, LOOKED_AT)
    ranked = _least_sure_first(found, scorer)
    chosen: list[Unlabelled] = []
    for answered in (False, True):
        several = [one for one in ranked if one.answered is answered]
        places = spread(scorer, [one.message for one in several], count - len(chosen))
        chosen += [several[place] for place in places]
    return [
        Asked(one.id, one.message, judge(scorer.score(one.message), scorer.thresholds))
        for one in chosen
    ]


def _least_sure_first(found: Sequence[Unlabelled], scorer: TableScorer) -> list[Unlabelled]:
    """Of each conversation the mail that the model is least sure of."""
    far = distances(scorer, [one.message for one in found])
    firsts: dict[tuple[str, str], Unlabelled] = {}
    for i in sorted(range(len(found)), key=far.__getitem__):
        firsts.setdefault(_conversation(found[i]), found[i])
    return list(firsts.values())


def _conversation(one: Unlabelled) -> tuple[str, str]:
    return one.message.account, one.message.thread_key

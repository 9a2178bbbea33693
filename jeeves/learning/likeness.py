"""Mails that say the same, and mails that stand for others, by what the model reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans

from jeeves.domain.message import Message
from jeeves.learning.document import document
from jeeves.learning.features import Fitted
from jeeves.learning.personal import columns_of
from jeeves.learning.table import Table

#: As many of the first mails are clustered: one in SHARE of all, but at least FEWEST times what is
#: asked for and at most MOST. The first of a cluster among all could be far down.
SHARE = 10
FEWEST = 3
#: Below 256 rows KMeans works on one core, and so always gives the same.
MOST = 200
#: Mails whose rows have this cosine or more say the same.
ALIKE = 0.8
SEED = 0
STARTS = 10


def representatives(table: Table, messages: Sequence[Message], count: int) -> list[int]:
    """The first mail of each of ``count`` clusters of the first ones; places, ascending.

    Mails that say the same are among them only where there are not enough others.

    Args:
        table: Of the model by whose terms mails are compared.
        messages: More than ``count``, the best first.
        count: At least 1.
    """
    most = min(max(len(messages) // SHARE, FEWEST * count), max(MOST, count))
    places, rows, alike = _different(Fitted.of_table(table), messages, most)
    if len(places) <= count:
        return sorted(places + alike[: count - len(places)])
    clusters = KMeans(n_clusters=count, n_init=STARTS, random_state=SEED).fit_predict(rows)
    firsts = np.unique(clusters, return_index=True)[1]
    return [places[first] for first in sorted(firsts)]


def _different(
    fitted: Fitted, messages: Sequence[Message], most: int
) -> tuple[list[int], Any, list[int]]:
    """The first ``most`` mails that say different things, their rows, and the others before them.

    Of mails that say the same it is the first.
    """
    places: list[int] = []
    alike: list[int] = []
    rows: Any = None
    for start in range(0, len(messages), MOST):
        found = _directions(fitted, messages[start : start + MOST])
        before = len(places)
        rows = found if rows is None else sparse.vstack([rows, found], format="csr")
        same = (found @ rows.T).toarray() >= ALIKE
        kept = list(range(before))
        for i, others in enumerate(same):
            if others[kept].any():
                alike.append(start + i)
                continue
            kept.append(before + i)
            places.append(start + i)
            if len(places) == most:
                break
        rows = rows[kept]
        if len(places) == most:
            break
    return places, rows, alike


def _directions(fitted: Fitted, messages: Sequence[Message]) -> Any:
    """The tf-idf of all words and of those about meeting, of length 1; sparse, shape (n, terms)."""
    steps = fitted.pipeline.named_steps["columns"].named_transformers_
    terms = sum(len(steps[name].vocabulary_) for name in ("text", "meeting"))
    rows = columns_of(fitted, [document(message) for message in messages])[:, :terms]
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    # Mails of which the model knows no word have a direction of their own.
    wordless = (lengths == 0.0).astype(np.float64)
    scale = sparse.diags_array(1.0 / (lengths + wordless))
    return sparse.hstack([scale @ rows, sparse.csr_array(wordless[:, np.newaxis])], format="csr")

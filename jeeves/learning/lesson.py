"""What an owner has said of his mail, as training reads it: columns instead of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from jeeves.domain.labelling import LabelledMail
from jeeves.domain.verdict import Label
from jeeves.learning.document import document
from jeeves.learning.features import Fitted, Floats
from jeeves.learning.personal import columns_of
from jeeves.learning.training import Bools

#: Mails that are held at a time.
PAGE = 500


@dataclass(frozen=True, slots=True)
class Lesson:
    """Labelled mails, n of them, in the order in which they were received."""

    #: Short ids, and the number of the word that stands of each; shapes (n,).
    ids: NDArray[np.int64]
    words: NDArray[np.int64]
    #: Conversations, numbered in the order of their first mail here; shape (n,).
    groups: NDArray[np.intp]
    #: Whether each needs a location.
    labels: Bools
    #: What the starter's pipeline makes of them, sparse, shape (n, columns).
    columns: Any
    #: Log-odds by the starter, and by the model that serves.
    starter: Floats
    current: Floats

    def some(self, chosen: NDArray[np.bool_]) -> Lesson:
        """Those of the mails that are ``chosen``, shape (n,)."""
        return Lesson(
            self.ids[chosen],
            self.words[chosen],
            self.groups[chosen],
            self.labels[chosen],
            self.columns[np.flatnonzero(chosen)],
            self.starter[chosen],
            self.current[chosen],
        )


def read_lesson(mails: Iterable[LabelledMail], starter: Fitted, current: Fitted | None) -> Lesson:
    """The labelled mails as training reads them; of the mails themselves a page is held.

    Args:
        mails: In the order in which they were received.
        starter: The pipeline of the starter's table.
        current: That of the model that serves; None where it is the starter.
    """
    ids: list[int] = []
    words: list[int] = []
    labels: list[bool] = []
    numbers: dict[tuple[str, str], int] = {}
    groups: list[int] = []
    columns: list[Any] = []
    by_current: list[Floats] = []
    for page in _pages(mails):
        documents = [document(one.message) for one in page]
        columns.append(columns_of(starter, documents))
        if current is not None:
            by_current.append(current.log_odds(documents))
        ids += [one.id for one in page]
        words += [one.word for one in page]
        labels += [one.label is Label.NEEDS_LOCATION for one in page]
        for one in page:
            conversation = (one.message.account, one.message.thread_key)
            groups.append(numbers.setdefault(conversation, len(numbers)))
    estimator = starter.pipeline.named_steps["estimator"]
    together = (
        sparse.vstack(columns, format="csr")
        if columns
        else sparse.csr_array((0, estimator.coef_.shape[1]))
    )
    by_starter = together @ estimator.coef_[0] + estimator.intercept_[0]
    return Lesson(
        ids=np.array(ids, np.int64),
        words=np.array(words, np.int64),
        groups=np.array(groups, np.intp),
        labels=np.array(labels, np.bool_),
        columns=together,
        starter=by_starter,
        current=np.concatenate(by_current) if by_current else by_starter,
    )


def _pages(mails: Iterable[LabelledMail]) -> Iterator[Sequence[LabelledMail]]:
    left = iter(mails)
    while page := list(islice(left, PAGE)):
        yield page

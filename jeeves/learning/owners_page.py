"""The report of a training on what the owner has said, as one page; it quotes mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from jeeves.domain.drift import CUTS
from jeeves.domain.message import Message
from jeeves.domain.operating import in_words
from jeeves.domain.watching import Watch
from jeeves.learning.evaluation import MAILS_A_DAY
from jeeves.learning.explanation import term_in_words
from jeeves.learning.growth import Growth
from jeeves.learning.lesson_growth import in_words as growth_in_words
from jeeves.learning.lesson_growth import lesson_growth, worth_of_more
from jeeves.learning.owners_model import OwnersModel
from jeeves.learning.pages import Plot, render
from jeeves.learning.report import strongest
from jeeves.learning.resampling import MEASURES

#: Mails that are shown on which the model errs most, and characters of each.
MISTAKES = 10
EXCERPT = 400
#: Words whose weights the owner's labels moved most.
MOVED = 12

#: The message with a short id; None where it is gone.
Find = Callable[[int], Message | None]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mail of which the model, not fitted on it, says otherwise than the owner."""

    id: int
    sender: str
    subject: str
    received: str
    words: str
    needs_location: bool
    probability: float


def owners_page(model: OwnersModel, find: Find, watch: Watch | None = None) -> str:
    """The page of a training.

    Args:
        model: What was trained.
        find: Finds the mails that are quoted.
        watch: How Jeeves does on the owner's mail.
    """
    mine, starters = model.measured
    cuts = model.curve.choose(model.costs)
    grown = lesson_growth(model.lesson)
    return render(
        "owners_page.html",
        gate=model.gate,
        measures=MEASURES,
        labels=model.lesson.labels,
        conversations=len(np.unique(model.lesson.groups)),
        starter=model.starter,
        mine=mine,
        starters=starters,
        cuts=cuts,
        expected=in_words(model.curve.at(cuts.alert), MAILS_A_DAY),
        growth=growth_in_words(worth_of_more(grown)),
        plots=_plots(model, grown),
        mistakes=mistakes(model, find),
        watch=watch,
        bins=list(pairwise((0.0, *CUTS, 1.0))),
    )


def mistakes(model: OwnersModel, find: Find) -> list[Mistake]:
    """The mails on which the model errs most, the worst first."""
    labels, p = model.lesson.labels, model.probabilities
    cut = model.curve.choose(model.costs).alert
    wrong = (p >= cut) != labels
    # By how far the log-odds are on the wrong side.
    distance = np.where(labels, -1.0, 1.0) * np.log(p / (1 - p))
    order = [i for i in np.argsort(-distance, kind="stable") if wrong[i]][:MISTAKES]
    found = []
    for i in order:
        message = find(int(model.lesson.ids[i]))
        if message is None:
            continue
        words = " ".join((message.own_words or message.body).split())
        found.append(
            Mistake(
                id=int(model.lesson.ids[i]),
                sender=message.sender.display,
                subject=message.subject or "(no subject)",
                received=f"{message.received_at:%d %b %Y}",
                words=words[:EXCERPT] + ("..." if len(words) > EXCERPT else ""),
                needs_location=bool(labels[i]),
                probability=float(p[i]),
            )
        )
    return found


def moved_most(model: OwnersModel) -> list[tuple[str, float]]:
    """The terms whose weights differ most from the starter's, from most up to most down."""
    names = model.fitted.pipeline.named_steps["columns"].get_feature_names_out()
    by = model.moved.weights
    order = np.argsort(-by, kind="stable")
    named = []
    for i in (*order[:MOVED], *order[max(MOVED, len(order) - MOVED) :]):
        column, _, term = str(names[model.moved.columns[i]]).partition("__")
        named.append((f"{term_in_words(term)}  [{column}]", float(by[i])))
    return named


def _plots(model: OwnersModel, grown: Growth) -> list[Plot]:
    from jeeves.learning import plots

    labels = model.lesson.labels
    once = np.ones(len(labels))
    curves = [
        plots.Curve("your model", model.probabilities),
        plots.Curve("the starter", model.starters),
    ]
    cut = model.curve.choose(model.costs).alert
    out_of_fold = "Your labelled mail; no model was fitted on the conversations it is asked about."
    made = [
        Plot(
            "Precision and recall",
            f"{out_of_fold} AP is the average precision.",
            *plots.pictures(plots.precision_recall(curves, labels, once)),
        ),
        Plot("ROC", out_of_fold, *plots.pictures(plots.roc(curves, labels, once))),
        Plot(
            "Calibration",
            "On the diagonal, what is said is what comes. Who labels mistakes above all leaves it.",
            *plots.pictures(plots.calibration(curves, labels, once)),
        ),
        Plot(
            "Confusion matrix",
            f"Your model at its threshold {cut:.3f}.",
            *plots.pictures(plots.confusion(model.probabilities >= cut, labels, once)),
        ),
    ]
    if grown.held_out.shape[1]:
        made.append(
            Plot(
                "Learning curve",
                "Average precision by the number of labels, the starter alone at 0: mean and "
                "standard deviation over the folds.",
                *plots.pictures(plots.learning_curve(grown)),
            )
        )
    made.append(
        Plot(
            "Strongest words",
            "What speaks most for and most against a place being needed. Your model holds the "
            "starter's words only, none of your mail's own.",
            *plots.pictures(plots.strongest_words(strongest(model.fitted)), height=7.0),
        )
    )
    made.append(
        Plot(
            "What your labels moved",
            "The words whose weights differ most from the starter's.",
            *plots.pictures(plots.strongest_words(moved_most(model)), height=6.0),
        )
    )
    return made

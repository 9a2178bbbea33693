"""A comparison as one page that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeeves.domain.operating import Costs
from jeeves.learning.comparison import Comparison, Measured, View
from jeeves.learning.corpus import Corpus
from jeeves.learning.estimators import REFERENCE
from jeeves.learning.evaluation import views
from jeeves.learning.explanation import term_in_words
from jeeves.learning.features import Fitted
from jeeves.learning.growth import growth
from jeeves.learning.pages import Plot, render, require_plots
from jeeves.learning.resampling import MEASURES
from jeeves.learning.training import fit_corpus

#: Candidates in one plot: more cannot be told apart.
_CURVES = 5
_WORDS = 18

TITLES = {
    "headline": "Clear mail drawn by chance (the headline measure)",
    "all": "All labelled mail",
    "natural": "As it would come in a mailbox (weighted)",
}


def page(corpus: Corpus, of: Comparison, jobs: int = 1) -> str:
    """The report as HTML: tables and plots, all of it in this one text.

    Raises:
        ConfigError: as ``require_plots``.
    """
    require_plots()
    return render(
        "report.html",
        comparison=of,
        corpus=corpus,
        measures=MEASURES,
        titles=TITLES,
        reference=REFERENCE,
        groups=len(set(corpus.groups(of.grouped_by))),
        plots=_plots(corpus, of, jobs),
    )


def _plots(corpus: Corpus, of: Comparison, jobs: int) -> list[Plot]:
    from jeeves.learning import plots

    view = of.views[0]
    kept, weights, labels = view.kept, view.weights, corpus.labels
    shown = _shown(of, view)

    def curves(over: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[plots.Curve]:
        return [
            plots.Curve(one.name, one.probabilities[over])
            for one in shown
            if one.probabilities is not None
        ]

    drawn = (curves(kept), labels[kept], weights[kept])
    allowed = views(corpus)
    usual = "natural" if "natural" in allowed else "all"
    natural, natural_weights = allowed[usual]
    reference = drawn[0][0].probabilities
    words = strongest(fit_corpus(corpus, of.grouped_by))
    grown = growth(corpus, of.folds, jobs)
    where = TITLES[view.name]
    best = f"{where}. {REFERENCE.capitalize()} and the best of the others."
    return [
        Plot(
            "Precision and recall",
            f"{best} AP is the average precision.",
            *plots.pictures(plots.precision_recall(*drawn)),
        ),
        Plot("ROC", best, *plots.pictures(plots.roc(*drawn))),
        Plot(
            "Calibration",
            f"{TITLES[usual]}: on the diagonal, what is said is what comes. Out-of-fold scores by "
            "Platt's scaling, in the bins that `jeeves evaluate` prints.",
            *plots.pictures(
                plots.calibration(curves(natural), labels[natural], natural_weights[natural])
            ),
        ),
        Plot(
            "Confusion matrix",
            f"{where}. {REFERENCE.capitalize()} at its threshold {of.thresholds.alert:.3f}, where "
            f"a miss costs as much as {Costs().miss:.0f} needless texts.",
            *plots.pictures(
                plots.confusion(reference >= of.thresholds.alert, labels[kept], weights[kept])
            ),
        ),
        *(
            [
                Plot(
                    "Learning curve",
                    f"{REFERENCE.capitalize()} on growing numbers of groups of each fold: mean and "
                    "standard deviation. Where the lower line still climbs, more labels help.",
                    *plots.pictures(plots.learning_curve(grown)),
                )
            ]
            # One size is no curve.
            if len(grown.sizes) > 1
            else []
        ),
        Plot(
            "Strongest words",
            f"{REFERENCE.capitalize()} on all labelled mail: what speaks most for and most against "
            "a place being needed. Only what at least two groups use is learned.",
            *plots.pictures(plots.strongest_words(words), height=7.0),
        ),
    ]


def _shown(of: Comparison, view: View) -> list[Measured]:
    """The reference, then the others of the highest average precision."""
    standing = [line for line in view.lines if line.figures and line.name != REFERENCE]
    standing.sort(key=lambda line: -line.figures[MEASURES[0]].value)
    names = [REFERENCE, *(line.name for line in standing[: _CURVES - 1])]
    by_name = {one.name: one for one in of.measured}
    return [by_name[name] for name in names]


def strongest(fitted: Fitted) -> Sequence[tuple[str, float]]:
    """The heaviest terms and facts of a model, from the most positive to the most negative."""
    columns = fitted.pipeline.named_steps["columns"].get_feature_names_out()
    weights = fitted.pipeline.named_steps["estimator"].coef_[0]
    order = np.argsort(-weights, kind="stable")
    chosen = [*order[:_WORDS], *order[max(_WORDS, len(order) - _WORDS) :]]
    named = []
    for i in chosen:
        column, _, term = str(columns[i]).partition("__")
        named.append((f"{term_in_words(term)}  [{column}]", float(weights[i])))
    return named

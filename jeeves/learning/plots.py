"""The plots of a comparison, by scikit-learn's displays, each for a light and a dark page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import matplotlib as mpl
import matplotlib.rcsetup
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay, RocCurveDisplay
from sklearn.model_selection import LearningCurveDisplay

from jeeves.learning.evaluation import BINS
from jeeves.learning.features import Floats
from jeeves.learning.growth import Growth
from jeeves.learning.training import Bools

Draw = Callable[[Axes], None]


@dataclass(frozen=True, slots=True)
class Curve:
    """A candidate to draw."""

    name: str
    #: P(needs location), shape (n,).
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a page."""

    ink: str
    faint: str
    lines: Sequence[str]
    shades: str


#: Told apart with any kind of colour blindness (Okabe and Ito), lightened for the dark page.
LIGHT = Theme(
    "#1d2329",
    "#c9cfd6",
    ("#0072b2", "#d55e00", "#009e73", "#b0639a", "#8a6d00", "#4f5b66"),
    "Blues",
)
DARK = Theme(
    "#e4e7eb",
    "#4a525c",
    ("#56b4e9", "#ff8a3d", "#2fd0a0", "#e59bcb", "#f0e442", "#aab4bf"),
    "Blues_r",
)


def pictures(draw: Draw, width: float = 6.4, height: float = 5.0) -> tuple[str, str]:
    """A plot as data URIs of an SVG: for a light page and for a dark one."""
    return _picture(draw, LIGHT, width, height), _picture(draw, DARK, width, height)


def roc(curves: Sequence[Curve], labels: Bools, weights: Floats) -> Draw:
    """Recall against the share of false alarms."""

    def draw(axes: Axes) -> None:
        for n, curve in enumerate(curves):
            RocCurveDisplay.from_predictions(
                labels,
                curve.probabilities,
                sample_weight=weights,
                name=curve.name,
                ax=axes,
                curve_kwargs=_stroke(n),
            )
        axes.set(xlabel="share of other mail that alerts", ylabel="recall")
        axes.legend(loc="lower right")

    return draw


def precision_recall(curves: Sequence[Curve], labels: Bools, weights: Floats) -> Draw:
    """Precision against recall."""

    def draw(axes: Axes) -> None:
        for n, curve in enumerate(curves):
            PrecisionRecallDisplay.from_predictions(
                labels,
                curve.probabilities,
                sample_weight=weights,
                name=curve.name,
                ax=axes,
                curve_kwargs=_stroke(n),
            )
        axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02))
        axes.legend(loc="upper right")

    return draw


def calibration(curves: Sequence[Curve], labels: Bools, weights: Floats) -> Draw:
    """What share of the mail needed a place, by the probability that was said."""

    def draw(axes: Axes) -> None:
        for n, curve in enumerate(curves):
            said, came = _bins(curve.probabilities, labels, weights)
            CalibrationDisplay(came, said, curve.probabilities).plot(
                ax=axes, name=curve.name, ref_line=n == 0, markersize=4, **_stroke(n)
            )
        # The display draws its diagonal black, whatever the page.
        axes.get_lines()[0].set_color(mpl.rcParams["text.color"])
        axes.set(xlabel="mean probability said", ylabel="share that needed a place")
        axes.legend(loc="upper left")

    return draw


def confusion(alerts: Bools, labels: Bools, weights: Floats) -> Draw:
    """What alerted against what should have."""

    def draw(axes: Axes) -> None:
        ConfusionMatrixDisplay.from_predictions(
            labels,
            alerts,
            sample_weight=weights,
            display_labels=["no", "yes"],
            values_format=".0f",
            cmap=mpl.rcParams["image.cmap"],
            colorbar=False,
            ax=axes,
        )
        axes.grid(visible=False)
        axes.set(xlabel="alerts", ylabel="needs a place")

    return draw


def learning_curve(of: Growth) -> Draw:
    """Average precision by the number of messages fitted on."""

    def draw(axes: Axes) -> None:
        LearningCurveDisplay(
            train_sizes=of.sizes,
            train_scores=of.fitted_on,
            test_scores=of.held_out,
            score_name="average precision",
        ).plot(ax=axes, score_type="both", line_kw={"marker": "o", "markersize": 4})
        axes.set(xscale="linear", xlabel="messages fitted on", ylim=(0, 1.02), xlim=(0, None))
        axes.legend(
            axes.get_lines(), ["messages fitted on", "messages held out"], loc="lower right"
        )

    return draw


def strongest_words(terms: Sequence[tuple[str, float]]) -> Draw:
    """The weight of each term, as given from top to bottom."""

    def draw(axes: Axes) -> None:
        words, weights = [word for word, _ in terms], [weight for _, weight in terms]
        colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
        axes.barh(
            range(len(terms)),
            weights,
            color=[colours[0 if w > 0 else 1] for w in weights],
            height=0.7,
        )
        axes.set_yticks(range(len(terms)), words)
        axes.invert_yaxis()
        axes.margins(y=0.01)
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="weight in the log-odds")

    return draw


def _stroke(n: int) -> dict[str, float]:
    """The first, the reference, stands out."""
    return {"linewidth": 2.4 if n == 0 else 1.4, "zorder": 3 if n == 0 else 2}


def _bins(p: Floats, labels: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Mean probability and share of positives of the messages in each bin that has some."""
    place = np.where(weights > 0, np.digitize(p, BINS[1:-1]), -1)
    kept = [place == n for n in range(len(BINS) - 1) if (place == n).any()]
    said = [np.average(p[some], weights=weights[some]) for some in kept]
    came = [np.average(labels[some], weights=weights[some]) for some in kept]
    return np.array(said), np.array(came)


def _picture(draw: Draw, theme: Theme, width: float, height: float) -> str:
    with _themed(theme):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        stored = io.BytesIO()
        figure.savefig(stored, format="svg", transparent=True, metadata={"Date": None})
    svg = stored.getvalue().decode()
    # An image has no use for the prologue, and its document type names a place on the network.
    return "data:image/svg+xml," + quote(svg[svg.index("<svg") :], safe="=:/;()+!*")


@contextmanager
def _themed(theme: Theme) -> Iterator[None]:
    settings: Any = {
        "axes.edgecolor": theme.faint,
        "axes.grid": True,
        "axes.labelcolor": theme.ink,
        "axes.prop_cycle": mpl.rcsetup.cycler(color=theme.lines),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.size": 10,
        "grid.alpha": 0.5,
        "grid.color": theme.faint,
        "grid.linewidth": 0.6,
        "image.cmap": theme.shades,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "svg.hashsalt": "jeeves",
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
    }
    # Without a screen, whatever the environment says.
    mpl.use("svg")
    with mpl.rc_context(settings):
        yield

"""Candidates side by side, and the page about them."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from jeeves.errors import ConfigError
from jeeves.learning import pages, report
from jeeves.learning.comparison import Comparison, compare, measure
from jeeves.learning.corpus import Corpus
from jeeves.learning.estimators import REFERENCE, Kind, NonNegative, candidates
from jeeves.learning.folds import folds
from jeeves.learning.training import out_of_fold
from tests.model.small_corpus import small_corpus, with_columns

GROUPING = "<b>owner</b>"
VOID = {"meta", "link", "img", "source", "br"}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    plain = small_corpus(owners=4)
    n = len(plain.messages)
    return with_columns(
        plain,
        ambiguous=["0"] * (n - 4) + ["1"] * 4,
        stratum=["weak"] * n,
        weight=["2.0"] * n,
        **{GROUPING: [one.columns["owner"] for one in plain.messages]},
    )


@pytest.fixture(scope="module")
def compared(corpus: Corpus) -> Comparison:
    return compare(corpus, GROUPING, ("headline", "all", "natural"))


def test_the_reference_is_measured_as_training_measures_it(
    corpus: Corpus, compared: Comparison
) -> None:
    first = compared.measured[0]
    assert first.name == REFERENCE
    expected = out_of_fold(corpus, GROUPING).probabilities
    assert first.probabilities == pytest.approx(expected, abs=1e-9)


def test_every_candidate_has_figures_or_says_why_not(compared: Comparison) -> None:
    assert [view.name for view in compared.views] == ["headline", "all", "natural"]
    for view in compared.views:
        for line in view.lines:
            if line.name in ("SVD, multinomial naive Bayes", "SVD, complement naive Bayes"):
                assert not line.figures
                assert "naive Bayes takes no column below 0" in line.note
            else:
                assert 0 < line.figures["average precision"].value <= 1, line
                assert bool(line.differences) == (line.name != REFERENCE)
    assert compared.views[0].messages == len(compared.views[1].kept) - 4


def test_the_number_of_processes_changes_no_figure(corpus: Corpus) -> None:
    parts = folds(corpus, "owner")
    kinds = candidates(parts[0].fitted.pipeline.named_steps["estimator"])[:4]
    one, two = (measure(corpus, parts, kinds, jobs, lambda *_: None) for jobs in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(np.asarray(a.probabilities), np.asarray(b.probabilities)), a.name


def test_a_candidate_that_is_no_better_than_chance_is_a_line_that_says_so(corpus: Corpus) -> None:
    class Backwards(type(candidates_pipeline(corpus))):  # type: ignore[misc]
        def decision_function(self, X: object) -> object:  # noqa: N803  # scikit-learn's name
            return -super().decision_function(X)

    reference = candidates_of(corpus)[0]
    assert reference.make is not None
    make = reference.make
    kind = Kind("backwards", lambda columns: Backwards(make(columns).steps))
    measured = measure(corpus, folds(corpus, "owner"), [kind], 1, lambda *_: None)
    assert measured[0].probabilities is None
    assert "no better than chance" in measured[0].note


def candidates_of(corpus: Corpus) -> list[Kind]:
    return candidates(folds(corpus, "owner")[0].fitted.pipeline.named_steps["estimator"])


def candidates_pipeline(corpus: Corpus) -> object:
    make = candidates_of(corpus)[0].make
    assert make is not None
    return make(1)


def test_naive_bayes_reads_negative_columns_as_two() -> None:
    given = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, 0.0]])
    assert NonNegative().fit_transform(given).toarray().tolist() == [
        [1.0, 0.0, 0.0, 2.0],
        [0.5, 3.0, 0.0, 0.0],
    ]


class Page(HTMLParser):
    """What a page opens and where its pictures come from; fails where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset")]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_page_that_needs_no_network(corpus: Corpus, compared: Comparison) -> None:
    text = report.page(corpus, compared)
    assert text == report.page(corpus, compared)
    read = Page()
    read.feed(text)
    assert read.open == []
    assert read.links == []
    assert len(read.sources) == 12  # six plots, light and dark
    for source in read.sources:
        kind, _, content = source.partition(",")
        assert kind == "data:image/svg+xml"
        assert " " not in content
        ElementTree.fromstring(unquote(content))
    assert GROUPING not in text
    assert "&lt;b&gt;owner&lt;/b&gt;" in text


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_without_its_packages_the_report_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"needs {package}.*jeeves\[report\]"):
        pages.require_plots()

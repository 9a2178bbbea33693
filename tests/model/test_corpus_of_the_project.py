"""The corpus that the project wrote itself: models/corpus."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from email.parser import BytesHeaderParser
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest

from jeeves.domain.verdict import Thresholds
from jeeves.learning.corpus import Corpus, load
from jeeves.learning.features import Fitted
from jeeves.learning.scorer import TableScorer
from jeeves.learning.table import Table
from jeeves.learning.training import fit_corpus
from tests.conftest import ROOT

FOLDER = ROOT / "models" / "corpus"
COLUMNS = [
    *("id", "letter", "needs_location", "ambiguous", "read_twice", "owner", "stratum", "weight"),
    *("origin", "genre", "language", "program", "first_reading", "second_reading"),
    "third_reading",
]
ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
ADDRESS_FIELDS = ("from", "to", "cc", "reply-to", "sender", "return-path")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("check_corpus", str(ROOT / "scripts" / "check_corpus"))
    spec = spec_from_loader("check_corpus", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load(FOLDER / "messages", FOLDER / "labels.tsv")


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with (FOLDER / "labels.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_every_message_has_a_line_and_every_line_a_message(lines: list[dict[str, str]]) -> None:
    ids = [line["id"] for line in lines]
    assert len(ids) >= 2_500
    assert len(set(ids)) == len(ids)
    assert {path.name for path in (FOLDER / "messages").iterdir()} == {f"{one}.eml" for one in ids}


def test_the_table_has_the_columns_that_its_page_explains(lines: list[dict[str, str]]) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert list(lines[0]) == COLUMNS
    assert [column for column in COLUMNS if f"`{column}`" not in page] == []
    for line in lines:
        assert all(line[column] for column in COLUMNS if column != "third_reading"), line["id"]
        assert (line["stratum"], line["origin"], line["weight"]) == ("written", "written", "0")
        assert line["read_twice"] == "1"
        assert re.fullmatch(r"[a-z]{2}", line["language"]), line["id"]


def test_the_letter_says_whether_a_place_is_needed(lines: list[dict[str, str]]) -> None:
    for line in lines:
        assert line["letter"] in set("YLCVN"), line["id"]
        assert line["needs_location"] == ("1" if line["letter"] == "Y" else "0"), line["id"]


def test_the_letter_is_what_the_readers_said(lines: list[dict[str, str]]) -> None:
    for line in lines:
        first, second, third = (line[f"{one}_reading"] for one in ("first", "second", "third"))
        agreed = first[0] == second[0]
        assert bool(third) is not agreed, line["id"]
        assert line["letter"] == (first if agreed else third)[0], line["id"]
        doubtful = not agreed or "?" in first + second
        assert line["ambiguous"] == str(int(doubtful)), line["id"]


def test_the_readers_agree_as_the_page_of_the_corpus_states(
    script: ModuleType, lines: list[dict[str, str]]
) -> None:
    first = [line["first_reading"][0] for line in lines]
    second = [line["second_reading"][0] for line in lines]
    letters = script.cohen(first, second)
    places = script.cohen([one == "Y" for one in first], [one == "Y" for one in second])
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| agreement | {letters[0]:.1%} | {places[0]:.1%} |".replace("%", " %") in page
    assert f"| Cohen's kappa | {letters[1]:.3f} | {places[1]:.3f} |" in page
    assert min(letters[1], places[1]) > 0.9


def test_kappa_is_agreement_beyond_chance(script: ModuleType) -> None:
    """The example of Cohen 1960: 20, 5, 10 and 15 of 50."""
    first = "y" * 25 + "n" * 25
    second = "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    assert script.cohen(first, second) == pytest.approx((0.7, 0.4))


def test_the_figures_of_its_page_are_those_of_the_table(lines: list[dict[str, str]]) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    letters = Counter(line["letter"] for line in lines)
    foreign = [line["language"] for line in lines if line["language"] != "en"]
    assert f"{len(lines):,} messages" in page
    assert f"{letters['Y']} need a place" in page
    assert ", ".join(f"{letters[one]} {one}" for one in "LCVN") in page
    assert f"{len(foreign)} messages in {len(set(foreign))} languages" in page
    assert f"{len({line['genre'] for line in lines})} genres" in page


def test_no_two_messages_are_near_duplicates(script: ModuleType, corpus: Corpus) -> None:
    similarity, one, other = script.alike(corpus)[0]
    assert similarity <= script.MOST_ALIKE == 0.6, (one, other)
    digests = Counter(message.message.digest for message in corpus.messages)
    assert max(digests.values()) == 1


def test_copies_are_found_to_be_alike(script: ModuleType, corpus: Corpus) -> None:
    one, other = corpus.messages[0], corpus.messages[1]
    copy = type(one)("copy", one.message, one.needs_location)
    assert script.alike(Corpus([one, other, copy]))[0] == (1.0, "copy", one.id)


def test_every_message_can_be_read_and_says_something(corpus: Corpus) -> None:
    assert corpus.unreadable == 0
    for one, document in zip(corpus.messages, corpus.documents, strict=True):
        message = one.message
        assert message.sender is not None, one.id
        # Own words, a calendar entry, or something forwarded.
        assert message.own_words.strip() or document.facts or message.body.strip(), one.id
        assert document.text, one.id


def test_no_two_messages_have_one_message_id(corpus: Corpus) -> None:
    found = Counter(one.message.message_id for one in corpus.messages)
    assert None not in found
    assert found.most_common(1)[0][1] == 1


def test_every_address_ends_in_example(corpus: Corpus) -> None:
    """RFC 2606: a domain that belongs to nobody."""
    for one in corpus.messages:
        # As written, encoded words and all: an address is never inside one.
        mail = BytesHeaderParser().parsebytes((FOLDER / "messages" / f"{one.id}.eml").read_bytes())
        fields = [str(value) for name in ADDRESS_FIELDS for value in mail.get_all(name, [])]
        hosts = [host for text in (*fields, one.message.body) for host in ADDRESS.findall(text)]
        assert any(ADDRESS.search(field) for field in fields), one.id
        assert [host for host in hosts if not host.endswith(".example")] == [], one.id


@pytest.fixture(scope="module")
def fitted(corpus: Corpus) -> Fitted:
    """A small model: of every sixth message."""
    return fit_corpus(Corpus(corpus.messages[::6]), "owner")


def test_the_table_equals_the_pipeline_on_every_message(fitted: Fitted, corpus: Corpus) -> None:
    table = Table.loads(fitted.table().dumps())
    scorer = TableScorer(table, "test", Thresholds(alert=0.5, unsure=0.1))
    served = scorer.probabilities(one.message for one in corpus.messages)
    assert served == pytest.approx(fitted.probabilities(corpus.documents).tolist(), abs=1e-9)


def test_every_reason_is_the_words_of_the_mail_and_the_sum_is_the_verdict(
    fitted: Fitted, corpus: Corpus
) -> None:
    """In all its languages."""
    scorer = TableScorer(fitted.table(), "test", Thresholds(alert=0.5, unsure=0.1))
    expected = fitted.log_odds(corpus.documents)
    for one, log_odds in zip(corpus.messages, expected, strict=True):
        score = scorer.score(one.message)
        total = math.fsum([score.rest, *(reason.weight for reason in score.reasons)])
        assert total == pytest.approx(log_odds, abs=1e-9), one.id
        for reason in score.reasons:
            assert reason.words.strip(), one.id
            assert not re.search(r"\bxx[a-z]{3,}|\bxxn\d", reason.words), (one.id, reason.words)

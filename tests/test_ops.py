"""What is there to be copied for those who watch: every figure that it names exists."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from jeeves.adapters.metrics import PrometheusMeter
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.listing import Backlog
from jeeves.domain.metering import Standing
from tests.conftest import ROOT

OPS = ROOT / "scripts" / "ops"


def given() -> dict[str, set[str]]:
    """Every figure that Jeeves gives, and its labels."""
    outbox = {(AlertKind.ALERT, Channel.SMS, AlertState.SENT): 1}
    standing = Standing(True, (1.0,), Backlog(1, 0, 0, 0, 0), outbox, "starter", newest=True)
    meter = PrometheusMeter("0.1", lambda: standing)
    meter.reached(list(Channel))
    families = text_string_to_metric_families(meter.page()[0].decode())
    found: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def asked(expression: str) -> dict[str, set[str]]:
    """The figures of an expression, and the labels that it chooses them by."""
    plain = re.sub(r"\b(by|on|ignoring|without) *\([^)]*\)", " ", expression)
    plain = re.sub(r"\[[^]]*\]", " ", plain)
    found: dict[str, set[str]] = {}
    for name, chosen in re.findall(r"([a-zA-Z_:][\w:]*)(?:\{([^}]*)\}| *(?![\w:(]))", plain):
        # what is left are functions and words of PromQL
        if not name.startswith(("jeeves", "process", "up")):
            continue
        found.setdefault(name, set()).update(re.findall(r"(\w+) *(?:=~|!~|!=|=)", chosen))
    return found


def grouped(expression: str) -> set[str]:
    listed = re.findall(r"\bby *\(([^)]*)\)", expression)
    return {label.strip() for names in listed for label in names.split(",")}


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((OPS / "prometheus-rules.yml").read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    read = json.loads((OPS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = read["panels"]
    return listed


def expressions() -> list[str]:
    of_panels = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*of_panels, *(rule["expr"] for rule in rules())]


@pytest.mark.parametrize("expression", expressions())
def test_every_figure_and_label_that_is_asked_for_exists(expression: str) -> None:
    known = given() | {"up": set()}
    figures = asked(expression)
    assert figures, "it asks for no figure"
    for name, labels in figures.items():
        assert name in known, name
        assert labels <= known[name] | {"job", "instance"}, name
    labels_of_all = set().union(*(known[name] for name in figures))
    assert grouped(expression) <= labels_of_all


def test_an_expression_with_a_figure_that_does_not_exist_would_be_noticed() -> None:
    found = asked('rate(jeeves_nonsense_bucket{kind="alert", job="x"}[5m]) > 1 and jeeves_healthy')
    assert found == {"jeeves_nonsense_bucket": {"kind", "job"}, "jeeves_healthy": set()}


def test_the_dashboard_shows_every_figure_of_ours_or_the_rules_watch_it() -> None:
    shown = {name for expression in expressions() for name in asked(expression)}
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    ours = {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in given() if name.startswith("jeeves_")
    }
    # how much there is in all, which nobody needs to be told
    beside = {"jeeves_info", "jeeves_messages", "jeeves_messages_unreadable"}
    assert ours - plain - beside == {"jeeves_alerts_waiting"}


def test_each_rule_says_what_is_the_matter() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        summary = rule["annotations"]["summary"]
        assert len(summary) > 20, rule["alert"]
        assert summary.endswith((".", "why.")), rule["alert"]


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_readme_names_every_figure() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in {re.sub(r"_(bucket|sum|count)$", "", name) for name in given()}:
        if name.startswith("jeeves_"):
            assert f"`{name}" in readme, name

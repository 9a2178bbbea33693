"""The README's picture of the demo."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.conftest import ROOT


def test_the_readme_shows_the_demo_by_a_picture_that_asks_no_other_host() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [name] = re.findall(r"!\[[^\]]+\]\(([^)]+\.svg)\)", readme)
    drawn = (ROOT / name).read_text(encoding="utf-8")
    picture = ElementTree.fromstring(drawn)
    shown = " ".join(picture.itertext()).replace("\xa0", " ")
    assert "jeeves demo" in shown
    assert "No place yet." in shown
    assert len(drawn) < 60_000
    assert not re.search(r"url\([\"']?http|href=|@import|<script", drawn)

"""What a cold `jeeves score ONE.eml` costs beside an import of scikit-learn."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scripts.bench.judgement import bogofilter
from scripts.bench.judgement.children import Child, in_turn
from scripts.bench.judgement.peers import ready
from scripts.bench.judgement.speed import child_table
from scripts.bench.judgement.trial import Trial

IMPORT = "import sklearn.linear_model, sklearn.feature_extraction.text"


@dataclass(frozen=True, slots=True)
class Cold:
    """Costs of whole processes, each started anew."""

    #: Bytes of the mail that is scored.
    mail_bytes: int
    children: list[Child]
    missing: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield child_table(f"cold: one mail of {self.mail_bytes} bytes", self.children)
        yield from self.missing


def cold(trial: Trial, rounds: int) -> Cold:
    """Every process once a round, in turn: the import, `jeeves score`, the peers with one mail."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = ready(trial, folder)
        raw = sorted(trial.raw, key=len)[len(trial.raw) // 2]
        mail = folder / "one.eml"
        mail.write_bytes(raw)
        commands = {
            IMPORT: [sys.executable, "-c", IMPORT],
            "jeeves score ONE.eml": [sys.executable, "-m", "jeeves", "score", str(mail)],
            "bare Python": [sys.executable, "-c", "pass"],
            **peers.scoring(mail),
        }
        with patch.dict(os.environ, {"JEEVES_HOME": str(folder / "home")}):
            children = in_turn(commands, IMPORT, rounds)
        return Cold(len(raw), children, [] if peers.filtering else [bogofilter.INSTALL])

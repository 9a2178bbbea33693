"""What a start loads, in an interpreter of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Each costs a tenth of a second or more to import, nltk more than one second.
HEAVY = {"alembic", "joblib", "nltk", "sklearn", "sqlalchemy", "twilio"}

REPORT = "import json, sys; print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"


@pytest.mark.parametrize(
    "module",
    [
        "jeeves.cli",
        "jeeves.bootstrap",
        "jeeves.service.daemon",
        "jeeves.service.triage",
        "jeeves.mail",
        "jeeves.adapters.imap",
        "jeeves.adapters.gmail",
        "jeeves.adapters.postgres.store",
        "jeeves.learning.document",
        "jeeves.learning.scorer",
    ],
)
def test_serving_loads_no_heavy_library(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}; {REPORT}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert not HEAVY & set(json.loads(loaded.stdout))

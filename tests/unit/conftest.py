"""What all unit tests share."""

from __future__ import annotations

from hypothesis import settings

# No assertion on how fast something is: a busy machine is no counterexample.
settings.register_profile("jeeves", deadline=None)
settings.load_profile("jeeves")

"""The model: whether it proves its origin, and whether it is of yesterday."""

from __future__ import annotations

from jeeves import modelling
from jeeves.cli.examining.finding import Found, Grade
from jeeves.cli.status import expectation
from jeeves.settings import Settings

#: A model that so many times RETRAIN_LABELS mails were labelled after is of yesterday: the nights
#: have not learned from them.
NIGHTS_MISSED = 3
#: As RETRAIN_LABELS, where the nights do not learn.
MANY = 20


def look(settings: Settings, mails_a_day: float | None, new_labels: int | None) -> Found:
    """Load the model as serving does, and say what to expect of it.

    Args:
        settings: Where models are, and what errors cost.
        mails_a_day: From other people; None where that is not known.
        new_labels: Mails labelled since the last training; None where that is not known.
    """
    found = modelling.model_in_use(settings)
    expected = expectation(found, mails_a_day)
    says = f"{found.says}; {expected}" if expected else found.says
    if not found.ok:
        # A model that was refused says itself what mends it.
        return Found(says, Grade.BROKEN, "jeeves models")
    outgrown = modelling.outgrown_starter(settings)
    if outgrown is not None:
        mends = "jeeves retrain" if new_labels else "jeeves retrain --force"
        return Found(
            f"{says}; moved from the starter {outgrown[0]}, and {outgrown[1]} has come since",
            Grade.WARNING,
            mends,
        )
    nightly = settings.retrain_labels
    if new_labels is not None and new_labels >= (nightly * NIGHTS_MISSED or MANY):
        told = f"{says}; {new_labels} mails were labelled since it was trained"
        return Found(told, Grade.WARNING, "jeeves retrain")
    return Found(says)

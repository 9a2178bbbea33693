"""Asks how things stand, for `jeeves status`: the database each time, the model now and then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jeeves import modelling
from jeeves.cli.status import Learning, StatusReport, Views, gather, next_night
from jeeves.domain.labelling import LastWord
from jeeves.domain.ports import TeachingStore
from jeeves.modelling import ModelInUse
from jeeves.settings import Settings

#: The files of the model are read again this seldom.
MODEL_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class Standing:
    """How things stand, asked for again and again."""

    settings: Settings
    reading: Views
    store: TeachingStore
    _model: ModelInUse | None = field(init=False, default=None)
    _trained_up_to: LastWord | None = field(init=False, default=None)
    _looked_at: datetime | None = field(init=False, default=None)

    def report(self, now: datetime) -> StatusReport:
        """Everything that `status` prints.

        Raises:
            StoreError: the database cannot be read.
        """
        settings = self.settings
        if self._model is None or self._looked_at is None or now - self._looked_at >= MODEL_EVERY:
            self._model = modelling.model_in_use(settings)
            self._trained_up_to = modelling.trained_up_to(settings)
            self._looked_at = now
        learning = Learning(
            new_labels=self.store.said_after(self._trained_up_to).messages,
            needed=settings.retrain_labels,
            night=next_night(now, settings.retrain_hour, settings.zone),
        )
        addresses = [account.address for account in settings.accounts]
        silent = settings.silent_minutes * 60
        return gather(self.reading, self._model, now, addresses, silent, learning)

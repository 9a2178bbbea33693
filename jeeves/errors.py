"""Every failure Jeeves expects, as one tree.

    JeevesError
    ├─ ConfigError                         a setting or argument is wrong
    ├─ MailboxError
    │  ├─ MailboxUnavailable (T)           no network, time-out, connection lost
    │  │  └─ OverQuota (T)                 the day's bandwidth is used up
    │  └─ LoginRefused                     the server said no; retrying will not help
    ├─ StoreError
    │  ├─ StoreUnavailable (T)             no Postgres, connection lost
    │  └─ SchemaOutOfDate                  `jeeves migrate` mends it
    ├─ ModelError
    │  ├─ ModelNotFound
    │  ├─ ModelCorrupt                     digest, format or content is wrong
    │  ├─ ModelForeign                     not proved to be the owner's or the starter
    │  ├─ ModelIncompatible                made by other versions
    │  └─ ModelKeyUnusable                 the key that proves it cannot be used
    ├─ LabelError                          what is said of messages cannot be taken down
    ├─ TrainingError                       the labels or messages cannot be trained on
    │  └─ TooFewLabels (T)                 nothing can be learned from so few
    ├─ RetrainingRuns (T)                  another process is training
    ├─ ClusterUnavailable (T)              no Dask scheduler answers
    ├─ NotInstalled                        systemd, launchd or cron did not do as asked
    └─ DeliveryError
       ├─ DeliveryDelayed (T)              certainly not sent; later may work
       ├─ DeliveryUnknown (T)              sent or not: look it up before trying again
       └─ DeliveryRefused                  will never work as it is

(T) is also a TransientError: the same call may succeed later.
"""

from __future__ import annotations


class JeevesError(Exception):
    """Something expected went wrong; ``str()`` is one sentence: what, where, what to do."""


class TransientError(JeevesError):
    """The same call may succeed later."""


class ConfigError(JeevesError):
    """A setting or argument is wrong."""


class MailboxError(JeevesError):
    """The mail server could not give what was asked."""


class MailboxUnavailable(MailboxError, TransientError):
    """The mail server cannot be reached or the connection was lost."""


class OverQuota(MailboxUnavailable):
    """What may be fetched of this account in a day was fetched; tomorrow it goes on."""


class LoginRefused(MailboxError):
    """The mail server refused the address or its password."""


class StoreError(JeevesError):
    """The database could not do what was asked."""


class StoreUnavailable(StoreError, TransientError):
    """The database cannot be reached or the connection was lost."""


class SchemaOutOfDate(StoreError):
    """The database has another schema than this version of Jeeves needs."""


class ModelError(JeevesError):
    """No model can be served from these files."""


class ModelNotFound(ModelError):
    """There is no model in this place."""


class ModelCorrupt(ModelError):
    """The model's files are damaged or were changed after they were written."""


class ModelForeign(ModelError):
    """Nothing proves that the model was made by this installation, or shipped with it."""


class ModelIncompatible(ModelError):
    """The model was written by versions that this installation cannot read."""


class ModelKeyUnusable(ModelError):
    """The key that proves the owner's models is there but cannot be used."""


class TrainingError(JeevesError):
    """The given messages and labels cannot be trained on."""


class TooFewLabels(TrainingError, TransientError):
    """Nothing can be learned yet from what the owner has said."""


class RetrainingRuns(TransientError):
    """Another process is training; one at a time does."""


class LabelError(JeevesError):
    """What was to be said of messages cannot be taken down; nothing was."""


class ClusterUnavailable(TransientError):
    """The cluster that was to run a search cannot be reached, has no worker or was lost."""


class NotInstalled(JeevesError):
    """What starts programs on this machine could not be told to start this one, or to cease."""


class DeliveryError(JeevesError):
    """An alert could not be delivered."""


class DeliveryDelayed(DeliveryError, TransientError):
    """The alert was certainly not delivered; a later attempt may succeed.

    ``retry_after`` is the number of seconds the other side asked to wait, if it did.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryUnknown(DeliveryError, TransientError):
    """The alert may or may not have been accepted: look it up before sending again."""


class DeliveryRefused(DeliveryError):
    """The alert was refused and will be refused again.

    ``code`` is the provider's error code, if it gave one.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code

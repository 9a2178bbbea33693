"""Our labels in the owner's mailbox: wished for in the database, written when it can be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

import structlog

from jeeves.domain.labelling import wishes
from jeeves.domain.ports import LabelStore, LabelWriter
from jeeves.errors import ConfigError, LoginRefused, StoreError, TransientError

log = structlog.get_logger()

#: Wishes carried out before they are remembered as written.
BATCH = 200
#: How often a process that runs on looks for wishes that nobody told it of.
LOOK_SECONDS = 60.0
#: How long it waits after a failure, and after a refusal: more logins would lock the account.
FAILED_SECONDS = 120.0
REFUSED_SECONDS = 900.0


class ClosableLabelStore(LabelStore, Protocol):
    """A store with a connection of its own."""

    def close(self) -> None:
        """Give the connection back."""
        ...


def write_labels(writer: LabelWriter, store: LabelStore) -> int:
    """Carry out every wish that the mailbox does not show yet; the number of them.

    What is wished for follows, each time anew, from how conversations stand: what a crash left
    out is wished for the next time. Carried out again after a crash, wishes change nothing. What
    is not in the mailbox that the writer opens waits until it is read there.

    Raises:
        MailboxError, ConfigError, StoreError: what was carried out is remembered.
    """
    store.wish_labels(wishes(store.mislabelled(writer.account)))
    if not store.labels_due(writer.account):
        return 0
    written = 0
    with closing(writer):
        status = writer.open()
        while changes := store.due_labels(writer.account, status, BATCH):
            writer.write(changes)
            store.labels_written(changes)
            written += len(changes)
    if written:
        log.info("labels written", labels=written)
    return written


def try_to_write_labels(writer: LabelWriter, store: LabelStore) -> float:
    """Carry out wishes; a failure is told in the log only. Seconds until the next try."""
    try:
        write_labels(writer, store)
    except (LoginRefused, ConfigError) as exc:
        log.warning("labels not written", error=str(exc))
        return REFUSED_SECONDS
    except (TransientError, StoreError) as exc:
        log.warning("labels wait", error=str(exc))
        return FAILED_SECONDS
    return LOOK_SECONDS


def write_labels_forever(
    writer: LabelWriter,
    open_store: Callable[[], ClosableLabelStore],
    wake: threading.Event,
    stop: threading.Event,
) -> None:
    """Carry out wishes until ``stop`` is set, in a thread of its own.

    Args:
        writer: Used by this thread only.
        open_store: Makes a store of its own.
        wake: Set where there may be new wishes, and where ``stop`` was set.
        stop: Ends it.
    """
    try:
        with closing(open_store()) as store:
            while not stop.is_set():
                seconds = try_to_write_labels(writer, store)
                # After a failure new wishes are no reason to try sooner.
                (wake if seconds == LOOK_SECONDS else stop).wait(seconds)
                wake.clear()
    except Exception as exc:  # noqa: BLE001  # labels must not end what reads and alerts
        log.error("labels are not written any more", error=type(exc).__name__)  # noqa: TRY400

"""Old text is dropped: once a day, in small steps that hold nobody up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from jeeves.domain.keeping import RetentionStore
from jeeves.domain.ports import Clock
from jeeves.errors import StoreError

log = structlog.get_logger()

EVERY = timedelta(days=1)
#: What was stored later than so long ago stays, however old: somebody may have imported it to
#: label it.
STORED_SINCE = timedelta(days=7)
#: How often a daemon looks whether it is time, and how long it rests between two steps; seconds.
LOOK_SECONDS = 600.0
REST_SECONDS = 0.2
#: Steps after which a single run ends: the next one goes on.
MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept, as the owner wants it."""

    #: Text is kept so long after the last mail of its conversation; None: for ever.
    text: timedelta | None
    #: Labelled mail keeps its text, so that models can be trained on it.
    labelled: bool
    #: Removes files made before a moment that quote mail; returns at once.
    drop_files: Callable[[datetime], None] = lambda _: None


class ClosableStore(RetentionStore, Protocol):
    """A store with a connection of its own."""

    def close(self) -> None:
        """Give the connection back."""
        ...


def drop_old_text(
    store: RetentionStore,
    keep: Keep,
    now: datetime,
    most_steps: int | None = None,
    rest: Callable[[], bool] = lambda: False,
) -> int | None:
    """Drop text that is older than the owner wants it.

    Args:
        store: Where it is.
        keep: What he wants.
        now: Aware.
        most_steps: After so many transactions it ends, for now.
        rest: Called between two of them; True ends it.

    Returns:
        Of how many mails; None where it is not time, or more is left to be done.
    """
    if keep.text is None:
        return None
    last = store.last_run()
    if last is not None and timedelta() <= now - last < EVERY:
        return None
    before, stored_before = now - keep.text, now - STORED_SINCE
    store.forget_digests(before)
    keep.drop_files(before)
    dropped, steps, after = 0, 0, 0
    looked = False
    while most_steps is None or steps < most_steps:
        steps += 1
        if looked:
            count = store.drop_texts(now, keep_labelled=keep.labelled)
            dropped += count
            if not count:
                store.ran(now)
                if dropped:
                    log.info("old text dropped", messages=dropped)
                return dropped
        else:
            aged = store.age(after, before, stored_before, now)
            looked = aged.after is None
            after = aged.after or after
        if rest():
            break
    return None


def drop_old_text_forever(
    open_store: Callable[[], ClosableStore],
    keep: Keep,
    clock: Clock,
    stop: threading.Event,
) -> None:
    """The same, daily, until ``stop`` is set; a database that cannot be used is waited for."""
    if keep.text is None:
        return
    while not stop.is_set():
        try:
            with closing(open_store()) as store:
                drop_old_text(store, keep, clock(), rest=lambda: stop.wait(REST_SECONDS))
        except StoreError as exc:
            log.warning("old text not dropped", error=str(exc))
        stop.wait(LOOK_SECONDS)

"""What Jeeves says of conversations, beside what a reader says."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jeeves import modelling
from jeeves.domain.message import FetchedMail, Message, Origin
from jeeves.domain.ports import Scorer
from jeeves.domain.schedule import Rules
from jeeves.domain.threading import when
from jeeves.learning.origin import Pin
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.serving import Shelf, load_scorer
from jeeves.mail.mime import read
from jeeves.service.replay import Replayed, replay_thread
from jeeves.service.terms import Terms
from tests.conversations import conversations, real_threads

FOLDERS = ("open", "more", "sealed")
#: Says who moves the clock of no one: texts are not looked at here.
TERMS = Terms(rules=Rules(zone=UTC))
Counted = dict[str, Any]


def starter() -> Scorer:
    """The model that everybody begins with, at its own thresholds."""
    shelf = Shelf(modelling.starter_models(), Pin(STARTER_MANIFEST_SHA256))
    return load_scorer([shelf]).scorer


def written() -> Counted:
    """The written conversations, by folder."""
    scorer = starter()
    counted: Counted = {}
    for folder in FOLDERS:
        right: Counter[str] = Counter()
        mistakes = []
        for one in conversations(folder):
            said = replay_thread(one.messages, scorer, TERMS)
            told = agreement(said, one.expected.state, one.expected.alert_at)
            told["settled by"] = said.settled_by == one.expected.settled_by
            right.update(name for name, same in told.items() if same)
            right["all"] += all(told.values())
            right["conversations"] += 1
            if not all(told.values()):
                wrong = ", ".join(name for name, same in told.items() if not same)
                mistakes.append(f"{one.name} ({one.case}): {wrong}")
        counted[folder] = {**right, "mistakes": mistakes}
    return counted


def agreement(said: Replayed, state: str, alert_at: str | None) -> dict[str, bool]:
    """In what Jeeves and the reader say the same."""
    return {
        "alert": said.alert == (alert_at is not None),
        "alert at": said.alert_at == alert_at,
        "state": said.state.value == state,
    }


def real(archive: Path) -> Counted:
    """The labelled threads of real mail."""
    scorer = starter()
    threads = real_threads()
    mails = dict(mails_of(archive, {file for thread in threads for file in thread["files"]}))
    settled: Counter[tuple[bool, bool]] = Counter()
    alerts: Counter[tuple[bool, bool]] = Counter()
    mistakes = []
    named = 0
    for thread in threads:
        said = replay_thread(sorted(messages_of(thread, mails), key=when), scorer, TERMS)
        settled[thread["state"] == "settled", said.state.value == "settled"] += 1
        alerts[thread["alert"], said.alert] += 1
        named += said.settled_by is not None and said.settled_by in (
            thread["settled_by"],
            thread.get("settled_by_alt"),
        )
        if said.state.value != thread["state"] or said.alert != thread["alert"]:
            mistakes.append(
                f"{thread['thread']}: {thread['state']}, said {said.state.value}"
                + (
                    ""
                    if said.alert == thread["alert"]
                    else ", alert " + ("too many", "missed")[thread["alert"]]
                )
            )
    return {
        "threads": len(threads),
        "settled": precision_and_recall(settled),
        "settled by the right mail": named,
        "alert": precision_and_recall(alerts),
        "mistakes": mistakes,
    }


def messages_of(thread: Mapping[str, Any], mails: Mapping[str, bytes]) -> Iterator[Message]:
    """The mails of a thread, read as the owner's."""
    for file in thread["files"]:
        mail = FetchedMail(
            raw=mails[file], mailbox=file, received_at=datetime(2002, 1, 1, tzinfo=UTC)
        )
        message = read(mail, thread["owner"], Origin.LIVE, tuple(thread["owner_aliases"]))
        if isinstance(message, Message):
            yield message


def mails_of(archive: Path, files: set[str]) -> Iterator[tuple[str, bytes]]:
    """The named files of the archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in files and (opened := tar.extractfile(member)):
                yield member.name, opened.read()


def precision_and_recall(counts: Mapping[tuple[bool, bool], int]) -> dict[str, float]:
    """Of (is so, was said so)."""
    both = counts.get((True, True), 0)
    said = both + counts.get((False, True), 0)
    is_so = both + counts.get((True, False), 0)
    return {
        "precision": round(both / said, 3) if said else 0.0,
        "recall": round(both / is_so, 3) if is_so else 0.0,
        "is so": is_so,
        "said": said,
    }


def show(counted: Counted, *, mistakes: bool) -> None:
    """Print what was counted."""
    columns: Sequence[str] = ("conversations", "alert", "alert at", "state", "settled by", "all")
    for folder, right in counted.get("written", {}).items():
        print(f"{folder:8}" + "  ".join(f"{name} {right.get(name, 0)}" for name in columns))
    if found := counted.get("real"):
        print(f"real    threads {found['threads']}")
        for name in ("settled", "alert"):
            print(f"  {name}: " + ", ".join(f"{key} {value}" for key, value in found[name].items()))
        print(f"  settled by the right mail: {found['settled by the right mail']}")
    if mistakes:
        for part in (*counted.get("written", {}).values(), counted.get("real") or {}):
            for line in part.get("mistakes", ()):
                print(line)

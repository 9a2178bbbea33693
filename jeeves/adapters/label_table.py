"""Tables of labels on disk: what an owner says of messages, a line each."""

from __future__ import annotations

import csv
from pathlib import Path

from jeeves.errors import ConfigError, LabelError

#: The columns, and what may stand in the second.
NAME, LABEL = "id", "needs_location"
SAID = {"1": "yes", "yes": "yes", "0": "no", "no": "no", "undo": "undo"}


def read_table(path: Path) -> list[tuple[str, str, str]]:
    """Where each line stands, the message it names, and "yes", "no" or "undo".

    Args:
        path: Tab-separated, UTF-8; its first line names the columns ``id`` (short id, or
            Message-ID, with its angle brackets or without) and ``needs_location`` (1, 0, yes, no
            or undo) among others.

    Raises:
        ConfigError: the file cannot be read.
        LabelError: it is no such table; the sentence says where.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            header = table.fieldnames or []
            rows = [(table.line_num, row) for row in table]
    except UnicodeDecodeError as exc:
        raise LabelError(
            f"{path} is not written in UTF-8 (octet {exc.start}): save it as UTF-8. "
            "Nothing was labelled."
        ) from exc
    except OSError as exc:
        raise ConfigError(f"The table {path} cannot be read ({exc.strerror}).") from exc
    except csv.Error as exc:
        raise LabelError(f"{path} is no table of labels ({exc}). Nothing was labelled.") from exc
    for column in (NAME, LABEL):
        if column not in header:
            raise LabelError(
                f"{path} has no column {column!r}: its first line must name the columns id and "
                "needs_location, separated by tabs. Nothing was labelled."
            )
    found = []
    for number, row in rows:
        name, said = row[NAME].strip(), SAID.get(row[LABEL].strip().lower())
        if not name.strip("<>") or said is None:
            raise LabelError(
                f"{path}, line {number}: give an id, and 1, 0 or undo in needs_location. "
                "Nothing was labelled."
            )
        found.append((f"{path.name}, line {number}", name, said))
    return found

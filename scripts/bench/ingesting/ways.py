"""The ways to pull a mailbox, each run in a process of its own: `python -m ... WAY ...`.

Prints what the work took without the start of the interpreter, as JSON. Imports stand inside the
functions: the peak of the memory is that of one way.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imapclient import IMAPClient

#: What the prototype of 2014 kept of a mail.
PROTOTYPE_TABLE = """
drop table if exists prototype;
create table prototype (
    id bigint generated always as identity primary key, message_id text unique, sender text,
    recipient text, subject text, sent_at text, body text
)
"""
_INSERT = """
insert into prototype (message_id, sender, recipient, subject, sent_at, body)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing
"""


def jeeves(_limit: int) -> Callable[[], int]:
    """As `jeeves check` reads a mailbox that it sees for the first time, without the judging."""
    from jeeves import bootstrap, interpreter, logs
    from jeeves.service.triage import ingest
    from jeeves.settings import load_settings

    interpreter.adapt()
    settings = load_settings()
    logs.configure(quiet=True)
    mailbox = bootstrap.make_mailbox(settings, settings.account())

    def work() -> int:
        with bootstrap.open_database(settings) as database:
            store = database.store()
            fetched, _, _ = ingest(mailbox, store, bootstrap.now)
            mailbox.close()
            store.close()
        return fetched

    return work


def bare(_limit: int) -> Callable[[], int]:
    """IMAPClient alone: the same batches, received and dropped."""
    client = _client()

    def work() -> int:
        from scripts.bench.ingesting.fetching import pull

        uids = client.search()
        pull(client, uids)
        return len(uids)

    return work


def one_by_one(limit: int) -> Callable[[], int]:
    """As the prototype: a FETCH, a parse by policy.default and a COMMIT for each mail."""
    import email
    from email import policy

    import psycopg2

    client = _client()
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    sql = connection.cursor()
    sql.execute(PROTOTYPE_TABLE)
    connection.commit()

    def work() -> int:
        uids = client.search()[:limit]
        for uid in uids:
            raw = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
            mail = email.message_from_bytes(raw, policy=policy.default)
            names = ("message-id", "from", "to", "subject", "date")
            fields = [str(mail[name]).replace("\0", "") for name in names]
            body = mail.get_body(("plain", "html"))
            text = str(body.get_content()) if body is not None else ""
            sql.execute(_INSERT, [*fields, text.replace("\0", "")])
            connection.commit()
        return len(uids)

    return work


def _client() -> IMAPClient:
    from imapclient import IMAPClient

    client = IMAPClient(os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"]), ssl=False)
    client.login(os.environ["GMAIL_ADDRESS"], os.environ["GMAIL_APP_PASSWORD"])
    client.select_folder("INBOX", readonly=True)
    return client


WAYS = {"jeeves": jeeves, "bare": bare, "one": one_by_one}


def main() -> None:
    """Run the way that is named; the second argument bounds the mails of the slow one."""
    from scripts.bench.ingesting.children import memory_mb

    work = WAYS[sys.argv[1]](int(sys.argv[2]))
    started, cpu = time.perf_counter(), time.process_time()
    mails = work()
    told = {
        "mails": mails,
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": memory_mb("self", "VmHWM"),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

"""What looks at all logs of the test run sees what it should see."""

from __future__ import annotations

import logging
import threading

import pytest
import structlog
from structlog.testing import capture_logs

from tests import no_mail_in_logs
from tests.builders import a_message, raw_mail

log = structlog.get_logger()
SUBJECT = "Marmalade sandwiches under bridges"


@pytest.mark.parametrize(
    "leak",
    [
        {"subject": SUBJECT},
        {"error": f"cannot parse: b'{SUBJECT.upper()}'"},
        {"reasons": [("marmalade sandwiches, under ...", 1.5)]},
        {"sender": "someone@elsewhere.example"},
        {"to": "+4915112345678"},
        {"why": "grab lunch"},
    ],
)
def test_an_event_with_anything_of_a_mail_is_found(leak: dict[str, object]) -> None:
    raw_mail(subject=SUBJECT)
    with capture_logs():
        log.info("judged", **leak)
    assert len(no_mail_in_logs.taken()) == 1


def test_what_any_thread_logs_or_binds_is_looked_at() -> None:
    a_message(body="hedgehogs play the bassoon at night")

    def leak() -> None:
        with structlog.contextvars.bound_contextvars(about="Hedgehogs play the bassoon"):
            log.warning("waiting")

    thread = threading.Thread(target=leak)
    with capture_logs():
        thread.start()
        thread.join()
    assert len(no_mail_in_logs.taken()) == 1


def test_a_record_of_a_library_is_looked_at() -> None:
    logging.getLogger("some.library").warning("refused: %s", "someone@elsewhere.example")
    assert len(no_mail_in_logs.taken()) == 1


def test_a_line_of_the_log_of_a_child_is_looked_at() -> None:
    raw_mail(subject=SUBJECT)
    no_mail_in_logs.look_at_log(f'Subject: {SUBJECT}\n{{"event": "judged", "messages": 1}}\n')
    assert no_mail_in_logs.taken() == []
    no_mail_in_logs.look_at_log(f'{{"event": "judged", "of": "{SUBJECT}"}}\n')
    assert len(no_mail_in_logs.taken()) == 1


def test_ids_counts_and_sentences_are_no_mail() -> None:
    raw_mail(subject=SUBJECT)
    with capture_logs():
        log.info("judged", messages=3, alerts=1, model="starter-20261119", account=2)
        log.warning("waiting", seconds=1.2, error="The mail server 127.0.0.1:993 cannot be reached")
    assert no_mail_in_logs.taken() == []

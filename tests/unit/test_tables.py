"""Alerts on a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO

from rich.console import Console, RenderableType

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, Receipt
from jeeves.domain.listing import AlertLine, ListedMessage, TakenBack, ToldAlert
from jeeves.domain.message import Address
from jeeves.domain.verdict import Label
from jeeves.tables import STATES, alert_in_short, alert_table, message_page, message_table
from tests.builders import NOW, a_message, a_verdict, an_alert

SENT = an_alert(
    thread_key="gm:1",
    question="1.1",
    message_id=7,
    text='Ana Lopez: lunch Thu 12:30? No place yet. ("grab lunch") jv-TEST',
    state=AlertState.SENT,
    receipt=Receipt("SM1"),
    settled_at=NOW,
)


def told(alert: Alert, **changes: object) -> ToldAlert:
    row = ToldAlert(alert, "grab lunch", False, None, "", (), None)
    return replace(row, **changes)  # type: ignore[arg-type]


def shown(*rows: ToldAlert, limit: int = 9, width: int = 80) -> str:
    out = StringIO()
    table: RenderableType = alert_table(rows, None, NOW, limit)
    Console(file=out, width=width).print(table)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return "\n".join(line.rstrip() for line in lines)


def a_row(**changes: object) -> ListedMessage:
    row = ListedMessage(7, a_message(), NOW, None, a_verdict(), None, None)
    return replace(row, **changes)  # type: ignore[arg-type]


def printed(page: RenderableType) -> str:
    out = StringIO()
    Console(file=out, width=100).print(page)
    return out.getvalue()


def test_what_the_owner_says_stands_beside_the_verdict_where_anything_is_said() -> None:
    rows = [a_row(label=Label.OTHER), a_row(label=Label.NEEDS_LOCATION), a_row()]
    head, *lines = printed(message_table(rows, None)).splitlines()
    at = head.index(" you ")
    assert [line[at:][:4].strip() for line in lines] == ["no", "yes", ""]
    assert "you" not in printed(message_table(rows[2:], None))
    broken = a_row(message=None, unreadable="It has no end.", verdict=None)
    assert "unreadable" in printed(message_table([broken, rows[0]], None))


def test_the_page_of_a_message_tells_what_the_owner_says() -> None:
    assert "no: it needs none" in printed(message_page(a_row(label=Label.OTHER), None))
    assert "you say" not in printed(message_page(a_row(), None))


def test_what_is_said_on_several_channels_is_one_entry() -> None:
    spoken = replace(SENT, channel=Channel.SPEECH, text="Lunch with Ana.")
    url = replace(SENT, channel=Channel.URL, state=AlertState.FAILED, error="No such topic.")
    page = shown(told(url), told(spoken), told(SENT))
    assert page.count("Ana Lopez: lunch") == 1
    assert "Lunch with Ana." not in page
    for words in ("sms sent", "speech sent", "url failed", "url: No such topic."):
        assert words in page
    assert "because of" not in page, "the text quotes it"


def test_delivery_is_what_the_provider_last_said() -> None:
    for changes, words in (
        ({"delivery": "queued"}, "sms sent, queued"),
        ({"delivery": "delivered", "delivered_at": NOW}, "sms delivered "),
        ({"delivery": "undelivered", "state": AlertState.FAILED}, "sms undelivered"),
        ({"state": AlertState.CANCELLED, "error": "muted"}, "sms: muted"),
    ):
        assert words in shown(told(replace(SENT, **changes)))


def test_what_waits_says_until_when() -> None:
    waiting = replace(SENT, state=AlertState.PENDING, receipt=None, settled_at=None)
    later = replace(waiting, not_before=NOW + timedelta(hours=3))
    assert "sms due" in shown(told(waiting))
    assert "sms held back" in shown(told(waiting, held=True))
    reminder = replace(later, kind=AlertKind.REMINDER, text="Still no place.")
    page = shown(told(reminder), told(SENT))
    assert "reminder due" in page
    assert "Still no place." not in page
    attempted = replace(reminder, state=AlertState.SENT, attempts=1)
    assert "reminder: Still no place." in shown(told(attempted), told(SENT))


def test_an_alert_in_a_digest_that_was_taken_back_says_so() -> None:
    back = TakenBack("jv-BACK2345", AlertState.SENT, "Settled.", NOW)
    row = told(replace(SENT, state=AlertState.DIGESTED), digest="jv-DIGEST23", taken_back=back)
    page = shown(row)
    assert "sms in jv-DIGEST23" in page
    assert "taken back" in page
    assert "jv-BACK2345" in page


def test_no_more_entries_than_asked_for() -> None:
    rows = [told(replace(SENT, thread_key=f"gm:{n}", text=f"Text {n}")) for n in range(5)]
    page = shown(*rows, limit=2)
    assert "Text 1" in page
    assert "Text 2" not in page


def test_mail_words_are_no_markup() -> None:
    assert "[red]Ana[/red]" in shown(told(replace(SENT, text="[red]Ana[/red] wants to meet")))


def test_every_state_has_a_word_and_a_list_tells_of_the_alert_alone() -> None:
    assert set(STATES) == set(AlertState)
    line = AlertLine(
        reference="jv-A",
        message_id=7,
        channel=Channel.SMS,
        state=AlertState.DIGESTED,
        text="",
        attempts=1,
        created_at=NOW,
        settled_at=None,
        receipt="",
        note="",
    )
    reminder = replace(line, kind=AlertKind.REMINDER, state=AlertState.CANCELLED)
    message = ListedMessage(
        7, a_message(), NOW, None, a_verdict(), None, None, alerts=(line, reminder)
    )
    assert alert_in_short(message).plain == "sms sent with others"


def test_nothing_of_a_mail_controls_the_terminal() -> None:
    wild = "\x1b[2J\x1b]0;title\x07 hello \x9b31m\u202e [red]mark[/red]"
    message = a_message(
        subject=wild, body=wild, own_words=wild, sender=Address(wild, "a@b.example"), labels=(wild,)
    )
    row = a_row(message=message, verdict=a_verdict(words=wild))
    for page in (message_table([row], None), message_page(row, None)):
        out = printed(page)
        assert not set(out) & set("\x1b\x07\x9b\u202e")
        assert "hello" in out
    assert "[red]mark[/red]" in printed(message_page(row, None))

"""What strangers wrote: names, links, references, places."""

from __future__ import annotations

import pytest

from jeeves.domain import place
from jeeves.domain.harmless import (
    shown_words,
    spoken_name,
    spoken_words,
    without_marks,
    written_name,
    written_words,
)
from jeeves.domain.message import Address


@pytest.mark.parametrize(
    ("name", "address", "read", "heard"),
    [
        ("Ana Lopez", "a@example.org", "Ana Lopez", "Ana Lopez"),
        ("Smith, Ana", "a@example.org", "Ana Smith", "Ana Smith"),
        ("Smith, Ana (Acme)", "a@example.org", "Ana Smith (Acme)", "Ana Smith"),
        ("Acme, Inc.", "a@example.org", "Acme, Inc", "Acme, Inc"),
        ("'Ana Lopez'", "a@example.org", "Ana Lopez", "Ana Lopez"),
        ("Jiří Dvořák", "a@example.org", "Jiri Dvorak", "Jiří Dvořák"),
        ("Иван Петров", "a@example.org", "Иван Петров", "Иван Петров"),
        ("Ana\r\nBcc: x\x00\x07", "a@example.org", "Ana Bcc: x", "Ana Bcc: x"),
        ("🎉🎉", "ana.lopez@example.org", "ana lopez", "ana lopez"),
        ("\x01\x02\x7f", "ana_lopez+news@example.org", "ana lopez", "ana lopez"),
        ("", "ana@example.org", "ana", "ana"),
        ("ana@example.org", "ana@example.org", "ana", "ana"),
        ('""', "ana@example.org", "ana", "ana"),
        ("...", "", "Somebody", "Somebody"),
        ("", "", "Somebody", "Somebody"),
        ("\u202eanA", "a@example.org", "anA", "anA"),
        ("$(touch /tmp/x)", "a@example.org", "$(touch /tmp/x)", "a"),
        ("evil.com", "a@example.org", "evil. com", "evil. com"),
        ("", "evil.com@example.org", "evil com", "evil com"),
        ("Dr.Smith", "a@example.org", "Dr. Smith", "Dr. Smith"),
        ("jv-7K2MQ9XA", "a@example.org", "jv 7K2MQ9XA", "a"),
    ],
)
def test_a_name_is_what_one_would_call_its_bearer(
    name: str, address: str, read: str, heard: str
) -> None:
    assert written_name(Address(name, address)) == read
    assert spoken_name(Address(name, address)) == heard


def test_a_display_name_alone_will_do() -> None:
    assert written_name("Smith, Ana") == spoken_name("Smith, Ana") == "Ana Smith"
    assert written_name("") == "Somebody"


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: RE: Fwd: AW: Lunch?", "Lunch?"),
        ("Re[2]: Lunch?", "Lunch?"),
        ("Regarding lunch", "Regarding lunch"),
        ("Invitation: Sync @ Wed Nov 18, 2026 4pm - 5pm (EST) (sam@example.org)", "Sync"),
        ("Updated invitation: A @ B @ Wed 4pm (a@b.c)", "A"),
        ("Invitation: the old kind", "Invitation: the old kind"),
        ("", ""),
    ],
)
def test_a_subject_is_what_its_writer_called_it(subject: str, title: str) -> None:
    assert without_marks(subject) == title


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("see https://evil.example/x?y=1 now", "see (link) now"),
        ("see <http://evil.example> now", "see (link) now"),
        ("www.evil.example", "(link)"),
        ("bit.ly/abc", "(link)"),
        ("go to evil.com", "go to evil. com"),
        ("почта.рф", "почта. рф"),
        ("http://[::1]/", "(link)"),
        ("192.168.0.1/x", "(link)"),
        ("evil\u200b.com", "evil. com"),
        ("at 12.30 or 3.5 km, e.g. a.m.", "at 12.30 or 3.5 km, e.g. a.m."),
        ("jv-7K2MQ9XA", "jv 7K2MQ9XA"),
        ("JV\u20147K2MQ9XA jv--x jjv-v-7K2MQ9XA", "JV 7K2MQ9XA jv x jjv v-7K2MQ9XA"),
        ("j\u200bv-7K2MQ9XA", "jv 7K2MQ9XA"),
        ("\u0458v-7K2MQ9XA", "\u0458v 7K2MQ9XA"),
        ('say "hi"\nSTOP', "say 'hi' STOP"),
        ("'; DROP TABLE alerts;--", "'; DROP TABLE alerts;--"),
    ],
)
def test_words_look_neither_like_a_link_nor_like_our_reference(text: str, read: str) -> None:
    assert written_words(text) == read


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Q&A + drinks @ noon", "Q and A plus drinks at noon"),
        ("<b>bold</b> *plan* #3 [draft] {x}", "bold plan 3 draft x"),
        ("see https://evil.example/x now", "see a link now"),
        ("jv-7K2MQ9XA or jv 7K2MQ9XA", "or"),
        ("Lunch \u2013 maybe?", "Lunch, maybe?"),
        ("co-op, it\u2019s 12:30", "co-op, it\u2019s 12:30"),
        ("100 % \U0001f389", "100 percent"),
        ("", ""),
    ],
)
def test_what_is_heard_has_no_symbols(text: str, heard: str) -> None:
    assert spoken_words(text) == heard


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Blue Bottle", "Blue Bottle"),
        ("", ""),
        ("https://us02web.zoom.us/j/1?pwd=x", "by Zoom"),
        ("zoom.us/j/1", "by Zoom"),
        ("Zoom", "by Zoom"),
        ("a Zoom call", "by Zoom"),
        ("Zoom: https://zoom.us/j/1", "by Zoom"),
        ("Zoom Café", "Zoom Café"),
        ("Microsoft Teams Meeting", "by Teams"),
        ("on Teams", "by Teams"),
        ("https://meet.google.com/abc-defg-hij", "by Google Meet"),
        ("Google Meet", "by Google Meet"),
        ("phone", "by phone"),
        ("by phone", "by phone"),
        ("the phone", "by phone"),
        ("a phone call", "by phone"),
        ("call", "in a call"),
        ("video call", "by video"),
        ("https://example.org/room/7", "online"),
        ("https://maps.app.goo.gl/xyz", ""),
        ("Room 4 (https://maps.app.goo.gl/xyz)", "Room 4"),
        ("your office, 4th floor.", "your office, 4th floor"),
    ],
)
def test_a_place_is_said_without_its_link(words: str, said: str) -> None:
    assert place.said(words) == said
    assert place.in_a_call(words) == (said.startswith(("by ", "in a call")) or said == "online")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Lunch?\r\n\tThursday\rÜber 日本 🎉", "Lunch?\n    Thursday\nÜber 日本 🎉"),
        ("\x1b[2Jred\x07\x08\x9b31m\x7f\0", "[2Jred31m"),
        ("\u202eanA \u2066x\u2069\ufeff\u00ad\ue000", "anA x"),
        ("می\u200cخواهم 👩\u200d🍳", "می\u200cخواهم 👩\u200d🍳"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_on_a_terminal_words_stand_as_written_and_control_nothing(written: str, shown: str) -> None:
    assert shown_words(written) == shown

"""Odd mails, each a file of tests/fixtures/mail, become the Message a reader expects."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.message import Address, FetchedMail, Message, Origin, Unreadable
from jeeves.mail.mime import read

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "mail"
ACCOUNT = "reader@gmail.com"
RECEIVED_AT = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def read_bytes(raw: bytes) -> Message | Unreadable:
    fetched = FetchedMail(raw=raw, mailbox="INBOX", received_at=RECEIVED_AT)
    return read(fetched, ACCOUNT, Origin.LIVE)


def message(name: str) -> Message:
    read_one = read_bytes((FIXTURES / f"{name}.eml").read_bytes())
    assert isinstance(read_one, Message)
    return read_one


def test_an_ordinary_reply_is_read_whole() -> None:
    reply = message("plain-reply")
    assert reply.sender == Address("Ana Smith", "ana@example.org")
    assert reply.to == (Address("Sam Reader", ACCOUNT),)
    assert reply.cc == (Address("Bob Stone", "bob@example.org"), Address("", "carla@example.org"))
    assert reply.subject == "Re: Lunch"
    assert reply.message_id == "one@example.org"
    assert reply.references == ("start@example.org", "zero@example.org")
    assert reply.thread_key == "id:start@example.org"
    assert reply.body.startswith("Thursday works for me.")
    assert reply.body.endswith("> Sam")
    assert reply.own_words == "Thursday works for me. When do you want to meet?"
    assert reply.origin is Origin.LIVE
    assert reply.account == ACCOUNT
    assert not reply.bulk
    assert not reply.own


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("base64-body", "Können wir uns am Donnerstag treffen?\nGrüße aus Zürich"),
        ("quoted-printable-body", "Können wir uns am Donnerstag treffen?\nGrüße aus Zürich"),
        ("text-attachment-after-body", "Please read the notes before we meet on Thursday."),
        ("unknown-charset-utf8", "Café um drei?"),
        ("unknown-charset-windows", "Café um drei? \u2013 Ja\u201c"),
        ("windows-bytes-declared-utf8", "Treffen wir uns im Café Zürich \u2013 Größe egal?"),
        ("meta-charset", "Встреча в четверг"),
        ("nul-characters", "Thursday at noon?"),
        ("lone-surrogate", "Thursday \ufffd at noon?"),
        ("nested-alternative", "The plain version."),
        ("empty-plain-beside-html", "Dinner on Friday?"),
        ("placeholder-plain-beside-html", "Dinner on Friday?\n\nAna"),
        ("plain-beside-html", "Dinner on Friday?"),
        ("truncated-multipart", "Dinner on Friday?"),
        ("multipart-without-boundary", "Dinner on Friday?"),
        ("noise-before-header", "Dinner on Friday?"),
        ("broken-base64", "Dinner on Friday?"),
        ("bounce", "Your mail could not be delivered."),
        ("empty-body", ""),
    ],
)
def test_the_body_is_what_a_person_sees(name: str, body: str) -> None:
    assert message(name).body == body


def test_an_html_mail_without_plain_text_has_a_body() -> None:
    body = message("html-only").body
    assert "shall we have lunch on Thursday & talk about the plan?" in body
    assert "Preview text" not in body
    assert "color" not in body
    assert "var x" not in body


def test_one_bad_byte_does_not_spoil_the_rest_of_the_text() -> None:
    assert "Grüße aus Köln" in message("one-bad-byte").body


def test_flowed_text_is_joined_to_paragraphs_but_not_over_quote_or_signature() -> None:
    flowed = message("format-flowed")
    assert "leave at two because of the train.\nFrom here on it rains.\n-- \nAna" in flowed.body
    assert "> Are you free on Thursday?\n" in flowed.body
    assert flowed.own_words == (
        "Thursday is fine, but I have to leave at two because of the train.\nFrom here on it rains."
    )


def test_an_attached_mail_stands_below_the_text_as_a_forwarded_one() -> None:
    forwarded = message("forwarded-as-attachment")
    assert forwarded.own_words == "Can you come too?"
    assert "Subject: Café" in forwarded.body
    assert forwarded.body.endswith("Shall we meet on Friday?")


@pytest.mark.parametrize("name", ["bare-forward", "forwarded-in-base64"])
def test_a_bare_forward_has_a_body_but_no_own_words(name: str) -> None:
    forwarded = message(name)
    assert forwarded.own_words == ""
    assert forwarded.body.endswith("Shall we meet on Friday?")


@pytest.mark.parametrize("name", ["gmail-html-reply", "outlook-html-reply"])
def test_the_quote_of_an_html_reply_is_no_own_word(name: str) -> None:
    reply = message(name)
    assert "Lunch on Thursday?" in reply.body
    assert reply.own_words.startswith("Friday is better.")
    assert "Lunch" not in reply.own_words


def test_answers_between_quoted_lines_are_own_words() -> None:
    assert message("inline-answers").own_words.split("\n") == [
        "Hi Sam,",
        "Yes, gladly.",
        "You choose.",
        "",
        "Ana",
    ]


@pytest.mark.parametrize(
    ("name", "sender", "subject"),
    [
        ("raw-8bit-headers", Address("Jérôme Lefèvre", "jerome@example.org"), "Déjeuner € 20"),
        (
            "encoded-names",
            Address("Smith, Äna", "ana@example.org"),
            "Mittagessen € 20 am Donnerstag",
        ),
        ("unquoted-comma-name", Address("Smith, Ana", "ana@example.org"), "Lunch"),
        (
            "folded-headers",
            Address("Ana Smith", "ana@example.org"),
            "A rather long subject that was folded into three lines",
        ),
        ("nul-characters", Address("Ana Smith", "ana@example.org"), "Lunch"),
        ("no-sender", Address("", ""), "Lunch"),
    ],
)
def test_sender_and_subject_are_decoded(name: str, sender: Address, subject: str) -> None:
    assert message(name).sender == sender
    assert message(name).subject == subject


def test_encoded_recipients_are_decoded_after_they_were_parted() -> None:
    assert message("encoded-names").to == (
        Address("Reader, Sam", ACCOUNT),
        Address("Jürgen Müller", "juergen@example.org"),
    )


def test_the_zone_of_the_sender_is_kept() -> None:
    sent_at = message("sender-zone").sent_at
    assert sent_at is not None
    assert sent_at.isoformat() == "2001-05-14T09:30:00-07:00"


@pytest.mark.parametrize(
    "name", ["no-date", "date-garbage", "date-in-the-future", "date-never-set"]
)
def test_a_date_that_is_missing_or_cannot_be_true_is_none(name: str) -> None:
    assert message(name).sent_at is None


def test_references_are_each_named_once_oldest_first() -> None:
    digest = message("list-digest-of-references")
    assert digest.references == ("a@example.org", "b@example.org", "c@example.org")
    assert digest.thread_key == "id:a@example.org"


def test_a_mail_that_names_itself_begins_its_own_thread() -> None:
    read_one = read_bytes(b"From: a@example.org\nMessage-ID: <x@y>\nReferences: <x@y>\n\nHello\n")
    assert isinstance(read_one, Message)
    assert read_one.references == ()
    assert read_one.thread_key == "id:x@y"


def test_the_thread_key_prefers_gmails_id_and_falls_back_to_the_digest() -> None:
    raw = (FIXTURES / "plain-reply.eml").read_bytes()
    fetched = FetchedMail(raw, "INBOX", RECEIVED_AT, gmail_thread_id="18446744073709551615")
    from_gmail = read(fetched, ACCOUNT, Origin.LIVE)
    assert isinstance(from_gmail, Message)
    assert from_gmail.thread_key == "gm:18446744073709551615"
    nameless = message("no-message-id")
    assert nameless.message_id == ""
    assert nameless.thread_key == f"sha256:{nameless.digest}"
    assert nameless.fingerprint == nameless.thread_key


def test_an_id_too_long_for_an_index_is_no_id() -> None:
    read_one = read_bytes(b"From: a@example.org\nMessage-ID: <" + b"x" * 4000 + b"@y>\n\nHello\n")
    assert isinstance(read_one, Message)
    assert read_one.message_id == ""


def test_one_mail_has_one_digest_however_it_was_kept() -> None:
    text = "From Monday on I am away.\n\nFrom Tuesday on too.\n"
    head = (
        "From: Ana <ana@example.org>\nSubject: =?utf-8?q?Away?=\nDate: Mon, 2 Mar 2026 08:00 +0000"
    )
    by_imap = f"{head}\n\n{text}".replace("\n", "\r\n").encode()
    in_mbox = f"{head}\n\n{text}".replace("\nFrom ", "\n>From ").encode()
    encoded = head + "\nContent-Transfer-Encoding: base64\n\n"
    in_base64 = encoded.encode() + base64.b64encode(text.encode())
    padded = f"{head}\n\n{text}".replace("Monday on", "Monday  on ").encode() + b" \n\n"
    digests = {read_bytes(raw).digest for raw in (by_imap, in_mbox, in_base64, padded)}
    assert len(digests) == 1
    assert read_bytes(by_imap.replace(b"Monday", b"Friday")).digest not in digests


@pytest.mark.parametrize(
    ("name", "bulk"),
    [
        ("mailing-list", True),
        ("automatic-answer", True),
        ("no-reply-sender", True),
        ("bounce", True),
        ("invitation-cancelled", True),
        ("invitation-without-place", False),
        ("own-with-dots", False),
        ("plain-reply", False),
    ],
)
def test_mail_of_machines_to_many_is_bulk_but_an_invitation_is_not(name: str, bulk: bool) -> None:
    assert message(name).bulk is bulk


@pytest.mark.parametrize("field", ["Precedence: Bulk", "Precedence: junk", "List-Unsubscribe: <x>"])
def test_each_field_of_mass_mail_is_enough(field: str) -> None:
    read_one = read_bytes(f"From: a@example.org\n{field}\n\nHello\n".encode())
    assert isinstance(read_one, Message)
    assert read_one.bulk


def test_gmail_ignores_dots_and_what_follows_a_plus() -> None:
    assert message("own-with-dots").own
    assert not message("plain-reply").own


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "invitation-with-place",
            [
                "Invitation: Budget, second round",
                "When: 2026-03-05 14:00 Europe/Berlin",
                "Where: Café Sol, Hauptstr. 5, Berlin; ground floor",
            ],
        ),
        (
            "invitation-without-place",
            ["Invitation: Budget, second round", "When: 2026-03-05 14:00 Europe/Berlin"],
        ),
        (
            "invitation-with-conference",
            [
                "Invitation: Budget, second round",
                "When: 2026-03-05 14:00 Europe/Berlin",
                "Link: https://meet.google.com/abc-defg-hij",
            ],
        ),
        (
            "invitation-cancelled",
            [
                "Cancelled: Budget, second round",
                "When: 2026-03-05 14:00 Europe/Berlin",
                "Where: Room 12",
            ],
        ),
    ],
)
def test_an_invitation_stands_once_below_body_and_own_words(name: str, lines: list[str]) -> None:
    expected = "\n".join(["Please come.", "", *lines])
    assert message(name).body == expected
    assert message(name).own_words == expected


def test_a_mail_that_is_only_a_calendar_has_it_as_body() -> None:
    only = message("invitation-only")
    assert only.body.split("\n")[-1] == "Where: Room 12"
    assert only.own_words == ""


@pytest.mark.parametrize("raw", [b"", b"\r\n \n"])
def test_nothing_is_an_empty_mail(raw: bytes) -> None:
    unreadable = read_bytes(raw)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason == "The mail is empty, or the server does not give it out."


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
        b"Only text without any header.\nIt goes on.\n",
        b"name: a settings file\nvalue: no mail\n\nreally\n",
    ],
)
def test_what_is_no_mail_becomes_a_value_with_a_reason(raw: bytes) -> None:
    unreadable = read_bytes(raw)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason.endswith(".")
    assert unreadable.received_at == RECEIVED_AT
    assert len(unreadable.digest) == 64


def test_a_mail_that_breaks_the_parser_is_unreadable_and_the_reason_tells_no_content() -> None:
    # Each level is a generator inside the parser of the standard library.
    parts = [
        f'Content-Type: multipart/mixed; boundary="secret{n}"\n\n--secret{n}\n' for n in range(3000)
    ]
    unreadable = read_bytes(("From: ana@example.org\n" + "".join(parts)).encode())
    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason.startswith("The parser failed")
    assert "secret" not in unreadable.reason


def test_text_that_lies_deeper_than_anybody_nests_is_left_out() -> None:
    parts = [f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(30)]
    read_one = read_bytes(("From: ana@example.org\n" + "".join(parts) + "\nLunch?\n").encode())
    assert isinstance(read_one, Message)
    assert read_one.body == ""


def test_a_mail_of_many_megabytes_keeps_its_text() -> None:
    attached = base64.encodebytes(bytes(4_000_000))
    raw = (
        b"From: ana@example.org\nContent-Type: multipart/mixed; boundary=Q\n\n--Q\n\nLunch?\n--Q\n"
        b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
        + attached
        + b"--Q--\n"
    )
    read_one = read_bytes(raw)
    assert isinstance(read_one, Message)
    assert read_one.body == "Lunch?"


def texts(one: Message) -> list[str]:
    addresses = [(a.name, a.address) for a in (one.sender, *one.to, *one.cc)]
    found = [one.subject, one.body, one.own_words, one.message_id, one.thread_key, *one.references]
    return [*found, *itertools.chain.from_iterable(addresses)]


def assert_storable(one: Message | Unreadable) -> None:
    if isinstance(one, Message):
        for text in texts(one):
            assert "\0" not in text
            text.encode("utf-8")


def test_every_mail_of_other_parsers_test_suites_can_be_read_and_stored(shared_data: Path) -> None:
    files = [path for path in (shared_data / "data" / "mime").rglob("*") if path.is_file()]
    read_ones = [read_bytes(path.read_bytes()) for path in sorted(files)]
    for one in read_ones:
        assert_storable(one)
        assert not (isinstance(one, Unreadable) and "parser" in one.reason)
    assert sum(isinstance(one, Message) for one in read_ones) > 200


def test_real_mail_can_be_read_and_stored(shared_data: Path) -> None:
    folder = shared_data / "data" / "needs-location" / "messages"
    for path in sorted(folder.glob("*.eml"))[::8][:500]:
        one = read_bytes(path.read_bytes())
        assert isinstance(one, Message)
        assert_storable(one)


FIELD_NAMES = st.sampled_from(
    ["From", "To", "Subject", "Date", "Content-Type", "Content-Transfer-Encoding", "References"]
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"multipart/mixed; boundary=Q",
            b"text/html; charset=utf-16",
            b"message/rfc822",
            b"text/calendar",
            b"base64",
            b"=?utf-8?b?w?= =?x?q?=zz?=",
        ]
    ),
)


@given(
    st.lists(st.tuples(FIELD_NAMES, VALUES), max_size=5),
    st.lists(st.one_of(st.binary(max_size=80), st.just(b"\n--Q\n"), st.just(b"\n\n")), max_size=6),
)
def test_no_bytes_make_reading_fail(fields: list[tuple[str, bytes]], pieces: list[bytes]) -> None:
    header = b"".join(name.encode() + b": " + value + b"\n" for name, value in fields)
    assert_storable(read_bytes(header + b"\n" + b"".join(pieces)))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    assert_storable(read_bytes(raw))


def test_a_received_time_just_before_the_date_is_no_absurdity() -> None:
    date = (RECEIVED_AT + timedelta(hours=30)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    read_one = read_bytes(f"From: a@example.org\nDate: {date}\n\nHello\n".encode())
    assert isinstance(read_one, Message)
    assert read_one.sent_at is not None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("utf8-labelled-latin1", "Café um drei?"),
        ("koi8-without-label", "Встретимся в четверг?"),
        ("windows-cyrillic-without-label", "Встретимся в четверг?"),
        ("japanese-seven-bit-without-label", "木曜日に会いましょう"),
        ("shift-jis-without-label", "木曜日に会いましょう"),
        ("byte-order-mark", "Dinner on Friday?"),
        ("encoding-with-comment", "Café um drei?"),
        ("html-declared-plain", "Dinner on Friday?"),
        ("enriched", "Dinner on Friday?"),
        ("inline-body-with-name", "Dinner on Friday?"),
        ("related-picture-first", "Dinner on Friday?"),
        ("picture-beside-html", "Dinner on Friday?"),
        ("hidden-preheader", "Lunch on Friday?"),
        ("wrapped-conference-link", "Join https://teams.microsoft.com/l/meetup-join/19"),
        ("winmail-body", "Café on Friday?"),
        ("winmail-rich-text", "Café on\nFriday\u2026"),
        ("winmail-beside-text", "Dinner on Friday?"),
        ("winmail-broken", "Dinner on Friday?"),
    ],
)
def test_text_is_found_where_odd_mailers_put_it(name: str, body: str) -> None:
    assert message(name).body.strip() == body


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("gmail-signature", "Lunch on Friday?"),
        ("outlook-unknown-language", "Friday is better."),
        ("outlook-mobile", "Friday is better."),
        ("thunderbird-unknown-language", "Friday is better."),
        ("yahoo-html-reply", "Friday is better."),
        ("notes-html-reply", "Friday is better."),
    ],
)
def test_markup_shows_what_is_own_where_the_words_do_not(name: str, own: str) -> None:
    assert message(name).own_words == own


@pytest.mark.parametrize("name", ["digest", "forwarded-in-quoted-printable", "forwarded-as-file"])
def test_mails_that_are_only_attached_are_the_body_but_no_own_words(name: str) -> None:
    forwarded = message(name)
    assert forwarded.own_words == ""
    assert forwarded.body.endswith("Shall we meet on Friday?")


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        (
            "invitation-outlook-teams",
            "Invitation: Budget\nWhen: 2026-03-05 14:00 (UTC+01:00) Amsterdam, Berlin\n"
            "Where: Room 12\nLink: https://teams.microsoft.com/l/meetup-join/19%3ameeting",
        ),
        ("invitation-outlook-all-day", "Invitation: Retreat\nWhen: 2026-03-05"),
        (
            "invitation-zoom",
            "Invitation: Budget\nWhen: 2026-03-05 13:00 UTC\n"
            "Link: https://us02web.zoom.us/j/12?pwd=3",
        ),
        (
            "invitation-apple",
            "Invitation: Lunch\nWhen: 2026-03-05 12:00 Europe/Berlin\nWhere: Café Sol",
        ),
        (
            "invitation-series-with-exception",
            "Invitation: Weekly\nWhen: 2026-03-05 14:00 Europe/Berlin\nWhere: Room 12\n\n"
            "Invitation: Weekly\nWhen: 2026-03-12 15:00 Europe/Berlin\n\n"
            "Cancelled: Weekly\nWhen: 2026-03-19 14:00",
        ),
        ("invitation-answered", "Answer: Budget\nWhen: 2026-03-05 13:00 UTC"),
        ("invitation-cut-inside-a-character", "Invitation: Lunch\nWhere: Café Sol"),
        ("winmail-meeting", "Invitation: Budget\nWhen: 2026-03-05 13:00 UTC\nWhere: Room 12"),
    ],
)
def test_invitations_of_todays_calendars_are_read(name: str, blocks: str) -> None:
    assert message(name).own_words == f"Please come.\n\n{blocks}"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("line", [b"On Monday we met\n", b"<p>Lunch?</p>\n"])
def test_a_mail_as_large_as_gmail_lets_through_is_read(line: bytes) -> None:
    kind = b"text/html" if line.startswith(b"<") else b"text/plain"
    head = b"From: ana@example.org\nContent-Type: " + kind + b"\n\n"
    assert isinstance(read_bytes(head + line * (35_000_000 // len(line))), Message)

"""Header fields, read tolerantly."""

from __future__ import annotations

from datetime import UTC, datetime
from email.parser import BytesHeaderParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.message import Address
from jeeves.mail import headers

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "mailboxes"),
    [
        ("ana@example.org", [("", "ana@example.org")]),
        ("<Ana@Example.ORG>", [("", "ana@example.org")]),
        ('"Smith, Ana" <ana@example.org>', [("Smith, Ana", "ana@example.org")]),
        (
            "Smith, Ana <ana@example.org>, b@example.org",
            [("Smith, Ana", "ana@example.org"), ("", "b@example.org")],
        ),
        (
            "=?utf-8?Q?Smith,_=C3=84na?= <ana@example.org>",
            [("Smith, Äna", "ana@example.org")],
        ),
        ("ana@example.org (Ana Smith)", [("Ana Smith", "ana@example.org")]),
        ('"Ana \\"Annie\\" Smith" <a@b.org>', [('Ana "Annie" Smith', "a@b.org")]),
        ("Ana Smith ana@example.org", [("Ana Smith", "ana@example.org")]),
        (
            'Team: a@b.org, "C D" <c@d.org>; e@f.org',
            [("", "a@b.org"), ("C D", "c@d.org"), ("", "e@f.org")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.org,@other.org:ana@example.org>", [("", "ana@example.org")]),
        ("root", [("root", "")]),
        ('"unclosed <ana@example.org>', [("unclosed", "ana@example.org")]),
        ("", []),
        ("<>", []),
    ],
)
def test_mailboxes(value: str, mailboxes: list[tuple[str, str]]) -> None:
    assert headers.addresses([value]) == tuple(Address(*mailbox) for mailbox in mailboxes)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9_ok?= tail", "café ok tail"),
        ("=?iso-8859-1?q?a?= b =?x-unknown?q?=e9?=", "a b é"),
        ("=?GB2312?B?xOO6ww==?=", "你好"),
        ("=?utf-8*en?Q?x?=", "x"),
        ("=?utf-8?b?YQ?= =?utf-8?b?YWI=?=", "aab"),
        ("=?utf-8?q?a=0D=0AB:_c?=", "a B: c"),
        ("=?utf-8?q?=ED=A0=80x?=", "\u00ed \u20acx"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?b?=", "ab"),
        ("=?unicode-escape?q?=5Cu00e4=FC?=", "\\u00e4ü"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("a\r\n b\n\tc", "a b c"),
    ],
)
def test_values_are_decoded_to_one_line(value: str, text: str) -> None:
    assert headers.decode(value) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Mon, 14 May 2001 09:30:00 -0700 (PDT)", "2001-05-14T09:30:00-07:00"),
        ("14 May 01 09:30 +0530", "2001-05-14T09:30:00+05:30"),
        ("Mon, 14 May 2001 09:30:60 -0000", "2001-05-14T09:30:59+00:00"),
        ("Mon, 14 May 2001 09:30:00", "2001-05-14T09:30:00+00:00"),
        ("Mon, 31 Feb 2020 10:00:00 +0000", None),
        ("Mon, 3 Feb 2020 10:00:00 +9999", None),
        ("Fri, 6 Mar 2026 10:00:00 +0000", None),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("", None),
        ("soon", None),
    ],
)
def test_dates_keep_their_offset_or_are_none(value: str, written: str | None) -> None:
    sent_at = headers.sent_at(value, NOW)
    assert (sent_at.isoformat() if sent_at else None) == written


def test_an_address_in_a_sentence_is_no_message_id() -> None:
    assert headers.message_ids(["Mail of ana@example.org on Monday"]) == ()


def test_message_ids_are_found_in_whatever_surrounds_them() -> None:
    values = ["<a@b> <c\r\n @d>", "Your mail of Monday <e@f>", "bare@example.org", "<a@b>"]
    assert headers.message_ids(values) == ("a@b", "c@d", "e@f", "bare@example.org")


@pytest.mark.parametrize(
    ("written", "value", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        (
            'Text/HTML; charset="UTF-8"; format = flowed',
            "text/html",
            {"charset": "UTF-8", "format": "flowed"},
        ),
        ('a/b; name="x; y=z.txt"', "a/b", {"name": "x; y=z.txt"}),
        ("a/b; filename*=utf-8''m%C3%BCll.txt", "a/b", {"filename": "m%C3%BCll.txt"}),
        ("a/b; name*0=long; name*1=er", "a/b", {"name": "long"}),
    ],
)
def test_parameters_of_a_field(written: str, value: str, parameters: dict[str, str]) -> None:
    fields = {"content-type": [written]}
    assert headers.value_and_parameters(fields, "content-type") == (value, parameters)


@pytest.mark.parametrize(
    ("address", "account", "same"),
    [
        ("Sam.Reader+x@gmail.com", "samreader@googlemail.com", True),
        ("Sam@Example.org", "sam@example.org", True),
        ("s.am@example.org", "sam@example.org", False),
        ("sam+x@example.org", "sam@example.org", False),
        ("", "", False),
    ],
)
def test_who_is_the_owner(address: str, account: str, same: bool) -> None:
    assert headers.same_person(address, account) is same


@pytest.mark.parametrize(
    "local",
    ["noreply", "no-reply", "do-not-reply", "donotreply", "mailer-daemon", "shop.no_reply"],
)
def test_senders_that_cannot_be_answered_are_machines(local: str) -> None:
    sender = Address("", f"{local}@example.org")
    assert headers.sent_by_machine({}, sender, invites=False)
    assert not headers.sent_by_machine({}, sender, invites=True)


def test_a_sender_with_reply_in_the_name_is_none() -> None:
    assert not headers.sent_by_machine({}, Address("", "ana.replyson@example.org"), invites=False)


@pytest.mark.parametrize("unit", ["a,", '"\\"', "<", "(", ":", "=?a?q?", '"', "a@b,", "<a", " "])
@pytest.mark.timeout(60)
def test_a_long_header_of_any_kind_is_read(unit: str) -> None:
    # Backtracking expressions would not come back; there is no other assertion on time.
    value = unit * (200_000 // len(unit))
    headers.addresses([value])
    headers.decode(value)
    headers.message_ids([value])
    headers.value_and_parameters({"content-type": ["a/b;" + value]}, "content-type")


@given(st.text(max_size=100))
def test_no_value_makes_reading_fail(value: str) -> None:
    for mailbox in headers.addresses([value]):
        assert mailbox.name.isprintable() or "\n" not in mailbox.name
    headers.sent_at(value, NOW)
    headers.message_ids([value])


# What stands in header blocks, rightly and wrongly.
_LINES = st.lists(
    st.sampled_from(
        [
            *("From: a@b.example", "Subject:  x", "Subject:", "To: a,\r\n b", "X-Y: \t1 "),
            *("Date: z", "From: x\r\n\t", "no field", " leading", "From ana", ":", "a b: c"),
            *("To\x80: x", "\r", "Subject: \xe9", "Subject: a\rb", "Subject: a\x0bb\x0cc\x85"),
            *("", "\x1c: x", "a:\r\n"),
        ]
    ),
    max_size=6,
)


@given(_LINES, st.sampled_from(["\r\n", "\n"]), st.sampled_from(["", "body\r\n", "a\n\nb: c"]))
def test_a_header_that_is_read_plainly_is_what_pythons_parser_finds(
    lines: list[str], end: str, body: str
) -> None:
    raw = (end.join((*lines, "", "")) + body).encode("latin-1")
    plain = headers.split(raw)
    if plain is None:
        return
    assert headers.looks_like_mail(raw)
    parsed = BytesHeaderParser().parsebytes(raw)
    expected = headers.fields(parsed.raw_items())
    assert {name: [v.strip() for v in values] for name, values in plain[0].items()} == {
        name: [v.strip() for v in values] for name, values in expected.items()
    }
    assert raw[plain[1] :] == parsed.get_payload(decode=True)


@given(
    st.lists(
        st.sampled_from(
            [
                *("A@b.example", "Ana", '"Smith, Ana"', "<A@b.example>", "< a@b >", ",", ", ", ";"),
                *(":", "(x)", "'", "\\", "é", "\r\n ", "\x01", '"', "\xa0", "@", "<>", '""', "[1]"),
            ]
        ),
        max_size=8,
    )
)
def test_several_plain_addresses_are_what_the_careful_reader_finds(pieces: list[str]) -> None:
    value = "".join(pieces)
    several = headers._plain_mailboxes(value)
    assert several is None or several == list(headers._any_mailboxes(value))

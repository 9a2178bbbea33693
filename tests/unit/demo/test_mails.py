"""The sample mail: complete, consistent, varied, current, and nobody's."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache

import pytest

from jeeves.demo.mails import (
    OWNER,
    SampleMail,
    arriving_mails,
    formatted,
    initial_mails,
    moment_of,
    sample,
    sources,
)

NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MOMENTS = [
    NOW,
    datetime(2026, 11, 21, 3, 5, 59, tzinfo=UTC),  # a Saturday
    datetime(2026, 11, 22, 23, 50, tzinfo=UTC),  # a Sunday
    datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2028, 3, 1, 6, 30, tzinfo=UTC),  # after a leap day
]
INITIAL = initial_mails(NOW)
ARRIVING = arriving_mails(NOW)
MAILS = {mail.name: mail for mail in INITIAL + ARRIVING}
INVENTED = re.compile(r"(?:^|\.)(?:example|test|example\.(?:com|net|org))$")
HOSTS = re.compile(
    r"(?:@|://)([a-z0-9.-]+[a-z0-9])"
    r"|\b((?:[a-z0-9-]+\.)+(?:com|net|org|io|de|fr|es|it|jp|uk|eu|info|app|co))\b",
    re.IGNORECASE,
)


@cache
def parsed(mail: SampleMail) -> EmailMessage:
    return message_from_bytes(mail.raw, policy=policy.default)


def parts(mail: SampleMail, content_type: str) -> list[str]:
    found = [p for p in parsed(mail).walk() if p.get_content_type() == content_type]
    return [str(part.get_content()) for part in found]


def references(mail: SampleMail) -> list[str]:
    return re.findall(r"<[^>]+>", str(parsed(mail)["References"] or ""))


@pytest.fixture(params=sorted(MAILS))
def mail(request: pytest.FixtureRequest) -> SampleMail:
    return MAILS[request.param]


class TestEveryMail:
    def test_is_complete_and_without_defects(self, mail: SampleMail) -> None:
        message = parsed(mail)
        for header in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert len(message.get_all(header, [])) == 1, header
        assert [defect for part in message.walk() for defect in part.defects] == []
        assert [h for h in message.values() if getattr(h, "defects", ())] == []
        assert any(part.strip() for part in parts(mail, "text/plain") + parts(mail, "text/html"))

    def test_has_nothing_left_of_the_form_it_is_kept_in(self, mail: SampleMail) -> None:
        assert b"X-Sample" not in mail.raw
        assert b"{{" not in mail.raw
        for part in parsed(mail).walk():
            if part.get_content_maintype() == "text":
                assert "{{" not in part.get_content()

    def test_has_lines_as_rfc_5322_wants_them(self, mail: SampleMail) -> None:
        lines = mail.raw.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        assert mail.raw.endswith(b"\r\n")

    def test_says_the_time_it_was_received(self, mail: SampleMail) -> None:
        assert parsed(mail)["Date"].datetime == mail.received_at
        assert mail.received_at <= NOW

    def test_names_no_real_domain(self, mail: SampleMail) -> None:
        texts = [str(value) for value in parsed(mail).values()]
        for part in parsed(mail).walk():
            if part.get_content_maintype() == "text":
                texts.append(part.get_content())
        hosts = [a or b for text in texts for a, b in HOSTS.findall(text)]
        assert hosts
        assert [host for host in hosts if not INVENTED.search(host.lower())] == []

    def test_is_the_owners_where_it_was_sent_from_here(self, mail: SampleMail) -> None:
        sender = parsed(mail)["From"].addresses[0].addr_spec
        assert (sender == OWNER.address) == mail.own
        assert mail.seen or not mail.own

    def test_answers_only_what_is_there_and_older(self, mail: SampleMail) -> None:
        known = {parsed(m)["Message-ID"]: m for m in MAILS.values()}
        answered = references(mail)
        assert parsed(mail)["In-Reply-To"] == (answered[-1] if answered else None)
        if answered:
            parent = known[answered[-1]]
            assert answered[:-1] == references(parent)
            assert parent.received_at <= mail.received_at
            assert bare(parsed(mail)["Subject"]) == bare(parsed(parent)["Subject"])


def bare(subject: str) -> str:
    return re.sub(r"^(?:(?:Re|RE|AW): )+", "", str(subject))


def test_no_two_mails_have_one_message_id() -> None:
    ids = Counter(parsed(mail)["Message-ID"] for mail in MAILS.values())
    assert [message_id for message_id, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("now", MOMENTS)
def test_whenever_the_demo_begins_the_mailbox_is_current_and_in_order(now: datetime) -> None:
    initial, arriving = initial_mails(now), arriving_mails(now)
    times = [mail.received_at for mail in initial]
    assert times == sorted(times)
    assert now - timedelta(days=14) < times[0]
    assert times[-1] < now
    assert {mail.received_at for mail in arriving} == {now.replace(second=0)}
    ids = [parsed(mail)["Message-ID"] for mail in initial]
    for mail in initial:
        assert all(ids.index(m) < ids.index(parsed(mail)["Message-ID"]) for m in references(mail))


@pytest.mark.parametrize("now", MOMENTS)
def test_every_invitation_is_for_a_time_to_come(now: datetime) -> None:
    for mail in initial_mails(now) + arriving_mails(now):
        for calendar in parts(mail, "text/calendar"):
            event = calendar.partition("BEGIN:VEVENT")[2]
            start = re.search(r"DTSTART(?:;TZID=[^:]+)?:(\d{8})T", event)
            assert start is not None
            assert datetime.strptime(start[1], "%Y%m%d").date() >= now.date()


class TestTheMailbox:
    def test_has_enough_of_every_letter(self) -> None:
        letters = Counter[str](mail.letter for mail in INITIAL if not mail.own)
        assert len(INITIAL) >= 48
        for letter, least in {"Y": 20, "L": 8, "C": 5, "V": 8, "N": 12}.items():
            assert letters[letter] >= least, letter

    def test_has_mail_of_every_form(self) -> None:
        html_only = [m for m in INITIAL if parsed(m).get_content_type() == "text/html"]
        newsletters = [m for m in INITIAL if parsed(m)["List-Id"]]
        automatic = [m for m in INITIAL if parsed(m)["Auto-Submitted"]]
        quoting = [m for m in INITIAL if references(m) and "\n>" in parts(m, "text/plain")[0]]
        outlook = [m for m in INITIAL if any("\nSent: " in t for t in parts(m, "text/plain"))]
        emoji = [m for m in INITIAL if re.search("[\U0001f300-\U0001faff]", parsed(m)["Subject"])]
        for group, least in [
            (html_only, 3), (newsletters, 4), (automatic, 6), (quoting, 10), (outlook, 3),
            (emoji, 3), ([m for m in INITIAL if m.own], 6), ([m for m in INITIAL if not m.seen], 5),
        ]:  # fmt: skip
            assert len(group) >= least

    def test_has_invitations_with_a_place_without_one_and_with_a_link(self) -> None:
        calendars = {m.name: parts(m, "text/calendar") for m in INITIAL + ARRIVING}
        invitations = {name: found[0] for name, found in calendars.items() if found}
        places = {
            name: match[1].strip() if (match := re.search(r"LOCATION[^:\n]*:(.*)", text)) else None
            for name, text in invitations.items()
        }
        links = {name for name, text in invitations.items() if "meet.example.com" in text}
        for name, place in places.items():
            online = name in links or place == "Online meeting"
            expected = "C" if online else "L" if place else "Y"
            assert MAILS[name].letter == expected, name
        assert {MAILS[name].letter for name in invitations} == {"Y", "L", "C"}
        assert None in places.values()
        assert "" in places.values()

    def test_has_mail_in_other_languages_charsets_and_encodings(self) -> None:
        charsets, encodings = set(), set()
        for mail in INITIAL:
            for part in parsed(mail).walk():
                charsets.add(part.get_content_charset())
                encodings.add(str(part["Content-Transfer-Encoding"] or "7bit").lower())
        assert {"utf-8", "us-ascii", "iso-8859-1", "windows-1252", "iso-2022-jp"} <= charsets
        assert {"7bit", "8bit", "quoted-printable", "base64"} <= encodings
        for name, word in {
            "kaffee-lena-1": "nächste Woche",
            "dejeuner-claire": "déjeuner",
            "comida-lucia": "comamos",
            "aperitivo-giulia": "venerdì",
            "meeting-sato": "打ち合わせ",
        }.items():
            assert word in parsed(MAILS[name])["Subject"] + parts(MAILS[name], "text/plain")[0]

    @pytest.mark.parametrize(
        ("thread", "letters"),
        [
            ("lunch-ana", "YYL"),  # settled in the third mail
            ("samples-priya", "LYL"),  # proposed, refused, changed
            ("sprint-tomas", "YYC"),  # from a meeting to a call
            ("walk-dev", "LV"),  # cancelled
            ("kaffee-lena", "YYY"),
            ("contract-hana", "NNY"),
            ("logo-nadia", "NNN"),
        ],
    )
    def test_has_conversations_that_go_every_way(self, thread: str, letters: str) -> None:
        mails = [mail for mail in INITIAL if re.fullmatch(rf"{thread}-\d", mail.name)]
        assert "".join(mail.letter for mail in mails) == letters
        assert len({tuple(references(mail))[:1] for mail in mails[1:]}) == 1


class TestWhatArrives:
    def test_begins_with_a_clear_question_and_has_quiet_mail_between(self) -> None:
        letters = "".join(mail.letter for mail in ARRIVING)
        assert len(ARRIVING) >= 10
        assert letters.startswith("Y")
        assert set(letters) == set("YLCVN")
        assert "YYYY" not in letters

    def test_has_the_owners_own_answer_and_the_place_after_it(self) -> None:
        names = [mail.name for mail in ARRIVING]
        (own,) = [mail for mail in ARRIVING if mail.own]
        settled = MAILS["07-lunch-omar"]
        assert settled.letter == "L"
        assert parsed(own)["Message-ID"] in references(settled)
        assert names.index("01-lunch-omar") < names.index(own.name) < names.index(settled.name)

    def test_settles_a_question_that_was_open_before(self) -> None:
        (first, *_) = references(MAILS["13-birthday-ben"])
        assert first == parsed(MAILS["birthday-ruth-1"])["Message-ID"]


class TestMoments:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("-95m", "2026-11-19 05:25"),
            ("-2d 18:30", "2026-11-17 18:30"),
            ("+3d 08:00", "2026-11-22 08:00"),
            ("+3b 08:00", "2026-11-24 08:00"),
            ("-4b 08:00", "2026-11-13 08:00"),
        ],
    )
    def test_a_moment_is_counted_on_the_senders_clock(self, moment: str, expected: str) -> None:
        time = moment_of(moment, "-0500", NOW)
        assert f"{time:%Y-%m-%d %H:%M}" == expected
        assert time.utcoffset() == timedelta(hours=-5)

    def test_the_senders_day_counts_not_the_readers(self) -> None:
        late = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
        assert moment_of("-1d 09:00", "+0900", late).day == 19
        assert moment_of("-1d 09:00", "-0500", late).day == 18

    def test_a_mails_name_is_when_it_was_received_on_the_readers_clock(self) -> None:
        time = moment_of("lunch-ana-1", "+0100", NOW)
        assert time == MAILS["lunch-ana-1"].received_at
        assert time.utcoffset() == timedelta(hours=1)

    def test_a_quoted_mail_is_quoted_with_its_own_time(self) -> None:
        first, reply = MAILS["lunch-ana-1"], MAILS["lunch-ana-2"]
        assert f"On {formatted('gmail', first.received_at)} Ana" in parts(reply, "text/plain")[0]

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("date", "Tue, 17 Nov 2026 14:05:00 -0500"),
            ("gmail", "Tue, Nov 17, 2026 at 2:05 PM"),
            ("outlook", "Tuesday, November 17, 2026 2:05 PM"),
            ("apple", "Nov 17, 2026, at 2:05 PM"),
            ("google", "Tue Nov 17, 2026"),
            ("day", "Tuesday, November 17"),
            ("weekday", "Tuesday"),
            ("wochentag", "Dienstag"),
            ("dotted", "17.11.2026"),
            ("slashed", "17/11/2026"),
            ("clock", "14:05"),
            ("local", "20261117T140500"),
            ("utc", "20261117T190500Z"),
        ],
    )
    def test_a_time_is_written_as_programs_write_it(self, form: str, text: str) -> None:
        assert formatted(form, datetime.fromisoformat("2026-11-17T14:05:00-05:00")) == text

    def test_midnight_and_noon_are_twelve(self) -> None:
        assert formatted("gmail", datetime(2026, 1, 1, 0, 7)).endswith("12:07 AM")
        assert formatted("gmail", datetime(2026, 1, 1, 12, 7)).endswith("12:07 PM")

    @pytest.mark.parametrize("moment", ["tomorrow", "lunch-nobody-1", "+3w 08:00", "-3d"])
    def test_a_wrong_moment_is_refused(self, moment: str) -> None:
        with pytest.raises(ValueError, match="neither the name of a sample mail nor a time"):
            moment_of(moment, "+0000", NOW)

    def test_a_wrong_form_is_refused(self) -> None:
        with pytest.raises(ValueError, match="not a way to write a time"):
            formatted("julian", NOW)


def test_every_file_is_named_once_and_has_its_letter() -> None:
    assert len(sources()) == len(INITIAL) + len(ARRIVING)
    for name in sources():
        assert sample(name, NOW).letter in {"Y", "L", "C", "V", "N"}

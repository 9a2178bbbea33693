"""Mail that was written to do harm, or by broken programs, on its whole way to a text.

Each is a mail that asks to meet, but for one header. The text about it is short, harmless and
right, or there is none.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from jeeves import modelling
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.adapters.sms import SmsNotifier
from jeeves.domain.alert import ALPHABET, Channel
from jeeves.domain.message import Message
from jeeves.domain.ports import Notifier, Scorer
from jeeves.mail import proposal
from jeeves.mail.proposal import MOST_READ
from jeeves.service.hearing import LONGEST_THREAD, MOST_HEARD
from jeeves.service.triage import CycleReport, run_cycle
from jeeves.settings import Settings
from tests.builders import ACCOUNT, NOW
from tests.fakes import FakeClock, FakeMailbox, RecordingNotifier
from tests.twilio_rules import segments
from tests.twilio_standin import TwilioStandIn

BODY = (
    "Hi Sam,\r\n\r\nwould you like to meet for lunch on Friday at 12:30? I would love to catch up "
    "with you.\r\n\r\nAna\r\n"
)
FRIDAY_NOON = "lunch tomorrow 12:30"
REFERENCE = re.compile(f"jv-[{ALPHABET}]{{8}}")
#: What a phone would make a link of.
LINK = re.compile(r"://|www\.|\w\.[a-z]{2,}(?:/|\b)", re.IGNORECASE)
#: What is heard of a mail, in characters: half a minute.
LONGEST_SPEECH = 500


def encoded(text: str) -> str:
    """An encoded word of any length (RFC 2047 allows 75 characters; senders do not care)."""
    return f"=?utf-8?b?{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def raw(sender: str | bytes, subject: str | bytes, date: str, text: str = BODY) -> bytes:
    """A mail with these headers, byte for byte."""
    fields = {
        "From": sender,
        "To": f"Sam Reader <{ACCOUNT}>",
        "Subject": subject,
        "Date": date,
        "Message-ID": f"<{abs(hash((sender, subject, date, text)))}@example.org>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    lines = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        for name, value in fields.items()
    ]
    return b"\r\n".join([*lines, b"", text.encode()])


class House:
    """Jeeves with the model that ships, a real database, and Twilio."""

    def __init__(self, dsn: str, scorer: Scorer, twilio: TwilioStandIn) -> None:
        self.store, self.reading = PostgresStore(dsn), Reading(dsn)
        self.mailbox, self.clock = FakeMailbox(), FakeClock()
        self.twilio = twilio
        self.speech = RecordingNotifier(Channel.SPEECH)
        self._scorer = scorer
        self._sms = SmsNotifier(
            account_sid=twilio.account_sid,
            auth_token=twilio.auth_token,
            sender="+15005550006",
            to="+15558675310",
            base_url=twilio.base_url,
        )

    def cycle(self) -> CycleReport:
        channels: list[Notifier] = [self._sms, self.speech]
        return run_cycle(self.mailbox, self.store, lambda: self._scorer, channels, self.clock)

    def take(self, mail: bytes, **facts: object) -> CycleReport:
        self.clock.advance(minutes=1)
        self.mailbox.add(mail, received_at=self.clock.now, **facts)
        return self.cycle()

    @property
    def texts(self) -> list[str]:
        return [message["body"] for message in self.twilio.messages]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return modelling.make_scorer(Settings(jeeves_home=tmp_path_factory.mktemp("home")))


@pytest.fixture
def house(migrated_url: str, scorer: Scorer) -> Iterator[House]:
    with TwilioStandIn() as twilio:
        house = House(migrated_url, scorer, twilio)
        house.cycle()
        yield house
        house.store.close()
        house.reading.close()


def check(house: House) -> tuple[str, str]:
    """The text and the sentence about the one mail; both must be harmless."""
    [text], [spoken] = house.texts, [alert.text for alert in house.speech.sent]
    assert segments(text) <= 2
    assert len(REFERENCE.findall(text)) == 1
    assert REFERENCE.fullmatch(text.split()[-1])
    said = REFERENCE.sub("", text)
    assert not LINK.search(said), said
    assert len(spoken) <= LONGEST_SPEECH
    for words in (text, spoken):
        assert words == words.strip() == " ".join(words.split())
        assert not {unicodedata.category(c) for c in words} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert not REFERENCE.search(spoken)
    assert not set(spoken) & set("<>{}$`|\\"), spoken
    return text, spoken


TODAY = format_datetime(NOW)
ANA = "Ana Lopez <ana@example.org>"
SUBJECT = "Friday"

FROM: dict[str, tuple[str | bytes, str]] = {
    "control characters": (b'"\x01\x02Ana\x07\x1b[31m\x08\x00\x7f Lopez" <ana@example.org>', "Ana"),
    "nothing but control characters": (b'"\x01\x02\x1b\x7f" <ana.lopez@example.org>', "ana lopez"),
    "encoded control characters": (
        encoded("A\x00n\x1ba\r\nTo: +1555\u202e") + " <a@b.org>",
        "An a To: +1555:",
    ),
    "a line break in the name": (b'"Ana\r\n Bcc: +15551234567" <ana@example.org>', "Ana"),
    "emoji": (encoded("🎉👩‍👩‍👧🏽" * 20) + " <ana.lopez@example.org>", "ana lopez"),
    "emoji without an address": (encoded("🎉" * 70), ""),
    "10,000 letters": (f"{'A' * 10_000} <ana@example.org>", "A"),
    "10,000 encoded letters": (encoded("Ána" * 3_334) + " <ana@example.org>", "Ana"),
    "10,000 letters of another script": (encoded("Анна" * 2_500) + " <ana@example.org>", "Анна"),
    "10,000 letters of an address": (f"{'a' * 10_000}@example.org", "a"),
    "10,000 marks on a letter": (
        encoded("Z" + "\u0301" * 10_000 + "oe") + " <ana@example.org>",
        "Z",
    ),
    "10,000 words": (f'"{"Ana Lopez " * 1_000}" <ana@example.org>', "Ana Lopez"),
    "shell syntax": ('"$(rm -rf ~) `id`; cat /etc/passwd | sh &" <ana@example.org>', "$("),
    "shell syntax for an address": ('"`id`;$(id)|sh"@example.org', ""),
    "half a surrogate": (encoded("Ana \ud83d Lopez") + " <ana@example.org>", "Ana"),
    "a link": (encoded("https://evil.example/x?y") + " <ana@example.org>", ""),
    "a reference of ours": ('"jv-7K2MQ9XA" <ana@example.org>', "jv 7K2MQ9XA"),
    "a command to Twilio": ('"STOP" <ana@example.org>', "STOP:"),
    "no sender": ("", ""),
    "two senders": ("Ana <ana@example.org>, Ben <ben@example.org>", "Ana"),
    "bytes of no charset": (b"\xff\xfe\xc3( <ana@example.org>", ""),
}


@pytest.mark.parametrize("case", FROM)
def test_whatever_stands_in_from_the_text_is_short_and_harmless_and_names_the_meeting(
    house: House, case: str
) -> None:
    sender, named = FROM[case]
    assert house.take(raw(sender, SUBJECT, TODAY)).unreadable == 0
    text, _ = check(house)
    assert text.startswith(named)
    assert FRIDAY_NOON in text


SUBJECTS: dict[str, str | bytes] = {
    "SQL": "'; DROP TABLE alerts; DELETE FROM messages; -- %s %(now)s :gate",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(2)>&lt;b&gt;",
    "SMS commands": "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT START YES UNSTOP HELP",
    "a template": "{who} {reference} {0.__class__} %(text)s ${HOME} {{why}}",
    "shell syntax": "$(reboot) `reboot` ; reboot & | reboot > /dev/sda",
    "a link": "Lunch: https://evil.example/pay?x=1 or www.evil.example or evil.com/x",
    "a reference of ours": "jv-7K2MQ9XA jv\u20117K2MQ9XA \u0458v-7K2MQ9XA",
    "control characters": b"Lunch\x00\x07\x1b[2J\x1b]0;owned\x07",
    "encoded line breaks": encoded("Lunch\r\nTo: +15551234567\r\n\r\nSecond text"),
    "right to left": encoded("\u202e\u2066gnihton\u2069 Lunch"),
    "10,000 letters": "Lunch" * 2_000,
    "emoji": encoded("🍕" * 3_000),
}


@pytest.mark.parametrize("body", [BODY, "Would you like to meet? Where shall we go?\r\n"])
@pytest.mark.parametrize("case", SUBJECTS)
def test_whatever_stands_in_the_subject_the_text_is_short_and_harmless(
    house: House, case: str, body: str
) -> None:
    house.take(raw(ANA, SUBJECTS[case], TODAY, body))
    assert house.reading.backlog().messages == 1
    if not house.texts:
        # A model may hold such a mail for none that asks; then nothing is said of it anywhere.
        assert house.speech.sent == []
        return
    text, spoken = check(house)
    assert text.startswith("Ana Lopez")
    assert "Ana Lopez" in spoken
    # The outbox works as before.
    house.take(raw("Ben Okri <ben@example.org>", SUBJECT, TODAY))
    assert house.texts[-1].startswith(f"Ben Okri: {FRIDAY_NOON}")


ABSURD = [
    "Mon, 1 Jan 1900 00:00:00 +0000",
    "Fri, 31 Dec 9999 23:59:59 -1400",
    "Fri, 31 Dec 9999 23:59:59 +0000",
    "Mon, 1 Jan 0001 00:00:00 +1400",
    "Thu, 1 Jan 1970 00:00:00 +0000",
    "Sat, 30 Feb 2026 25:61:61 +9999",
    "99999999999999999999",
    "\x00",
    "",
]


@pytest.mark.parametrize("date", ABSURD)
def test_an_absurd_date_makes_the_text_neither_wrong_nor_late(house: House, date: str) -> None:
    house.take(raw(ANA, SUBJECT, date))
    if house.texts:
        text, _ = check(house)
        assert text.startswith(f"Ana Lopez: {FRIDAY_NOON}")
    else:
        [line] = house.reading.newest(1)
        assert line.withheld == "written long ago"
    # Whatever comes next is told as ever.
    house.take(raw("Ben Okri <ben@example.org>", SUBJECT, TODAY))
    assert house.texts[-1].startswith(f"Ben Okri: {FRIDAY_NOON}")


@pytest.mark.parametrize(
    "said",
    [
        "on 31 December 9999 at 12:30",
        "on 1 January 1900 at 12:30",
        "on 2026-13-45 at 25:99",
        "in 99999999999 days",
        "at 99999:30 on Thursday the 99th",
    ],
)
def test_a_day_that_cannot_be_is_no_day(house: House, said: str) -> None:
    house.take(raw(ANA, "Hello", TODAY, f"Hi Sam, would you like to meet for lunch {said}?\r\n"))
    [text] = house.texts
    assert segments(text) <= 2
    told, _, _ = text.partition(" No place yet.")
    assert re.fullmatch(r"Ana Lopez: lunch(?: Thu 26 Nov)?(?: 12:30)?\?", told)


def thread(house: House, mails: int, text: str = "I sent you the report.") -> None:
    """A conversation of so many mails, the newest last, that have come."""
    for number in range(mails):
        house.clock.advance(seconds=1)
        house.mailbox.add(
            raw(f"Ben {number} <ben{number}@example.org>", "Re: report", TODAY, f"{text}\r\n"),
            received_at=house.clock.now,
            gmail_thread_id="77",
        )
    house.cycle()


@pytest.mark.parametrize(
    ("mails", "length", "most"),
    [(LONGEST_THREAD + 10, 1, LONGEST_THREAD), (70, 2 * MOST_READ, MOST_HEARD // MOST_READ)],
)
def test_of_a_conversation_without_end_only_so_much_is_read_for_each_mail_that_comes(
    house: House, monkeypatch: pytest.MonkeyPatch, mails: int, length: int, most: int
) -> None:
    thread(house, mails, "I sent you the report. " * (length // 23 + 1))
    assert house.reading.backlog().messages == mails
    assert house.texts == []
    read: list[Message] = []
    monkeypatch.setattr(proposal, "read", noting(read))
    house.take(raw(ANA, "Re: report", TODAY), gmail_thread_id="77")
    text, _ = check(house)
    assert text.startswith(f"Ana Lopez: {FRIDAY_NOON}")
    assert most / 2 < len(read) <= most
    assert [message.sender.name for message in (read[0], read[-1])] == ["Ben 0", "Ana Lopez"]
    house.take(raw(ANA, "Re: report", TODAY, "By the way, ..."), gmail_thread_id="77")
    assert len(house.texts) == 1


def noting(read: list[Message], original: object = proposal.read) -> object:
    """Reads as ever, and notes what."""

    def note(message: Message) -> proposal.Said:
        read.append(message)
        assert callable(original)
        said = original(message)
        assert isinstance(said, proposal.Said)
        return said

    return note


def test_it_is_told_once_and_the_settled_place_is_told_once(house: House) -> None:
    thread(house, 300)
    house.take(raw(ANA, "Re: report", TODAY), gmail_thread_id="77")
    house.clock.advance(minutes=5)
    settled = "Let us have lunch on Friday at 12:30 at the Blue Bottle cafe on 4 Main Street.\r\n"
    house.take(raw(ANA, "Re: report", TODAY, settled), gmail_thread_id="77")
    assert len(house.texts) == 2
    assert house.texts[1].startswith("Settled")
    assert "Blue Bottle" in house.texts[1]
    house.clock.advance(hours=1)
    house.cycle()
    assert len(house.texts) == 2
    assert all(segments(text) <= 2 for text in house.texts)


def test_a_new_question_in_a_long_conversation_is_told(
    house: House,
) -> None:
    house.take(raw(ANA, "Report", TODAY), gmail_thread_id="77")
    thread(house, 98)
    assert len(house.texts) == 1
    dinner = "Would you also like to have dinner with me on Monday at 19:00? Where shall we go?\r\n"
    house.take(raw(ANA, "Re: report", TODAY, dinner), gmail_thread_id="77")
    assert len(house.texts) == 2
    assert house.texts[1].startswith("Ana Lopez: dinner Mon")


def test_what_is_quoted_is_read_only_until_a_meeting_is_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mail of a long conversation quotes all before it: read, that would take seconds."""
    read: list[str] = []
    original = proposal.sentences

    def note(text: str, people: frozenset[str]) -> list[tuple[int, bool, str]]:
        read.append(text)
        return original(text, people)

    house.take(raw(ANA, "Re: report", TODAY), gmail_thread_id="77")
    quotes = "".join(f"> Shall we have lunch on Friday, line {n}?\r\n" for n in range(100))
    thread(house, 60, f"I sent you the report.\r\n\r\nOn Thu, Ben wrote:\r\n{quotes}")
    monkeypatch.setattr(proposal, "sentences", note)
    house.take(raw("Ben <b@example.org>", "Re: report", TODAY, "Thanks!"), gmail_thread_id="77")
    assert read
    assert not [text for text in read if "line 99" in text]


def test_a_date_of_tomorrow_is_no_reason_to_be_silent(house: House) -> None:
    house.take(raw(ANA, SUBJECT, format_datetime(NOW + timedelta(hours=20))))
    assert len(house.texts) == 1


def test_nothing_of_all_this_is_written_anywhere_but_into_the_database(
    house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    house.take(raw('"$(touch owned) `touch owned`" <a@b.org>', "; touch owned", TODAY))
    assert house.texts
    assert list(tmp_path.iterdir()) == []
    written = "".join(capfd.readouterr())
    assert "touch" not in written
    assert "lunch" not in written.lower()

"""Days and hours in a sentence, read from the day on which it was written.

Our own reader: dateparser 1.2 needs 0.3 s to import and milliseconds for a sentence, and takes
"may", "sun" and page numbers for dates.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import cache

from jeeves.domain.when import When
from jeeves.mail.day_words import ALSO_WORDS, MINE, MONTHS, NEAR, NOT_A_DAY, WEEKDAYS
from jeeves.mail.trigrams import Phrasebook


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_ORD = r"(?:st|nd|rd|th|er|º|ª|\.)?"
_DAY_OF_MONTH = re.compile(
    rf"\b(?P<d1>[0-3]?\d){_ORD}\s+(?:of\s+|"
    rf"de\s+)?(?P<m1>{_any(MONTHS)})\b\.?(?:,?\s+(?P<y1>20\d\d))?"
    rf"|\b(?P<m2>{_any(MONTHS)})\.?\s+(?P<d2>[0-3]?\d)(?:st|nd|rd|"
    rf"th)?\b(?![:.]\d)(?:,?\s+(?P<y2>20\d\d))?",
    re.IGNORECASE,
)
#: Behind a day and a month: a year in which nobody meets, or an hour ("12 Dec 1930").
_OTHER_YEAR = re.compile(r",?\s+(?:(?P<hour>19[0-5]\d)|19[6-9]\d|2[4-9]\d\d|[3-9]\d{3})\b")
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_SLASHED = re.compile(
    r"(?<![\d/.])(\d{1,2})([/.])(\d{1,2})(?:[/.](20\d\d|\d\d))?(?![\d/]|\.\d{3})(?!\s*(?:%|am\b|pm\b|"
    r"uhr))"
)
_ORDINAL = re.compile(
    r"\b(?:the\s+|le\s+|el\s+|il\s+|am\s+)?([0-3]?\d)(?:st|nd|rd|th)\b(?!\s*(?:floor|street|"
    r"st\b|ave|fl\b))",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    rf"\b(?:(?P<next>next|kommenden|nächsten|prochain|pr[oó]ximo|prossimo|volgende)\s+)?"
    rf"(?P<day>{_any(WEEKDAYS)})\b(?P<after>\s+(?:week(?! of)|after next)\b)?",
    re.IGNORECASE,
)
_WITH_NUMBER = re.compile(
    r",?\s+(?:the\s+)?(\d{1,2})\b(?![:.]\d|\s*(?:[ap]m|ish|uhr|h\b|-))", re.IGNORECASE
)
_NEAR_DAY = re.compile(rf"(?<!good )\b({_any(NEAR)})\b", re.IGNORECASE)
_MANANA = re.compile(r"\bmañana\b(?! por la)|(?<!la )\bmañana por la\b", re.IGNORECASE)
_SOON = re.compile(
    r"\b(?:next|this|that|coming|following)\s+(?:week|weekend|month)\b|\bthe week(?:end)? "
    r"(?:of|after)\b"
    r"|\bweek-?end\b|\bnächste[rn]? (?:woche|monat)\b|\bwochenende\b|\bsemaine prochaine\b"
    r"|\b(?:la )?(?:semana que viene|próxima semana)\b|\bsettimana prossima\b|\bvolgende week\b"
    r"|\b(?:one|some) (?:evening|afternoon|morning|day)\b|\bin (?:a|two|three|\d) weeks?\b"
    r"|\b(?:this|tomorrow|in the) (?:afternoon|evening|morning)\b|\bany(?:time| day) (?:this|"
    r"next)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d$€£#/.-])(?P<h>[01]?\d|2[0-4])(?:[:.h](?P<m>[0-5]\d))?"
    r"(?:\s*[--]\s*\d{1,2}(?:[:.]\d\d)?)?\s*(?P<half>[ap]\.?\s?m\b\.?|uhr\b|h\b(?!\w)|o'?clock)",
    re.IGNORECASE,
)
_HALF_PAST = re.compile(
    r"\b(?P<p>half past|quarter past|quarter to|half)\s+(?P<h>\d{1,2}|one|two|three|four|five|"
    r"six|seven"
    r"|eight|nine|ten|eleven|twelve)\b(?!\s*(?:hours?|minutes?|days?|of))",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?<![\d:.$€£/-])([01]?\d|2[0-3])[:.h]([0-5]\d)(?!\d|:\d|%|\.\d)(?!\s*(?:mb|gb|km|%))",
    re.IGNORECASE,
)
#: "Drovers 7?"
_ASKED = re.compile(r"^(?:\S+\s+){1,3}(?P<h>1[0-2]|[1-9])\s*\?$")
_AT_HOUR = re.compile(
    r"(?:\bat|\bstart(?:s|ing)?|@|\bby|\bfrom|\baround|\babout|\bbefore|\bafter|\bsay|\bgegen|"
    r"\bum|\bà|\ba las|"
    r"\balle|\bàs|\bom|\bday|\btomorrow|\btonight|^)"
    r"\s*(?P<h>1[0-2]|[1-9])(?:ish)?\b(?![:./-]\d|\d|\s*(?:%|people|of us|minutes?|mins?|"
    r"hours?|hrs?|days?|weeks?|"
    r"[A-Z][a-z]+ (?:St|Street|Road|Rd|Ave|Lane)\b|persons?|pax))",
    re.IGNORECASE,
)
_NUMBER_WORDS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve".split(),
        range(1, 13),
        strict=True,
    )
)
_AT_WORD = re.compile(
    rf"(?:\bat|\baround|\babout|\bby)\s+(?P<h>{'|'.join(_NUMBER_WORDS)})\b(?!\s*(?:of|people|"
    rf"places|points|hundred))",
    re.IGNORECASE,
)
_NAMED_HOUR = {
    "noon": time(12),
    "midday": time(12),
    "lunchtime": time(12, 30),
    "mezzogiorno": time(12),
    "mediodía": time(12),
    "midi": time(12),
}
_HOUR_WORD = re.compile(rf"\b({'|'.join(_NAMED_HOUR)})\b", re.IGNORECASE)
_MORNING = re.compile(
    r"\bmorning\b|\bbreakfast\b|\ba\.?m\b|\bvormittag|\bfrüh|\bmatin\b|\bmattina\b", re.IGNORECASE
)
#: Written in numbers, the month comes first here only: "3/5" of "-0500".
_MONTH_FIRST = (timedelta(hours=-10), timedelta(hours=-4))


@cache
def _phrasebook() -> Phrasebook[str]:
    patterns = (
        *(_DAY_OF_MONTH, _ISO, _SLASHED, _ORDINAL, _WEEKDAY, _NEAR_DAY, _MANANA, _SOON),
        *(_CLOCK, _HALF_PAST, _COLON, _AT_HOUR, _AT_WORD, _HOUR_WORD, _ASKED),
    )
    return Phrasebook({pattern.pattern: pattern.pattern for pattern in patterns})


class _Reading:
    """A sentence in which most patterns need not be searched."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.possible = _phrasebook().possible_in(sentence)

    def search(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.search(self.sentence) if pattern.pattern in self.possible else None


def found_in(sentence: str, written: datetime, told: date | None = None) -> When | None:
    """The day and the hour that ``sentence`` names; None where it names no time at all.

    Args:
        sentence: As written, with the apostrophes of a keyboard.
        written: When it was.
        told: The last date that was named before it: "the Tuesday" is one near to that.
    """
    reading = _Reading(sentence)
    if not reading.possible:
        return None
    day = _day(reading, written)
    if day is not None and told is not None and not _dated_itself(reading):
        day = max(day, _nearest(day.weekday(), told) or day)
    undated = _SLASHED.sub(_blanked, sentence) if reading.search(_SLASHED) else sentence
    at = _hour(reading if undated == sentence else _Reading(undated))
    if day is None and at is None and not reading.search(_SOON):
        return None
    return When(day, at, written.tzinfo)


def _nearest(weekday: int, told: date) -> date | None:
    """The day of that name which is nearest to ``told``; None at the end of the calendar."""
    try:
        return told + timedelta(days=(weekday - told.weekday() + 3) % 7 - 3)
    except OverflowError:
        return None


def _dated_itself(reading: _Reading) -> bool:
    """Whether it names a date, or a day near to that on which it was written."""
    return any(
        reading.search(pattern)
        for pattern in (_ISO, _DAY_OF_MONTH, _SLASHED, _NEAR_DAY, _ORDINAL, _SOON)
    )


def _blanked(found: re.Match[str]) -> str:
    """Nothing in place of a date, which is no hour."""
    month_named = int(found[3]) <= 12 and int(found[1]) <= 31
    dotted = found[2] == "." and not (found[4] or _ends_in_dot(found) or _has_hour(found))
    return found[0] if dotted or not month_named else " "


def _ends_in_dot(found: re.Match[str]) -> bool:
    return found.string[found.end() : found.end() + 1] == "." and len(found[3]) <= 2


def _has_hour(found: re.Match[str]) -> bool:
    """Whether an hour stands beside what may be a date: "20.05, 13:00"."""
    return found[3].startswith("0") and bool(re.search(r"\b\d{1,2}:\d\d\b", found.string))


def _day(reading: _Reading, written: datetime) -> date | None:
    today = written.date()
    try:
        if found := reading.search(_ISO):
            return date(*map(int, found.groups()))
        if found := reading.search(_DAY_OF_MONTH):
            other = _OTHER_YEAR.match(reading.sentence, found.end())
            if other and not (other["hour"] and not reading.search(_COLON)):
                return None
            month = MONTHS[(found["m1"] or found["m2"]).lower()] + 1
            year = found["y1"] or found["y2"]
            return _dated(
                int(year) if year else None, month, int(found["d1"] or found["d2"]), today
            )
        if (found := reading.search(_SLASHED)) and (day := _slashed(found, written)):
            return day
        if found := reading.search(_NEAR_DAY):
            return today + timedelta(days=NEAR[found[1].lower()])
        if reading.search(_MANANA):
            return today + timedelta(days=1)
        weekday = _weekday(reading.sentence, today) if reading.search(_WEEKDAY) else None
        numbered = reading.search(_ORDINAL)
        return (_day_in_month(int(numbered[1]), today) if numbered else None) or weekday
    except (ValueError, OverflowError):
        return None


def _weekday(sentence: str, today: date) -> date | None:
    for found in _WEEKDAY.finditer(sentence):
        word = found["day"]
        if word in ALSO_WORDS and not found["next"]:
            before, after = sentence[: found.start()].lower(), sentence[found.end() :]
            if before.endswith(("the ", "i ", "we ", "and ")) or NOT_A_DAY.match(after):
                continue
            if word == "mon" and MINE.match(after):
                continue
        number = WEEKDAYS[word.lower()]
        if dated := _WITH_NUMBER.match(sentence, found.end()):
            day = _day_in_month(int(dated[1]), today)
            if day is not None and day.weekday() == number:
                return day
        ahead = (number - today.weekday()) % 7 or 7
        if found["next"] and ahead <= 2 + (6 - today.weekday()) % 7 and today.weekday() < 5:
            # "next Friday", said on a Tuesday, is not the one of this week.
            ahead += 7 if ahead + today.weekday() < 7 else 0
        if found["after"]:
            # "Thursday week" is a week behind Thursday.
            ahead += 7
        return today + timedelta(days=ahead)
    return None


def _slashed(found: re.Match[str], written: datetime) -> date | None:
    one, sign, two, year = int(found[1]), found[2], int(found[3]), found[4]
    dated = two <= 12 and (_ends_in_dot(found) or _has_hour(found))
    if sign == "." and not year and not dated:
        # "12.30" is an hour; "12.3." a day.
        return None
    offset = written.utcoffset() or timedelta()
    month_first = sign == "/" and _MONTH_FIRST[0] <= offset <= _MONTH_FIRST[1]
    if one > 12 or (two <= 12 and not month_first):
        one, two = two, one
    full = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    return _dated(full, one, two, written.date())


def _dated(year: int | None, month: int, day: int, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    this = date(today.year, month, day)
    return this if this >= today - timedelta(days=60) else date(today.year + 1, month, day)


def _day_in_month(day: int, today: date) -> date | None:
    if not 1 <= day <= 31:
        return None
    year, month = today.year, today.month
    for _ in range(3):
        try:
            found = date(year, month, day)
        except ValueError:
            found = None
        if found is not None and found >= today:
            return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _hour(reading: _Reading) -> time | None:
    if found := reading.search(_CLOCK):
        return _clock(int(found["h"]), int(found["m"] or 0), (found["half"] or "")[:1].lower())
    if found := reading.search(_HALF_PAST):
        hour = _NUMBER_WORDS.get(found["h"].lower()) or int(found["h"])
        shift = found["p"].lower()
        minutes = hour * 60 + (-15 if shift == "quarter to" else 15 if "quarter" in shift else 30)
        return _clock(minutes // 60, minutes % 60, "", reading.sentence)
    if found := reading.search(_COLON):
        morning = found[1].startswith("0")
        return _clock(int(found[1]), int(found[2]), "", None if morning else reading.sentence)
    if found := reading.search(_HOUR_WORD):
        return _NAMED_HOUR[found[1].lower()]
    if found := reading.search(_AT_HOUR) or reading.search(_AT_WORD) or reading.search(_ASKED):
        hour = _NUMBER_WORDS.get(found["h"].lower()) or int(found["h"])
        return _clock(hour, 0, "", reading.sentence)
    return None


def _clock(hour: int, minute: int, half: str, sentence: str | None = None) -> time | None:
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif sentence is not None and 1 <= hour <= 7 and not _MORNING.search(sentence):
        # People who say "at 3" do not mean the night.
        hour += 12
    return time(hour % 24, minute) if hour <= 24 and minute < 60 else None

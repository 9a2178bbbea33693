"""What alerts, reminders, retractions and digests say, to the eye and to the ear.

A text message has at most two segments, one where that leaves it useful, and ends with its
reference. What is said of a mail is what the mail says: no kind, day or place is made up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from jeeves.domain import moment, place
from jeeves.domain.conversation import Meeting, State
from jeeves.domain.harmless import (
    LONGEST,
    spoken_name,
    spoken_words,
    unreferenced,
    without_aside,
    without_marks,
    written_name,
    written_words,
)
from jeeves.domain.message import Address
from jeeves.domain.sms import segments, shortened, transliterated
from jeeves.domain.templates import Templates, filled

MOST_SEGMENTS = 2
#: What is read aloud is cut to these lengths, in characters.
HEARD_NAME, HEARD_WORDS, HEARD_DIGEST = 60, 120, 320
#: A longer name is cut, whatever room there is.
LONGEST_NAME = 50
#: Links longer than this, or made of other signs, are left out.
LONGEST_LINK = 90
#: Parts that give way, the first first, and what is left of each at least, in characters: for the
#: sake of one segment, and for the sake of two. A part may be left out where that is 0.
GIVING_WAY: Mapping[int, Mapping[str, int]] = {
    1: {"why": 0, "subject": 25, "place": 30, "who": 20, "what": 20},
    MOST_SEGMENTS: {"why": 0, "subject": 0, "list": 0, "place": 15, "who": 15, "what": 10},
}
#: A shorter piece of a longer text says nothing.
SHORTEST_PIECE = 12
#: Of a digest, what one entry holds of a name and a subject, in characters.
ENTRY_NAME, ENTRY_SUBJECT = 24, 30
_NO_KIND = frozenset({"", "meeting", "meet", "meeting up", "appointment"})
_LINK = re.compile(r"https://[!-~]+")


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of one conversation."""

    #: The other person; a text is a display name.
    who: Address | str
    #: As written in the mail, or "".
    subject: str
    #: None where only the model says that somebody wants to meet.
    meeting: Meeting | None
    #: The owner's.
    zone: tzinfo
    #: Aware; what today is.
    now: datetime
    #: The mail's own words that show it, or "".
    why: str
    #: Unique to the row of the outbox.
    reference: str
    #: An https address to follow, such as that of `gmail_link`.
    link: str | None = None
    templates: Templates = field(default_factory=Templates)


def gmail_link(gmail_id: str) -> str:
    """Where Gmail shows the message with this X-GM-MSGID, given in decimal.

    Raises:
        ValueError: it is no number.
    """
    return f"https://mail.google.com/mail/u/0/#all/{int(gmail_id):x}"


def alert_text(told: Told) -> str:
    """Who wants to meet, for what and when, why one may think so, and the reference."""
    template = told.templates.alert if _kind(told) else told.templates.alert_plain
    return _fitted(template, _written(told), told.reference, told.link)


def reminder_text(told: Told) -> str:
    """That the meeting is near and still has no place."""
    return _fitted(told.templates.reminder, _written(told), told.reference, told.link)


def retraction_text(told: Told) -> str:
    """That an alert is void: its place is settled or not needed, or the meeting called off."""
    which, where = _retraction(told)
    values = _written(told) | {"place": written_words(where)}
    return _fitted(getattr(told.templates, which), values, told.reference, told.link)


def digest_text(parts: Sequence[Told], reference: str = "") -> str:
    """Several alerts in one text, in the order given; one alone is told as an alert.

    Args:
        parts: at least one.
        reference: the digest's own; that of the first part where none is given.
    """
    if len(parts) == 1:
        return alert_text(replace(parts[0], reference=reference or parts[0].reference))
    first = parts[0]
    template, reference = transliterated(first.templates.digest), reference or first.reference
    entries = [_entry(told) for told in parts]
    best = ""
    for count in range(len(entries) + 1):
        text = f"{_body(template, _listed(entries, count, '; ', str))} {reference}"
        if segments(text) > MOST_SEGMENTS:
            break
        best = text
    return best or _fitted(template, _listed(entries, 0, "; ", str), reference, None)


def spoken_alert(told: Told) -> str:
    """As `alert_text`, for the ear."""
    known = _kind(told)
    return _said(told.templates.spoken_alert if known else told.templates.spoken_alert_plain, told)


def spoken_reminder(told: Told) -> str:
    """As `reminder_text`, for the ear."""
    return _said(told.templates.spoken_reminder, told)


def spoken_retraction(told: Told) -> str:
    """As `retraction_text`, for the ear."""
    which, where = _retraction(told)
    return _said(getattr(told.templates, f"spoken_{which}"), told, where)


def spoken_digest(parts: Sequence[Told]) -> str:
    """As `digest_text`, for the ear."""
    if len(parts) == 1:
        return spoken_alert(parts[0])
    templates = parts[0].templates
    entries = [_said(templates.spoken_digest_entry, told) for told in parts]
    count = len(entries)
    while count and len(". ".join(entries[:count])) > HEARD_DIGEST:
        count -= 1
    values = _listed(entries, count, ". ", moment.in_words)
    return _capital(filled(templates.spoken_digest, values))


def _kind(told: Told) -> str:
    """What the meeting is, or "" where it is just a meeting."""
    kind = written_words(told.meeting.kind).lower() if told.meeting else ""
    return "" if kind in _NO_KIND else kind


def _written(told: Told) -> dict[str, str]:
    """What there is to say, for the eye."""
    kind = _kind(told)
    subject = written_words(without_marks(told.subject))
    why = written_words(told.why).strip(" .,;")
    if kind:
        why, subject = why or subject, ""
    if _says_no_more(why, subject or kind):
        why = ""
    when = told.meeting.when if told.meeting else None
    return {
        "who": shortened(written_name(told.who), LONGEST_NAME),
        "what": kind or "meeting",
        "when": moment.written(when, told.zone, told.now, told.templates.clock),
        "subject": subject,
        "why": why,
    }


def _said(template: str, told: Told, where: str = "") -> str:
    """``template`` filled for the ear; it begins with a capital."""
    kind = shortened(spoken_words(_kind(told)), HEARD_NAME)
    subject = "" if kind else _heard(without_marks(told.subject))
    when = told.meeting.when if told.meeting else None
    values = {
        "who": shortened(spoken_name(told.who), HEARD_NAME),
        "what": kind or "meeting",
        "when": moment.spoken(when, told.zone, told.now),
        "subject": subject,
        "why": "" if subject else _heard(told.why),
        "place": _heard(where),
    }
    return _capital(filled(template, values))


def _heard(text: str) -> str:
    return shortened(spoken_words(text), HEARD_WORDS)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _says_no_more(why: str, said: str) -> bool:
    """Whether every word of ``why`` stands in what is said anyway."""
    words = set(re.findall(r"\w+", said.lower()))
    return words.issuperset(re.findall(r"\w+", why.lower()))


def _retraction(told: Told) -> tuple[str, str]:
    """The name of the template that voids an alert, and the place as it is said."""
    meeting = told.meeting
    if meeting is not None and meeting.state is State.CANCELLED:
        return "called_off", ""
    where = place.said(meeting.place[:LONGEST]) if meeting else ""
    if meeting is not None and (meeting.state is State.SETTLED or place.in_a_call(where)):
        return ("settled" if where else "settled_plain"), where
    return "unneeded", ""


def _entry(told: Told) -> str:
    """One line of a digest."""
    values = _written(told)
    if values["subject"]:
        values["what"] = f'"{shortened(values["subject"], ENTRY_SUBJECT)}"'
    values["who"] = shortened(without_aside(values["who"]), ENTRY_NAME)
    values["what"] = shortened(values["what"], ENTRY_SUBJECT + 2)
    values["why"] = shortened(values["why"], ENTRY_SUBJECT)
    return _body(transliterated(told.templates.digest_entry), values)


def _listed(
    entries: Sequence[str], count: int, between: str, number: Callable[[int], str]
) -> dict[str, str]:
    """The first ``count`` entries, and how many there are besides."""
    left = len(entries) - count
    return {
        "count": number(len(entries)),
        "list": between.join(entries[:count]),
        "more": number(left) if left and count else "",
    }


def _body(template: str, values: Mapping[str, str]) -> str:
    return unreferenced(transliterated(filled(template, values)))


def _fitted(template: str, values: Mapping[str, str], reference: str, link: str | None) -> str:
    """The text and its reference in one segment, or in two where one would leave too little."""
    template = transliterated(template)
    tail = f" {reference}"
    if link is not None and len(link) <= LONGEST_LINK and _LINK.fullmatch(link):
        tail += f" {link}"
    for most, least in GIVING_WAY.items():
        left = dict(values)

        def fits(name: str, piece: str, left: dict[str, str] = left, most: int = most) -> bool:
            return segments(_body(template, left | {name: piece}) + tail) <= most

        for name, fewest in least.items():
            if not left.get(name):
                continue
            left[name] = _longest_piece(left[name], name, fewest, fits)
            if fits(name, left[name]):
                return _body(template, left) + tail
    return _cut(_body(template, values), tail)


def _longest_piece(text: str, name: str, fewest: int, fits: Callable[[str, str], bool]) -> str:
    """As much of ``text`` as fits; if nothing does, the least that may be left of it."""
    if fits(name, text):
        return text
    low, high = max(fewest, SHORTEST_PIECE) - 1, len(text)
    # the longest that fits is low or longer, and shorter than high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(name, shortened(text, middle)) else (low, middle)
    if low < max(fewest, SHORTEST_PIECE):
        return shortened(text, fewest) if fewest else ""
    return shortened(text, low)


def _cut(body: str, tail: str) -> str:
    """``body`` cut so that it and ``tail`` have two segments."""
    length = len(body)
    while length > 0 and segments(shortened(body, length) + tail) > MOST_SEGMENTS:
        length -= 1
    return (shortened(body, length) + tail).strip()

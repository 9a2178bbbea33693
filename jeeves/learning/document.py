"""What both training and serving read of a mail. Standard library only."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from jeeves.domain.message import Message

#: Raised whenever ``document`` answers differently for any mail: models made before are refused.
DOCUMENT_VERSION = 1
#: A word, a mask or a question mark; for ``re`` and for scikit-learn's vectorizers.
TERM_PATTERN = r"[^\W_]+|\?"
#: Characters of a mail that are read at most: what asks to meet stands near the top.
TEXT_LIMIT = 8_000
#: Characters of the answered or forwarded mail that are read below own words.
QUOTED_LIMIT = 400
#: Own words shorter than this are a bare forward: the forwarded mail speaks instead.
BARE_FORWARD = 20

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_ROOM = "(?:(?:video\\ )?conf(?:erence|\\.)?\\ (?:room|rm)|room|rm\\.?|suite|ste\\.?)"
_OFFICE = (
    "\\ (?:\\w{1,30}\\ )?"
    "(?:office|desk|place|house|home|apartment|room|building|hotel|condo|ranch|cube)s?\\b"
)

#: Addresses and links have a scan of their own: few mails hold any, and looking for an address
#: at every word is dear.
_ADDRESS = re.compile(r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w.-]{1,255}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+")
_ONLINE = re.compile(
    r"zoom\.us|meet\.google|teams\.(?:microsoft|live)|webex|gotomeet|skype|whereby|jitsi|facetime"
)
_MAP = re.compile(r"maps\.|/maps|openstreetmap|what3words")
#: A room as offices number them (EB 3321, 3AC-17), or a street with its number.
_PLACE = re.compile(
    r"\b(?:(?:[A-Z]{2,3}[- ]?\d{3,5}|\d?[A-Z]{2}-\d{2,4})[A-Za-z]?\d?"
    r"|\d{1,5} (?:[A-Z][a-z]{1,20}\.? ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive"
    r"|Lane|Ln|Plaza|Square|Parkway|Pkwy))\b"
)
#: One alternative for each kind, most behind a look at their first letters, which saves a third
#: of the time; the first that matches wins. Every repetition is bounded or cannot overlap with
#: what follows it, so that time grows with the length of the text only.
_MASKS = re.compile(
    rf"""
    (?<!\w)(?=[a-dfghj-pr-tv-z\d])(?:
      (?P<phone>\d{{3}}\)?[-.\s/]{{1,2}}\d{{3}}[-.\s]\d{{4}}\b|\d{{3}}[-.]\d{{4}}\b
        |x[-.\s]?\d{{4,5}}\b)
    | (?P<room>{_ROOM}(?!\w)(?:\ (?:\#\ ?)?[a-z]?\d+\w*)?
        |\d{{1,3}}(?:st|nd|rd|th)\ (?:floor|fl)\b|floor\ \d+\b)
    | (?P<call>(?:con(?:f(?:erence|\.)?)?\ calls?|dial(?:[- ]?in)?|pass\ ?code
        |tele(?:con|conference)|video\ ?conference|vtc|call[- ]in|by\ (?:tele)?phone
        |(?:over|on)\ the\ phone|webcast|webinar|netmeeting|zoom|skype|webex
        |hangouts?|facetime|whatsapp|teams\ meeting|google\ meet|(?:video|phone)\ (?:call|chat))\b)
    | (?P<office>(?:my|your|his|her|our|their){_OFFICE})
    | (?P<time>\d{{1,2}}(?:[:.]\d\d)?\ ?(?:-|to|\u2013)\ ?\d{{1,2}}(?:[:.]\d\d)?
          \ ?(?:[ap]\.?m\b\.?|o'?clock)?
        |\d{{1,2}}(?:[:.]\d\d)?\ ?[ap]\.?\ ?m\b\.?|\d{{1,2}}:\d\d\b
        |(?:noon|midday|lunch\ ?time|o'?clock)\b)
    | (?P<date>(?:tomm?orr?ow|tonight|tonite|today|weekend)\b
        |(?:this|next|the\ following)\ (?:\w{{1,30}}\ )?
          (?:week|weekend|month|morning|afternoon|evening|{_DAY})\b
        |{_DAY}\b(?:,?\ {_MONTH}\.?\ \d{{1,2}}(?:st|nd|rd|th)?)?
        |{_MONTH}\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b
        |\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?{_MONTH}\b
        |\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b|the\ \d{{1,2}}(?:st|nd|rd|th)\b)
    | (?P<year>(?:19|20)\d\d\b)
    )
    | (?P<possessive>'s{_OFFICE})
    | (?P<international>\+\d[\d\s().-]{{7,20}}\d)
    | (?P<money>[$€£]\ ?\d[\d,.]*)
    | (?P<number>\d+(?:[.,]\d+)*)
    """,
    re.VERBOSE,
)
_SAME_KIND = {"international": "phone", "possessive": "office"}
#: Capitalised words inside a sentence: names of people, firms and places.
_NAME = re.compile(
    '(?<=[a-z,;:"(] )(?!(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov'
    "|Dec|Let|Room|Conf|Suite|Floor|Please|Would|Can|Could|Lunch|Dinner|Meet|Zoom|Skype|Webex|Teams"
    "|Google|Hangout|Whats|Video|Call|Dial))"
    "[A-Z][a-z]+(?: [A-Z][a-z']+)*"
)
_MEETING = re.compile(
    r"\b(?:meet|meetings?|lunch|dinner|breakfast|coffee|drinks?|beers?|get together|interview"
    r"|visit|happy hour|come by|stop by|mtgs?|see you|join (?:us|me|you))\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_ANSWER_MARKS = re.compile(r"^\s*(?:(?:re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
_TOKEN = re.compile(TERM_PATTERN)


@dataclass(frozen=True, slots=True)
class Document:
    """A mail as it is vectorized: masked, in lower case."""

    #: Subject, own words and the head of the quoted mail.
    text: str
    #: Those sentences of ``text`` that speak of a meeting.
    meeting: str
    #: What was counted, by name; 0 where it does not hold.
    facts: Mapping[str, float]


def document(message: Message) -> Document:
    """What the model reads of ``message``; at most ``TEXT_LIMIT`` characters of it."""
    own = message.own_words[:TEXT_LIMIT].strip()
    quoted = _below(message.body[: 2 * TEXT_LIMIT], own)
    if len(own) < BARE_FORWARD:
        words = f"{own}\n\n{quoted}"[:TEXT_LIMIT]
    else:
        words = f"{own}\n\n{quoted[:QUOTED_LIMIT]}"
    subject = _ANSWER_MARKS.sub("", message.subject[:1000])
    text = mask(f"{subject} \n\n {words}")
    meeting = " . ".join(s for s in _SENTENCE.split(text) if _MEETING.search(s))
    return Document(text=text, meeting=meeting, facts=_facts(text, meeting))


def mask(text: str) -> str:
    """``text`` in lower case, each address, number, date, room and name become its kind.

    ``Lunch with Ana at 12:30?`` becomes ``lunch with  xxname  at  xxtime ?``.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    if "@" in text:
        text = _ADDRESS.sub(" xxemail ", text)
    text = _LINK.sub(_mask_link, text)
    text = _PLACE.sub(" xxroom ", text)
    text = _NAME.sub(" xxname ", text)
    return _MASKS.sub(_mask, text.lower())


def _mask_link(found: re.Match[str]) -> str:
    link = found[0][:200].lower()
    if _ONLINE.search(link):
        return " xxcall "
    return " xxroom " if _MAP.search(link) else " xxurl "


def _mask(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    return f" xx{_SAME_KIND.get(kind, kind)} "


def tokens(text: str) -> list[str]:
    """The tokens of a masked text, in order."""
    return _TOKEN.findall(text)


def bigrams(words: list[str]) -> list[str]:
    """Each token with the one after it, as scikit-learn joins them."""
    return [f"{one} {two}" for one, two in pairwise(words)]


def _below(body: str, own: str) -> str:
    """What ``body`` holds beside the own words."""
    if not own:
        return body.strip()
    before, found, after = body.partition(own)
    if found:
        return f"{before}\n{after}".strip()
    written = {line.strip() for line in own.splitlines()}
    return "\n".join(line for line in body.splitlines() if line.strip() not in written).strip()


def _facts(text: str, meeting: str) -> dict[str, float]:
    return {
        "mentions a date": float("xxdate" in text),
        "mentions a time": float("xxtime" in text),
        "names a room": float("xxroom" in text),
        "names an office or home": float("xxoffice" in text),
        "mentions a call": float("xxcall" in text),
        "asks a question": float("?" in text),
        "speaks of a meeting": float(bool(meeting)),
        "a date beside the meeting": float("xxdate" in meeting),
        "a time beside the meeting": float("xxtime" in meeting),
        "a question beside the meeting": float("?" in meeting),
        # Centred on a usual mail: for most mails these say little, and so weigh little.
        "its length": (math.log1p(len(text)) - 6.5) / 8,
        "its number of lines": (math.log1p(text.count("\n")) - 2.5) / 5,
        "many dates": float(text.count("xxdate") > 3),
        "speaks of meetings often": float(len(_MEETING.findall(text)) > 4),
    }

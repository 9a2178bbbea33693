"""Text to sentences of tokens: words in lower case, and masks for what differs from mail to mail.

``Lunch with Ana at 12:30?`` becomes ``lunch with xxname at xxtime ?``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from operator import itemgetter
from sys import intern

from jeeves.learning.calendar_words import DAYS, GERMAN, HOUR_MARKS, HOURS, MONTHS
from jeeves.learning.lexicon import UNPARTED, phrases

#: A token as scikit-learn's vectorizers find it in a text of tokens joined by blanks.
TOKEN_PATTERN = r"\S+"

_UNPARTED = "".join(f"{first}-{last}" for first, last in UNPARTED)
#: No character before this one is of them.
_FIRST_UNPARTED = UNPARTED[0][0]
_LINK = r"https?://\S+ | www\.\S+ | [\w.+'-]{1,64}@[\w.-]{1,255}\w | "
_TIME = re.compile(
    r"\d{1,2}[:.h]\d\d(?:[ap]m)?$|\d{1,2}(?:[:.]\d\d)?(?:[ap]m|h)$"
    r"|\d{1,2}(?:[:.]\d\d)?-\d{1,2}(?:[:.]\d\d)?(?:[ap]m|h)?$"
)
_DATE = re.compile(
    r"\d{1,2}/\d{1,2}(?:/\d{2,4})?$|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?$|\d{4}-\d\d-\d\d$"
    r"|\d{1,2}-\d{1,2}-\d{2,4}$"
)
_PHONE = re.compile(r"(?:\d{3}[-.])?\d{3}[-.]\d{4}$")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_ONLINE = re.compile(
    r"zoom\.|meet\.google|teams\.|webex|gotomeet|skype|whereby|jitsi|facetime|meet\.jit|bluejeans"
    r"|chime\.aws|gather\.town|around\.co"
)
_BOOKING = re.compile(
    r"calendly|//cal\.com|savvycal|meetings\.hubspot|doodle|youcanbook|chilipiper|acuity|when2meet"
)
_MAP = re.compile(r"maps?\.|/maps|openstreetmap|what3words|g\.page")
_ENDS = frozenset("?!.;\u3002\uff1f")
_ABBREVIATIONS = frozenset("mr mrs ms dr st prof vs no approx ext dept conf rm e g".split())
_MERGED = frozenset({"xxdate", "xxtime", "xxurl", "xxemail", "xxphone"})
_PREMISES = frozenset(
    "office desk place house home apartment room building hotel condo ranch cube flat studio "
    "kitchen garden yard workshop cabin farm shop clinic lab".split()
)
_POSSESSIVES = frozenset("my your his her our their".split())
_STREETS = frozenset(
    "street st avenue ave road rd boulevard blvd drive lane ln plaza square parkway pkwy court "
    "terrace crescent close way row".split()
)
_CALLS = frozenset(
    "zoom skype webex hangout hangouts facetime whatsapp webinar webcast teleconference telecon "
    "telcon videoconference dial-in passcode netmeeting vtc videocall".split()
)
#: Words that are masked by themselves.
_MASKED = {
    **{day + genitive: "xxdate" for day in DAYS | MONTHS for genitive in ("", "'s")},
    **dict.fromkeys(HOURS, "xxtime"),
    **dict.fromkeys(_CALLS, "xxcall"),
}
_PAIRS = {
    **dict.fromkeys(
        (
            *(("conference", "call"), ("conf", "call"), ("con", "call"), ("phone", "call")),
            *(("video", "call"), ("dial", "in"), ("pass", "code"), ("google", "meet")),
            *(("video", "conference"), ("teams", "meeting"), ("teams", "call")),
            *(("teams", "link"), ("by", "phone"), ("by", "telephone"), ("video", "chat")),
            *(("phone", "chat"), ("the", "phone"), ("on", "teams"), ("via", "teams")),
        ),
        "xxcall",
    ),
    **dict.fromkeys(
        (("conference", "room"), ("conf", "room"), ("meeting", "room")),
        "xxroom",
    ),
}
_PARAGRAPH = re.compile(r"\n\s*\n")
#: A sum of money is one word.
_MONEY = re.compile(r"([$€£])\s(?=\d)")
#: Words with the signs beside them whose tokens are remembered: about 10 MB.
_REMEMBERED = 40_000
# How a word goes with those before it.
_PLAIN_GERMAN, _PLAIN, _CAPITAL, _JOINING, _END = range(5)
_ROOM_WORDS = frozenset("room rm suite floor level".split())
#: Words that may be one thing with those before or after them.
_JOINING_WORDS = (
    HOUR_MARKS | _PREMISES | _STREETS | _ROOM_WORDS | {"fl", *(two for _, two in _PAIRS)}
)
#: Words that may be one thing with the next; "my old" may be with the one after.
_OPEN = _ROOM_WORDS | _POSSESSIVES | {"the", "at", "@", *(one for one, _ in _PAIRS)}
#: Every mask begins with it.
_MASK = "xx"
#: Token, how it goes with those before it, and the word of the mail.
_Piece = tuple[str, int, str]
_BREAK: _Piece = ("", _END, "")
_kind = itemgetter(1)
_NUMBERS = frozenset({"xxn1", "xxn3", "xxcode", "xxnum", "xxbig", "xxtime"})


@dataclass(slots=True)
class Sentence:
    """The tokens of one sentence, and the words of the mail behind each."""

    tokens: list[str]
    words: list[str]

    def add(self, token: str, word: str) -> None:
        """Put ``token``, read from ``word``, at the end."""
        self.tokens.append(token)
        self.words.append(word)

    def merge(self, count: int, token: str, word: str) -> None:
        """The last ``count`` tokens and ``word`` are one ``token``."""
        self.tokens[-count:] = [token]
        self.words[-count:] = [" ".join([*self.words[-count:], word])]


def sentences(text: str) -> list[Sentence]:
    """The sentences of ``text``, none empty, in order."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'")
    # Emptied when full: lru_cache would spend as much on its order as this takes in all.
    if _pieces.cache_info().currsize > _REMEMBERED:
        for cached in (_pieces, _piece):
            cached.cache_clear()
    pieces: list[_Piece] = []
    if "$" in text or "€" in text or "£" in text:
        text = _MONEY.sub(r"\1", text)
    for paragraph in _PARAGRAPH.split(text):
        # Half of the time of a mail was spent in one scan of its text: but words come again, and
        # so do words with the signs beside them.
        pieces += chain.from_iterable(map(_pieces, paragraph.split()))
        pieces.append(_BREAK)
    # Every German noun has a capital: there it tells nothing.
    names = 8 * list(map(_kind, pieces)).count(_PLAIN_GERMAN) < len(pieces) - 1
    found: list[Sentence] = []
    current = Sentence([], [])
    tokens, words = current.tokens, current.words
    plain, capital, joining = _PLAIN, _CAPITAL, _JOINING
    for token, kind, word in pieces:
        if kind > plain:
            if kind == capital:
                if names and tokens:
                    token = "xxabbr" if word.isupper() else "xxname"
                    if tokens[-1] == token:
                        current.merge(1, token, word)
                        continue
            elif kind == joining:
                if tokens and (
                    (last := tokens[-1]) in _OPEN or last[:2] == _MASK or token in _PREMISES
                ):
                    _append(current, token, word)
                    continue
            else:
                if word == "." and tokens and _last_word(current) in _ABBREVIATIONS:
                    continue
                if token == "?":
                    current.add("?", "?")
                if tokens:
                    found.append(current)
                    current = Sentence([], [])
                    tokens, words = current.tokens, current.words
                continue
        tokens.append(token)
        words.append(word)
    return found


def _append(sentence: Sentence, token: str, word: str) -> None:
    """Add ``token``, joined to those before it where they are one thing; there are some."""
    tokens = sentence.tokens
    last = tokens[-1]
    if last in ("at", "@") and token.endswith("'s"):
        token = "xxname"
    if token in HOUR_MARKS and last in ("xxn1", "xxtime"):
        sentence.merge(1, "xxtime", word)
    elif token == last and token in _MERGED:
        sentence.merge(1, token, word)
    elif (token == "xxdate" and last == "xxn1" and word[0].isalpha()) or (
        last == "xxdate" and token in ("xxn1", "xxord", "xxyear")
    ):
        sentence.merge(1, "xxdate", word)
    elif last == "the" and token == "xxord":
        sentence.add("xxdate", word)
    elif (
        (last in _ROOM_WORDS and token in _NUMBERS)
        or (last == "xxroom" and token in _NUMBERS and token != "xxtime")
        or (last == "xxabbr" and token in ("xxn3", "xxcode"))
        or (last == "xxord" and token in ("floor", "fl"))
    ):
        sentence.merge(1, "xxroom", word)
    elif token in _PREMISES and (last in _POSSESSIVES or sentence.words[-1].lower().endswith("'s")):
        sentence.merge(1, "xxoffice", word)
    elif token in _PREMISES and len(tokens) > 1 and tokens[-2] in _POSSESSIVES:
        sentence.merge(2, "xxoffice", word)
    elif token in _STREETS and last == "xxname" and len(tokens) > 1 and tokens[-2] in _NUMBERS:
        sentence.merge(2, "xxroom", word)
    elif token == "meet" and last == "xxname" and _last_word(sentence) == "google":
        sentence.merge(1, "xxcall", word)
    elif joined := _PAIRS.get((last, token)):
        sentence.merge(1, joined, word)
    else:
        sentence.add(token, word)


def _last_word(sentence: Sentence) -> str:
    return sentence.words[-1].rpartition(" ")[2].lower()


@cache
def _scan(parted: bool, linked: bool) -> Callable[[str], list[str]]:
    """What finds the words in what stands between two blanks.

    Args:
        parted: Whether it holds no character that is a token by itself: the pattern that knows
            these takes as long to compile as twenty others.
        linked: Whether it may hold a link or an address: to look for one at every word is dear.
    """
    unparted = "" if parted else _UNPARTED
    letter = rf"[^\W\d_{unparted}]"
    # Every repetition is bounded or cannot overlap with what follows it: time grows with the
    # length of the text only.
    pattern = rf"""
        {_LINK if linked else ""}
        [apAP]\.[mM]\b\.?
        | {letter}+(?:['-]{letter}+)*
        | \d+(?:[:.,/-]\d+)*(?:(?:[ap]m|h(?:\d\d)?|st|nd|rd|th)\b)?
        | [?!;@\u3002\uff1f] | \.$
        | [$€£]\d[\d,.]*
        {"" if parted else f"| [{_UNPARTED}]"}
        | [^\W_{unparted}]+
    """
    return re.compile(pattern, re.VERBOSE).findall


@cache
def _pieces(written: str) -> tuple[_Piece, ...]:
    """What stands between two blanks, as tokens: ``(lunch?`` is ``lunch`` and ``?``."""
    parted = written.isascii() or max(written) < _FIRST_UNPARTED
    if parted and (word := written.rstrip(",:")).isalpha():
        # Most are one word, which needs no scan; it is the same object whatever sign follows it.
        return (_word(word, word.lower()),) if word == written else _pieces(word)
    if parted and (word := written[:-1]).isalpha() and written[-1] in ".?!":
        return _piece(word), _piece(written[-1])
    linked = "@" in written or "://" in written or "www." in written
    return tuple(map(_piece, _scan(parted, linked)(written)))


@cache
def _piece(word: str) -> _Piece:
    """The token of one word seen by itself, and how it goes with those before it."""
    if word in _ENDS:
        return ("?" if word in "?\uff1f" else word), _END, word
    token = _token(word)
    return (token, _JOINING, word) if token.startswith("xx") else _word(word, token)


def _word(word: str, token: str) -> _Piece:
    """The same of a word of letters."""
    word, token = intern(word), intern(token)
    mask = _MASKED.get(token)
    if mask or word in ("May", "March"):
        return mask or "xxdate", _JOINING, word
    if token in _JOINING_WORDS:
        return token, _JOINING, word
    if word[0].isupper() and len(word) > 1 and token not in phrases().words:
        return token, _CAPITAL, word
    if token.endswith("'s"):
        return token, _JOINING, word
    return token, _PLAIN_GERMAN if word in GERMAN else _PLAIN, word


def _token(word: str) -> str:
    """The token of one word that may be other than letters."""
    token = word.lower()
    first = token[0]
    if first.isdigit():
        return _number(token)
    if "://" in token or token.startswith("www."):
        return _link(token[:200])
    if first in "$€£":
        return "xxmoney"
    return "xxemail" if "@" in token and len(token) > 1 else token


def _link(address: str) -> str:
    if _ONLINE.search(address):
        return "xxcall"
    if _BOOKING.search(address):
        return "xxbook"
    return "xxmap" if _MAP.search(address) else "xxurl"


def _number(token: str) -> str:
    for pattern, mask in ((_TIME, "xxtime"), (_DATE, "xxdate"), (_PHONE, "xxphone")):
        if pattern.match(token):
            return mask
    if _YEAR.match(token):
        return "xxyear"
    if token.isdigit():
        return "xxn1" if len(token) <= 2 else "xxn3" if len(token) <= 5 else "xxbig"
    if token[-2:] in ("st", "nd", "rd", "th"):
        return "xxord"
    return "xxcode" if any(map(str.isalpha, token)) else "xxnum"


def bigrams(tokens: list[str]) -> list[str]:
    """Each token with the one after it, as scikit-learn joins them."""
    return [f"{one} {two}" for one, two in pairwise(tokens)]

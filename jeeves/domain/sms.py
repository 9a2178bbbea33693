"""What a text message costs, and how to write it in the alphabet that costs least.

3GPP TS 23.038 (GSM 03.38): a text of the default alphabet holds 160 septets in one segment and 153
in each of several; any other character makes the whole text UCS-2, with 70 and 67 UTF-16 units.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: The default alphabet, without the escape to the extension table.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: The extension table: two septets each.
EXTENDED = frozenset("\f^{}\\[~]|€")
ONE_SEGMENT, EACH_SEGMENT = 160, 153
ONE_SEGMENT_UCS2, EACH_SEGMENT_UCS2 = 70, 67
#: Says that a text was cut; one character for it would cost a text message its alphabet.
CUT = "..."
#: More marks than this on one letter are no writing.
MARKS_PER_LETTER = 4

_SIGNS = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u02bd\u02c8`\xb4",
    '"': "\u201c\u201d\u201e\u201f\u2033\u2036\xab\xbb\u02ba",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2500\u2501\ufe58\ufe63"
    "\u2022\u2023\u25e6\u2219\xb7\u25aa\u25ab\u25cf\u25cb\u25a0\u25a1\xac",
    "/": "\u2044\u2215\xf7",
    ":": "\u2236\ua789",
    "*": "\u2217\u22c6",
    "!": "\u01c3",
    "|": "\xa6",
    "x": "\xd7",
    "u": "\xb5\u03bc",
    "?": "\ufffd",
    "<": "\u2329",
    ">": "\u232a",
}
#: Signs and letters that have another spelling in the default alphabet.
SPELLINGS = {sign: plain for plain, signs in _SIGNS.items() for sign in signs} | {
    **{"\u2026": "...", "\u2025": "..", "\u22ef": "...", "\u2024": ".", "\u203c": "!!"},
    **{"\xb0": " deg", "\xb1": "+/-", "\xa9": "(c)", "\xae": "(R)", "\u2122": "TM", "\xb6": ""},
    **{"\u2192": "->", "\u2190": "<-", "\u2194": "<->", "\u21d2": "=>", "\u2116": "No."},
    **{"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2248": "~", "\xa2": "c"},
    **{"\u20b9": "Rs", "\u20a4": "£", "\xaa": "a", "\xba": "o", "\xaf": "", "\xa8": "", "\xb8": ""},
    **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
    **{"œ": "oe", "Œ": "OE", "ı": "i", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "ng"},
    **{"Ŋ": "NG", "ĸ": "k", "ſ": "s", "ẞ": "SS", "ə": "e", "Ə": "E", "ɨ": "i", "Ɨ": "I"},
    **{"ƒ": "f", "ƙ": "k", "Ƙ": "K", "ɓ": "b", "Ɓ": "B", "ɗ": "d", "Ɗ": "D", "ŉ": "'n"},
    **{"ƴ": "y", "Ƴ": "Y", "ƶ": "z", "Ƶ": "Z", "ȷ": "j", "ɑ": "a", "ɵ": "o", "Ɵ": "O"},
    **{"ɛ": "e", "Ɛ": "E", "ɔ": "o", "Ɔ": "O", "ǝ": "e", "Ǝ": "E", "ĳ": "ij", "Ĳ": "IJ"},
}
#: Seen by nobody, though they count as letters or marks.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
#: Greek capitals stand in the alphabet, but a word keeps the letters of its own script.
_LATIN = BASIC - frozenset("ΔΦΓΛΩΠΨΣΘΞ\n\r")
#: Letters that belong to the one before them (UAX 29: SpacingMark).
_CLINGING = frozenset("\u0e33\u0eb3")
_SKIN_OR_VARIATION = re.compile("[\U0001f3fb-\U0001f3ff\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SPACES = re.compile(r"\s+")


def segments(text: str) -> int:
    """How many segments ``text`` is sent in; 0 for an empty one."""
    septets = 0
    for character in text:
        if character in BASIC:
            septets += 1
        elif character in EXTENDED:
            septets += 2
        else:
            return _split(_utf16_units(text), ONE_SEGMENT_UCS2, EACH_SEGMENT_UCS2)
    return _split(septets, ONE_SEGMENT, EACH_SEGMENT)


def _split(size: int, one: int, each: int) -> int:
    return min(size, 1) if size <= one else -(-size // each)


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def transliterated(text: str) -> str:
    """``text`` on one line, in the default alphabet where that loses nothing essential.

    Typographic signs, ligatures and Latin letters are spelt in the alphabet; other scripts are
    kept. Emoji, control and format characters (direction marks, zero-width ones) are dropped.
    What was transliterated stays as it is when it is transliterated again.
    """
    spelt = "".join(map(_spelt, unicodedata.normalize("NFC", text)))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _with_few_marks(spelt))).strip()


@lru_cache(4096)
def _spelt(character: str) -> str:
    """One character of NFC text as a text message has it."""
    if character.isspace():
        return " "
    if character in SPELLINGS:
        return SPELLINGS[character]
    if character in BASIC or character in EXTENDED:
        return character
    if not is_writing(character):
        return _without_signs(character)
    if unicodedata.category(character)[0] == "M":
        return character
    fraction = unicodedata.decomposition(character).startswith("<fraction>")
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(SPELLINGS.get(c, c) for c in parts if not unicodedata.combining(c))
    if _LATIN.issuperset(plain):
        return f" {plain}" if fraction else plain
    return character


def _without_signs(character: str) -> str:
    """What an emoji, a symbol or an invisible character says in letters; mostly nothing."""
    if unicodedata.category(character) != "So":
        return ""
    spelt = unicodedata.normalize("NFKC", character)
    return "".join(SPELLINGS.get(c, c) for c in spelt if c.isalnum() or c.isascii())


@lru_cache(4096)
def is_writing(character: str) -> bool:
    """Whether ``character`` is neither emoji nor control, format, private or unassigned."""
    category = unicodedata.category(character)
    if category[0] == "C" or category in {"So", "Me"} or character in INVISIBLE:
        return False
    return not _SKIN_OR_VARIATION.fullmatch(character)


def _with_few_marks(text: str) -> str:
    """``text`` without combining marks that stand alone, on Latin, or in heaps."""
    kept: list[str] = []
    marks, carries = 0, False
    for character in text:
        if unicodedata.category(character)[0] == "M":
            marks += 1
            if not carries or marks > MARKS_PER_LETTER:
                continue
        else:
            marks = 0
            carries = character.isalnum() and character not in BASIC
        kept.append(character)
    return "".join(kept)


def shortened(text: str, length: int) -> str:
    """``text`` in at most ``length`` characters, cut between words where possible.

    No letter is parted from its marks. With less room than the sign of the cut: "".
    """
    if len(text) <= length:
        return text
    at = length - len(CUT)
    if at <= 0:
        return ""
    while at > 0 and not _parts(text, at):
        at -= 1
    cut = text[:at]
    if not text[at].isspace():
        at_word = cut.rsplit(" ", 1)[0]
        cut = at_word if len(at_word) > length // 3 else cut
    cut = cut.rstrip(" ,;:-")
    return cut.rstrip(".") + CUT if cut else ""


def _parts(text: str, at: int) -> bool:
    """Whether ``text`` may be cut before ``text[at]``."""
    after, before = text[at], text[at - 1]
    if unicodedata.category(after)[0] == "M" or after in _CLINGING:
        return False
    # a virama joins the consonants on its sides; Hangul letters make one syllable
    return unicodedata.combining(before) != 9 and not "\u1160" <= after <= "\u11ff"

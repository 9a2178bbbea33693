"""What strangers wrote, made fit to stand in a text message or on a terminal, or to be said aloud.

Names and subjects come from whoever sends mail: they must not look like a link or a reference of
ours, and must not carry what no eye sees.
"""

from __future__ import annotations

import re
import unicodedata

from jeeves.domain.message import Address
from jeeves.domain.sms import is_writing, transliterated

#: Of a longer name or subject only this many characters are looked at.
LONGEST = 2_000
SOMEBODY = "Somebody"

_SUBJECT_MARKS = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|sv|tr|rv|i|antw|vs|ynt|odp|res|enc|vb|fw)\s*(?:\[\d+\])?\s*:\s*)+",
    re.IGNORECASE,
)
#: What Google Calendar writes around the title of an event: its day, hour and guest.
_INVITATION = re.compile(
    r"^(?:updated )?invitation(?: from an unknown sender)?: (?P<title>.+?) @ .*\(\S+@\S+\)$",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"[<(]?(?:[a-z0-9+.-]{0,30}://|\bwww\.)\S*"  # with a scheme, or the www of old
    r"|\b[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}[/?#]\S*"  # a host with a path
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b(?:[:/?#]\S*)?",
    re.IGNORECASE,
)
#: A phone makes a link of ``word.word`` by itself; a blank keeps it from that.
_HOST_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
#: Latin or Cyrillic: both look like ours.
_REFERENCE = re.compile("([j\u0458]v)[-_]+(?=\\w)", re.IGNORECASE)
_SPOKEN_REFERENCE = re.compile(r"\bjv[-_ ]+[0-9A-Z]{8}\b", re.IGNORECASE)
_SPOKEN_SIGNS = {"&": " and ", "@": " at ", "%": " percent ", "+": " plus ", "=": " equals "}
#: What a voice makes a pause or a tone of; other signs it would spell out.
_HEARD = frozenset(".,;:?!'-\u2019")
_SPOKEN_DASH = re.compile(r"(?:^|\s)[-\u2010-\u2015]+(?:\s|$)")
_JOINERS = "\u200c\u200d"
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_TAG = re.compile(r"</?[a-z][^<>]{0,100}>", re.IGNORECASE)
_NAME_EDGES = " \t\"'.,;:-_*"


def without_marks(subject: str) -> str:
    """A subject without ``Re:``, ``Fwd:`` and their kin, and what a calendar writes around it."""
    subject = _SUBJECT_MARKS.sub("", " ".join(subject[:LONGEST].split()))
    invitation = _INVITATION.fullmatch(subject)
    return invitation["title"] if invitation else subject


def unlinked(text: str, link: str = "(link)") -> str:
    """``text`` with each address of the web replaced, and nothing that looks like our "
    "reference."""
    shown = _HOST_DOT.sub(". ", _LINK.sub(f" {link} ", text))
    return " ".join(unreferenced(shown).split())


def unreferenced(text: str) -> str:
    """``text`` without anything that looks like a reference of ours."""
    return _REFERENCE.sub(r"\1 ", text)


def written_words(text: str) -> str:
    """A stranger's words for the eye: on one line, without links, double quotes made single."""
    return unlinked(transliterated(text[:LONGEST])).replace('"', "'").strip()


def shown_words(text: str) -> str:
    """A stranger's words for a terminal: as written, without what would control it.

    Lines stay; of what no eye sees only the joiners do, which scripts and emoji need.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return "".join(
        c for c in lines if c == "\n" or c in _JOINERS or unicodedata.category(c)[0] != "C"
    )


def spoken_words(text: str) -> str:
    """A stranger's words for the ear: without symbols, links, references."""
    text = unicodedata.normalize("NFC", text[:LONGEST])
    seen = "".join(c if is_writing(c) else " " * c.isspace() for c in text)
    said = unlinked(_SPOKEN_REFERENCE.sub(" ", _TAG.sub(" ", seen)), "a link")
    heard = "".join(
        c
        if c.isspace() or c in _HEARD or unicodedata.category(c)[0] in "LMN"
        else _SPOKEN_SIGNS.get(c, " ")
        for c in _SPOKEN_DASH.sub(", ", said)
    )
    return re.sub(r"\s+([.,;:?!])", r"\1", " ".join(heard.split())).strip(" ,;:-")


def written_name(who: Address | str) -> str:
    """What to call somebody in a text message; never empty."""
    for name in _names(who):
        written = written_words(name).strip(_NAME_EDGES)
        if any(map(str.isalnum, written)):
            return written
    return SOMEBODY


def spoken_name(who: Address | str) -> str:
    """What to call somebody aloud; never empty."""
    for name in _names(who):
        spoken = spoken_words(without_aside(name)).strip(_NAME_EDGES)
        if any(map(str.isalnum, spoken)):
            return spoken
    return SOMEBODY


def without_aside(name: str) -> str:
    """A name without what stands behind it in brackets, unless that is all of it."""
    return _ASIDE.sub("", name) or name


def _names(who: Address | str) -> list[str]:
    """The names somebody could go by, the best first: as written, else of the address."""
    if isinstance(who, str):
        who = Address(who, "")
    seen = "".join(c if is_writing(c) else " " * c.isspace() for c in who.name[:LONGEST])
    name = Address(" ".join(seen.split()), "").called
    local, at, _ = name.partition("@")
    if at and " " not in name:
        name = _apart(local)
    return [name, _apart(who.address[:LONGEST].partition("@")[0].partition("+")[0])]


def _apart(local_part: str) -> str:
    """The local part of an address as words."""
    return re.sub(r"[._]+", " ", local_part)

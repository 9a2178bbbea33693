"""What stands below a letter and is no part of it: signatures, disclaimers, footers."""

from __future__ import annotations

import re

from jeeves.mail import languages

# Longer than this, what follows "--" is text and the dashes are a rule in it.
_SIGNATURE_LINES = 12
_SENT_FROM_WORDS = 10
# What a mail program adds after a comma; a person goes on with a sentence.
_EXCUSES = ("excuse", "typo", "smartphone", "organize", "entschuldig")
_LINK_BEHIND = re.compile(r"\s*[<(]\S{0,200}$")
_LAST_LINES = 8
_CONTACT_LENGTH = 80
_CONTACT_LINES = 10
_DELIMITERS = ("-", "_")
_AROUND_CLOSING = " \t\xa0.,!;:*-\u2013\u3002\u3001\u060c\uff0c"
_RULES = frozenset("-_=*~+# \t\xa0")

_DISCLAIMER_HINTS = (
    *("onfiden", "ONFIDEN", "rivileg", "ntended", "isclaim", "ISCLAIM", "riginated", "EXTERNAL"),
    *("ertraulich", "destinata", "iservat", "ertrouwelijk", "ortrolig", "izalmas", "gizli"),
)
# Of languages in which no such text is ASCII.
_MORE_HINTS = ("uottamuksel", "poufn", "ůvěrn", "онфиденц", "онфіденц", "μπιστευτικ")
_DISCLAIMER_OPENS = re.compile(
    r"\W*(?:(?:legal|important|privacy|confidentiality|privileged|private)?\W{0,3}"
    r"(?:notice|note|warning|disclaimer|caution|confidential(?:ity)?)\b"
    r"|th(?:is|e information (?:contained )?in this)\s(?:e-?mail|electronic|message|communication|"
    r"transmission)|ce (?:message|courriel)|cet e-?mail|diese (?:e-?mail|nachricht|mitteilung)|"
    r"este (?:correo|mensaje|e-?mail)|esta mensagem|questo messaggio|questa e-?mail|"
    r"dit bericht|deze e-?mail|external|\[external|"
    r"detta (?:meddelande|e-?mail|e-post)|denne (?:e-?mail|e-?post|mail|besked|melding)|"
    r"tämä (?:viesti|sähköposti)|(?:ta|niniejsza|treść tej) wiadomość|tato zpráva|tento e-?mail|"
    r"ez az (?:üzenet|e-?mail|elektronikus)|acest (?:mesaj|e-?mail)|bu (?:e-?posta|mesaj|ileti)|"
    r"(?:это|данное|настоящее) (?:электронное )?(?:сообщение|письмо)|"
    r"(?:це|дане) повідомлення|цей лист|(?:αυτό το|το παρόν) (?:μήνυμα|e-?mail))",
    re.IGNORECASE,
)
# A number, or an extension ("x3-6711").
_PHONE = re.compile(r"\+?\(?\d[\d() \t./-]{5,18}\d|\bx\d[\d-]{2,6}\b")
_CONTACT_LABEL = re.compile(
    r"\W*(?:tel|phone|ph|fax|mobile|mob|cell|office|direct|direkt|work|home|pager|skype|web|e-?mail|"
    r"t[ée]l[ée]phone|telefon|telefono|tel[ée]fono|handy|[tmpfoc])\b\s?[.:#)]",
    re.IGNORECASE,
)
_WEB = re.compile(r"\w@\w|https?://|www\.|\w\.(?:com|org|net|edu|de|fr|uk)\b")
# A day, an hour or a place to meet never counts as a signature.
_APPOINTMENT = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:tomorrow|today|tonight|noon)\b|"
    r"\d\s?[ap]\.?m\b|\d:\d\d|\b(?:at|meet|lunch|coffee|dinner|call)\b",
    re.IGNORECASE,
)
# Only initials and titles ("Jr.", "Inc.") end in a full stop; else it ends a sentence.
_NAME_WORD = re.compile(r"[^\W\d_a-z](?:[\w.'\u2019-]{0,3}\.|[\w.'\u2019-]*\w)?,?$")
_SMALL_WORDS = frozenset(
    (
        *("of", "and", "the", "for", "de", "la", "le", "du", "von", "van", "der", "den", "dos"),
        *("da", "di", "y", "et", "und", "to", "in", "&", "-", "|", "/", "\u2013"),
    )
)
_DASHED_NAME = re.compile(
    r"\s*(?:[-\u2013\u2014~*]{1,3})\s?[^\W\d_]+\.?(?:\s[^\W\d_]+\.?){0,2}\s*$"
)


def without_signature(lines: list[str]) -> list[str]:
    """``lines`` without what a machine or a habit put below them.

    Removed are: everything after a "-- " line, "Sent from my ..." lines, legal disclaimers,
    list footers, and a block of name, title, telephone where it clearly is one. A closing
    "Thanks" stays. No blank lines or rules remain at either end.
    """
    kept = _trimmed(_above_delimiter(_without_disclaimers(lines)))
    kept = _trimmed(kept[:-_LAST_LINES] + [x for x in kept[-_LAST_LINES:] if not _sent_from(x)])
    return _trimmed(_above_contact_block(kept)) if kept else kept


def _trimmed(lines: list[str]) -> list[str]:
    """``lines`` without blank lines and rules at their ends."""
    first, last = 0, len(lines)
    while first < last and _RULES.issuperset(lines[first]):
        first += 1
    while first < last and _RULES.issuperset(lines[last - 1]):
        last -= 1
    return lines[first:last]


def _above_delimiter(lines: list[str]) -> list[str]:
    """The lines above a signature delimiter (RFC 3676, 4.3) or the rule of a list footer."""
    if "-- " in lines:
        return lines[: lines.index("-- ")]
    cut = len(lines)
    below = 0  # filled lines under the one looked at
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line[:1] in _DELIMITERS and _is_delimiter(line):
            cut = index
        elif line.strip():
            below += 1
            if below > _SIGNATURE_LINES:
                break
    return lines[:cut]


def _is_delimiter(line: str) -> bool:
    text = line.rstrip()
    return text in ("--", "__") or (len(text) >= 20 and set(text) == {"_"})


def _sent_from(line: str) -> bool:
    text = line.strip(" \t\xa0*_<>[]()").lower()
    if not text.startswith(languages.SENT_FROM):
        bare = _LINK_BEHIND.sub("", text) if "outlook" in text else text
        if not bare.endswith(languages.SENT_FROM_ENDS):
            return False
    excuses = any(word in text for word in _EXCUSES)
    return len(text.split()) <= _SENT_FROM_WORDS * (2 if excuses else 1) and (
        excuses or "," not in text
    )


def _without_disclaimers(lines: list[str]) -> list[str]:
    if not _may_disclaim("\n".join(lines)):
        return lines
    kept: list[str] = []
    paragraph: list[str] = []
    for line in (*lines, ""):
        if line.strip():
            paragraph.append(line)
            continue
        if paragraph and not _is_disclaimer(" ".join(paragraph)):
            kept += paragraph
        if paragraph or not kept:
            kept.append(line)
        paragraph = []
    return kept[:-1]


def _may_disclaim(text: str) -> bool:
    return any(hint in text for hint in _DISCLAIMER_HINTS) or (
        not text.isascii() and any(hint in text for hint in _MORE_HINTS)
    )


def _is_disclaimer(paragraph: str) -> bool:
    if not _may_disclaim(paragraph):
        return False
    lower = paragraph.lower()
    signs = sum(1 for group in languages.DISCLAIMER_SIGNS if any(sign in lower for sign in group))
    return signs >= 4 or (signs >= 2 and _DISCLAIMER_OPENS.match(paragraph) is not None)


def _above_contact_block(lines: list[str]) -> list[str]:
    """The lines above a block of name, title, address, telephone at the end."""
    if lines and _DASHED_NAME.match(lines[-1]) and _alone(lines):
        return _trimmed(lines[:-1])
    last = len(lines) - 1
    looked_at = 0
    for index in range(last, -1, -1):
        if not lines[index].strip():
            continue
        looked_at += 1
        if looked_at > _CONTACT_LINES + 1:
            break
        closing = lines[index].strip(_AROUND_CLOSING).lower()
        if closing in languages.COURTESIES and index < last:
            return lines[:index]
        courtesy, comma, name = lines[index].partition(",")
        if comma and courtesy.strip(_AROUND_CLOSING).lower() in languages.COURTESIES:
            # "Regards, Ana" on one line.
            return lines[:index] if _is_name(name, longest=3) else lines
        if closing in languages.THANKS:
            return lines[: index + 1]
        if not _is_contact(lines[index]):
            break
    return _above_last_paragraph(lines)


def _above_last_paragraph(lines: list[str]) -> list[str]:
    """As above, without a closing: a last paragraph of a name and at least one number or URL."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    block = lines[start:]
    if (
        start
        and 2 <= len(block) <= _CONTACT_LINES
        and _is_name(block[0])
        and all(map(_is_contact, block))
        and any(_reachable(line) for line in block)
    ):
        return lines[:start]
    return lines


def _alone(lines: list[str]) -> bool:
    """Whether the last line is no item of a list."""
    above = lines[-2].lstrip() if len(lines) > 1 else ""
    return above[:1] not in tuple("-\u2013\u2014~*") and not _APPOINTMENT.search(lines[-1])


def _is_contact(line: str) -> bool:
    """Whether ``line`` could be a line of a signature and nothing else."""
    text = line.strip()
    if len(text) > _CONTACT_LENGTH or text[-1:] in "?!:":
        return False
    return (_is_name(text, longest=9) or _reachable(text)) and not _APPOINTMENT.search(text)


def _reachable(text: str) -> bool:
    return bool(_PHONE.search(text) or _WEB.search(text) or _CONTACT_LABEL.match(text))


def _is_name(line: str, longest: int = 4) -> bool:
    """Whether every word of ``line`` begins with a capital, as in names and titles."""
    words = [word.strip('*()"') for word in line.split()]
    words = [word for word in words if word and word not in _SMALL_WORDS]
    return 0 < len(words) <= longest and all(_NAME_WORD.match(word) for word in words)

"""The sender's own words: the text of a mail without what is quoted or forwarded in it.

Every rule looks at a line and a bounded number of neighbours, so the time is linear in the
length of the text. A library was measured and left: mail-parser-reply 1.36 needs 11 s for
10,000 blank lines (its expressions backtrack) and drops what follows a line "Thanks, ...".
"""

from __future__ import annotations

import re

from jeeves.mail import languages
from jeeves.mail.signature import without_signature

# A header block or an attribution that is longer than this is none.
_BLOCK_LINES = 40
_FOLD_LINES = 4
_ATTRIBUTION_LINES = 4
_ATTRIBUTION_LENGTH = 500
_LONGEST_HEAD = 200

_FROM, _SENT, _DATE, _TO, _SUBJECT, _OTHER = "FEDTSO"
_ROLES = {
    word: role
    for role, words in (
        (_OTHER, languages.OTHER_FIELDS),
        (_SUBJECT, languages.SUBJECT),
        (_TO, languages.TO),
        (_DATE, languages.DATE),
        (_SENT, languages.SENT),
        (_FROM, languages.FROM),
    )
    for word in words
}
_LONGEST_FIELD = max(map(len, _ROLES)) + 12

# With a blank and a colon behind it.
_LONGEST_SEPARATOR = max(map(len, languages.SEPARATORS)) + 3

# Blanks, and the marks that tell the direction of the writing.
_TRIMMED = " \t\xa0\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_AROUND_FIELD = _TRIMMED + "*_>"
# The second one is Chinese and Japanese.
_COLONS = ":\uff1a"
_RULE = "-_=*~ \t\xa0:."
_RULE_AND_COLON = _RULE + _COLONS[1]
_IN_DASHES = re.compile(r"-{3,}\s*[^\s-].{0,80}?-{3,}")


_LAST_LATIN = "\u024f"
_WROTE_LAST = tuple(languages.WROTE_LAST)
_WROTE_FIRST = tuple(f" {verb} " for verb in languages.WROTE_FIRST)
_STARTS = "|".join(sorted(map(re.escape, languages.ATTRIBUTION_STARTS), key=len, reverse=True))
_OPENS = re.compile(
    rf"\W{{0,8}}(?:\d{{1,4}}\s?[-./年년]|\d{{1,2}}\.?\s|\w{{2,4}}\.?,?\s\d|(?:{_STARTS})(?!\w)|\w{{5,14}},?\s\d{{1,2}}\.?\s\w)",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d\s?[:.h]\s?\d\d")
_DATE_OR_TIME = re.compile(r"\d\s?[:./h\u200f-]\s?\d")
_DATE_FIRST = re.compile(r"\s*\d{4}[-/.]\d\d?[-/.]\d\d?\s[^\n]{0,200}@[^\s@]{1,200}>$")
# Lotus Notes heads a quote with "Ana Smith on 05/14/2001 10:00:00 AM", often on two lines.
_NOTES_DATE = re.compile(
    r"(?:.{0,200}\s)?(?:on\s+)?\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\s+\d{1,2}:\d\d(?::\d\d)?(?:\s?[AP]M)?"
    r"(?:\s[A-Z]{3})?$"
)
# Notes repeats the beginning of a mail below it: "Ana Smith ---03/02/2026 06:02:21 PM---Lunch?".
_NOTES_COLLAPSED = re.compile(
    r".{1,100}?\s---\s?\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\s\d{1,2}:\d\d(?::\d\d)?(?:\s[AP]M)?---"
)
# OpenPGP's cleartext signature (RFC 9580, 7).
_SIGNED, _SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
_SIGNED_HEAD = re.compile(rf"^{_SIGNED}\n(?:[A-Z][A-Za-z]*: .*\n)*", re.MULTILINE)
_RECIPIENTS = re.compile("[@,;<]")
_NOTES_COPY = re.compile(r"\s*(?:cc:|Please respond to)")
# Two columns: who and when on the left, "To:", "cc:", "Subject:" on the right.
_NOTES_COLUMN = re.compile(r"\s{6,}\S.{0,60}?\s{2,}To:\s|\s{6,}To:\s{2,}\S")
_NOTES_SUBJECT = re.compile(r".{0,80}?\s{2,}Subject:\s|\s{6,}(?:Subject|Fax to):")


def own_words(body: str) -> str:
    """What the sender wrote in ``body``: no quotes, no forwarded mail, no signature.

    Every line of the result is a line of ``body``. Answers between quoted lines are kept.
    "" where the sender added nothing, as in a bare forward.
    """
    if _SIGNED in body:
        body = _SIGNED_HEAD.sub("", body.partition(_SIGNATURE)[0])
    lines = body.split("\n")
    kept: list[str] = []
    for segment in _own_segments(lines):
        kept += without_signature(segment)
    return "\n".join(kept)


def _own_segments(lines: list[str]) -> list[list[str]]:
    """The runs of lines that are not quoted."""
    segments: list[list[str]] = []
    current: list[str] = []
    index = 0
    while index < len(lines):
        head = _quote_head(lines, index)
        if head is None:
            current.append(lines[index])
            index += 1
            continue
        start, end = head
        # The head may have begun above, on lines that were taken for own words.
        if start < index:
            del current[max(0, len(current) - (index - start)) :]
        segments.append(current)
        current = []
        index = end
        while index < len(lines) and (_quoted(lines[index]) or not lines[index].strip()):
            index += 1
        if not any(_quoted(line) for line in lines[end - 1 : index]):
            return segments  # quoted without marks: to the end
    segments.append(current)
    return segments


def _quote_head(lines: list[str], index: int) -> tuple[int, int] | None:
    """First line of the head of a quote that is recognised at ``index``, and the line after it.

    Most lines are prose, and for them this must be quick.
    """
    line = lines[index]
    text = line.strip(_TRIMMED)
    if not text:
        return None
    first, last = text[0], text[-1]
    if first == ">" and _quoted(line):
        return index, index + 1
    length = len(text)
    if length < _LONGEST_HEAD:
        if last in _COLONS or last == "-" or (last == ">" and first.isdigit()):
            start = _attribution(lines, index)
            if start is not None:
                return start, index + 1
        if (first in _RULE or length < _LONGEST_SEPARATOR) and _separates(text):
            return index, _after_separator(lines, index)
        if last.isdigit() or last == "M":
            notes = _notes_head(lines, index)
            if notes is not None:
                return notes
        if "---" in text and _NOTES_COLLAPSED.match(text):
            return index, _after_separator(lines, index)
    if ":" in text[:_LONGEST_FIELD] or _COLONS[1] in text[:_LONGEST_FIELD]:
        end = _header_block(lines, index)
        if end:
            return _below_own_text(lines, index), end
    if line[0].isspace() and "To:" in text:
        return _notes_columns(lines, index)
    return None


def _separates(text: str) -> bool:
    core = text.strip(_RULE_AND_COLON).lower().replace("\u2019", "'")
    if core in languages.SEPARATORS or core.startswith(languages.SEPARATOR_STARTS):
        return True
    return text[0] == "-" and core.startswith(languages.DASHED_STARTS)


def _below_own_text(lines: list[str], index: int) -> int:
    """First line of a header block at ``index``: the line in dashes above it, if one is there."""
    for above in range(index - 1, max(-1, index - 4), -1):
        text = lines[above].strip(_TRIMMED)
        if text:
            # In whatever language it says that a mail follows.
            return above if _IN_DASHES.fullmatch(text) else index
    return index


def _quoted(line: str) -> bool:
    text = line.lstrip()
    # ">From " alone is an mbox file's way to write "From " at the start of a line.
    return text.startswith(">") and not text.startswith(">From ")


def _attribution(lines: list[str], last: int) -> int | None:
    """First line of an attribution ("On Monday Ana wrote:") whose last line is ``last``."""
    quoted_next = _quoted(_next_text(lines, last + 1))
    shortest: int | None = None
    tells_who = ends_in_verb = False
    joined = ""
    for start in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
        line = lines[start].strip(_TRIMMED)
        if not line or (start < last and _quoted(line)):
            break
        joined = f"{line} {joined}".strip()
        if len(joined) > _ATTRIBUTION_LENGTH:
            break
        # The verb may be two words on two lines.
        ends_in_verb = ends_in_verb or (start > last - 2 and _ends_in_verb(joined))
        if not _is_attribution(joined, ends_in_verb, quoted_next):
            continue
        # A verb alone is the end of one whose beginning stands above.
        whole = "@" in joined or any(map(str.isdigit, joined))
        if _OPENS.match(line) and whole:
            return start
        if shortest is None or (whole and not tells_who):
            shortest, tells_who = start, whole
    return shortest


def _ends_in_verb(line: str) -> bool:
    text = line.rstrip(_COLONS + "- \t\xa0").lower()
    if not text.endswith(_WROTE_LAST):
        return False
    verb = max((word for word in _WROTE_LAST if text.endswith(word)), key=len)
    # "rewrote:" is no attribution; Chinese, Japanese and Korean do not part words.
    return verb[0] > _LAST_LATIN or not text[: -len(verb)][-1:].isalnum()


def _is_attribution(text: str, ends_in_verb: bool, quoted_next: bool) -> bool:
    has_address = "@" in text
    closed = text[-1] in _COLONS
    if ends_in_verb:
        return quoted_next or has_address or any(map(str.isdigit, text))
    if closed and any(verb in text for verb in _WROTE_FIRST):
        return quoted_next or has_address or _DATE_OR_TIME.search(text) is not None
    if has_address and closed:
        # Gmail in every language: date, time, name, <address>, colon.
        return _TIME.search(text) is not None
    return quoted_next and has_address and _DATE_FIRST.match(text) is not None


def _next_text(lines: list[str], index: int) -> str:
    """The first line from ``index`` on that is not blank, within a few lines, or ""."""
    return next((line for line in lines[index : index + 6] if line.strip()), "")


def _after_separator(lines: list[str], index: int) -> int:
    """Where the header block ends that follows the separator at ``index``."""
    for below in range(index + 1, min(index + 4, len(lines))):
        if lines[below].strip():
            return _header_block(lines, below) or index + 1
    return index + 1


def _role(line: str) -> str:
    """Which header field ``line`` begins with, as one letter, or ""."""
    name, colon, _ = line[:_LONGEST_FIELD].replace(_COLONS[1], ":", 1).partition(":")
    return _ROLES.get(name.strip(_AROUND_FIELD).lower(), "") if colon else ""


def _header_block(lines: list[str], index: int) -> int:
    """The line after the header block that begins at ``index``; 0 where there is none."""
    if not _role(lines[index]):
        return 0
    roles: set[str] = set()
    end = index
    unknown = 0
    for at in range(index, min(index + _BLOCK_LINES, len(lines))):
        line = lines[at]
        role = _role(line)
        if role:
            roles.add(role)
            end, unknown = at + 1, 0
        elif not line.strip():
            # Notes leaves one line free before the subject.
            if _SUBJECT in roles or unknown:
                break
        elif not _RECIPIENTS.search(line):
            unknown += 1
            if unknown > _FOLD_LINES:
                break
    has_address = any("@" in line for line in lines[index:end])
    return end if _are_of_a_mail(roles, has_address) else 0


def _are_of_a_mail(roles: set[str], has_address: bool) -> bool:
    """Whether these fields stand above a mail, and not in an itinerary or an agenda."""
    if _FROM in roles:
        if _SUBJECT in roles or {_SENT, _TO} <= roles:
            return True
        return has_address and not roles.isdisjoint({_SENT, _DATE, _TO})
    if {_TO, _OTHER, _SUBJECT} <= roles:
        return True
    return has_address and _TO in roles and not roles.isdisjoint({_SENT, _DATE})


def _notes_head(lines: list[str], index: int) -> tuple[int, int] | None:
    """A name and a date above a "To:" line, as Lotus Notes writes them."""
    text = lines[index].strip(_TRIMMED)
    end = index + 1
    if not _NOTES_DATE.match(text):
        # The hour may have been wrapped to the next line.
        if end == len(lines) or not _NOTES_DATE.match(f"{text} {lines[end].strip(_TRIMMED)}"):
            return None
        end += 1
    below = [at for at in range(end, min(end + 5, len(lines))) if lines[at].strip()][:3]
    if not any(_role(lines[at]) == _TO or _NOTES_COPY.match(lines[at]) for at in below):
        return None
    start = index
    if (text[0].isdigit() or text.startswith("on ")) and index and lines[index - 1].strip():
        start = index - 1
        if lines[start].strip().startswith("Sent by:") and start and lines[start - 1].strip():
            start -= 1
    return start, end


def _notes_columns(lines: list[str], index: int) -> tuple[int, int] | None:
    if not _NOTES_COLUMN.match(lines[index]):
        return None
    for at in range(index + 1, min(index + 12, len(lines))):
        if _NOTES_SUBJECT.match(lines[at]):
            start = index
            while start > index - 4 and start and lines[start - 1].strip():
                if not lines[start - 1][:6].isspace():
                    break
                start -= 1
            return start, at + 1
    return None

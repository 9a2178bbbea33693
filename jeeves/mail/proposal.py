"""A mail's remarks about meeting: what is proposed, when, where, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from jeeves.domain.message import Message
from jeeves.domain.remark import Act, Place, Remark, Sign
from jeeves.domain.when import When
from jeeves.mail import acts, conference, kinds, moments, places
from jeeves.mail.invitation import EVENT
from jeeves.mail.quoting import own_words

#: Characters of a mail that are read at most, from its top.
MOST_READ = 6_000
_PLAIN = {0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x00B4: "'", 0x2013: "-", 0x2014: "-", 0x2212: "-"}
_MOST_SENTENCES = 120
_LONGEST_SENTENCE = 600
#: A line that is shorter stands by itself; longer ones were wrapped.
_WRAPPED = 50
_ENDS = re.compile(
    r"(?<=[.!?…])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|No|vs|Rd|Jr|Sr|"
    r"Ln)\.)(?<!\bMrs\.)(?<!\bAve\.)(?<!\b[ap]\.m\.)(?<!\b(?:e\.g|i\.e)\.)[\"'”')]*\s+(?=\S)"
)
_BULLET = re.compile(r"^\s*(?:[-*•-]|\d{1,2}[.)]|[a-h]\)|\((?:[a-h]|\d)\))\s+")
#: "Two things. (1) The samples. (2) The meeting."
_POINT = re.compile(r"(?<=[.:;,!?])\s+(?=\([a-h1-9]\)\s)")
_AND = re.compile(
    r",?\s+(?:and(?: then)?|plus|then|und|et|y|e)\s+|;\s+|,\s+(?=then\b)", re.IGNORECASE
)
_QUOTE_MARK = re.compile(r"^(?:>\s?)+", re.MULTILINE)
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|bonjour|"
    r"salut|hola|ciao|olá|oi|hej)\b[^.!?]{0,40}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W*(?:cheers|thanks|thank you|many thanks|best|all the best|kind regards|regards|warmly|"
    r"love|xx?x?|best wishes|sincerely|"
    r"talk soon|speak soon|gruß|grüße|lg|liebe grüße|viele grüße|bisous?|bises|saludos|un "
    r"abrazo|abrazos?|abs|baci|merci|danke|gracias|"
    r"sent from .*|get outlook for .*)\W*(?:[A-Z][\w.-]*\W*){0,2}$",
    re.IGNORECASE,
)
#: So long a text without a full stop was spoken, not written.
_RAMBLING = 250
_JOINTS = re.compile(r"\s+(?=(?:and|so|but|anyway|because|then|now)\s)", re.IGNORECASE)
_HEADING = re.compile(r"[A-Z][\w'-]*(?: [\w'-]+){0,2}[.:]")
_TITLE = re.compile(r"[A-Z][A-Z &/-]{3,30}: ")
_TWO_OF_US = re.compile(r"\b(?:the two of us|just us|just you and (?:me|i))\b", re.IGNORECASE)
_OURS = Act.PROPOSES | Act.AGREES
#: Where the head of a quoted mail ends, and the name of its writer there.
_HEAD = re.compile(
    r"^.{0,300}(?:wrote|schrieb|écrit|escribió|scritto|escreveu|schreef|skrev).{0,40}:\s*$|"
    r"^subject:.*$(?:\n(?:to|cc|an|date|sent):.*$)*",
    re.IGNORECASE | re.MULTILINE,
)
_WRITER = re.compile(
    r"^from:[ \t]*\"?([^\s<\"][^<\n\"]{1,60})|[,\d] ?([^\W\d][^<,\n]{1,60}) <[^>\n]+>\s+wrote",
    re.IGNORECASE | re.MULTILINE,
)
_POSTSCRIPT = re.compile(r"^\W*p\.?\s?s\b", re.IGNORECASE | re.MULTILINE)
_SUBJECT_MARK = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|sv|tr|rv|r|antw|vs)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a mail says about meeting."""

    remarks: tuple[Remark, ...]
    #: Reads what the newest of the mails that it quotes said: what was said before.
    quoted: Callable[[], Sequence[Remark]] = tuple


def read(message: Message) -> Said:
    """What ``message`` says about meeting, and what the mails say that it quotes."""
    written = message.sent_at or message.received_at
    people = _people(message)
    own, told = _without_events(plain(message.own_words[:MOST_READ]))
    own = _unsigned(own, message.sender.display)
    bare = not own.strip() and not told
    if bare:
        own, told = _without_events(plain(own_words(message.body) or message.body)[:MOST_READ])
    answer = bool(_SUBJECT_MARK.match(message.subject))
    subject = "" if answer else " ".join(plain(message.subject[:200]).split())
    remarks = [
        *(_of_subject(subject, written, people) if subject else ()),
        *_of_text(own, written, people),
        *told,
    ]
    if any(r.when and r.when.day for r in remarks):
        remarks = [
            replace(r, labelled=True) if r.places and places.labelled(r.words) else r
            for r in remarks
        ]
    if _copied(message) and any(_TWO_OF_US.search(remark.words) for remark in remarks):
        # Two others meet, and the owner is to know.
        remarks = [replace(r, acts=(r.acts | Act.OTHERS) & ~_OURS) for r in remarks]
    if bare:
        return Said(tuple(remarks))
    return Said(tuple(remarks), lambda: tuple(_of_quoted(message, written, people)))


def _copied(message: Message) -> bool:
    """Whether the owner is among those who only get a copy."""
    to = {one.address for one in message.to}
    return message.account in {one.address for one in message.cc} - to and not message.own


def _people(message: Message) -> frozenset[str]:
    everybody = (message.sender, *message.to, *message.cc)
    return frozenset(
        part
        for one in everybody
        for part in re.split(r"[\s._@+-]+", f"{one.name} {one.address.partition('@')[0]}".lower())
        if len(part) > 1
    )


def _of_subject(subject: str, written: datetime, people: frozenset[str]) -> Iterator[Remark]:
    remark = _remark(subject, written, people)
    # A title is no sentence: the names in it are topics.
    sure = tuple(place for place in remark.places if place.sign is Sign.SURE)
    yield replace(remark, places=sure)


def _of_text(text: str, written: datetime, people: frozenset[str]) -> Iterator[Remark]:
    told: date | None = None
    for paragraph, headed, sentence in sentences(text, people):
        for part in _parted(sentence):
            remark = _remark(part, written, people, told, paragraph, headed=headed)
            told = remark.when.day if remark.when and remark.when.day else told
            yield remark


def _of_quoted(message: Message, written: datetime, people: frozenset[str]) -> Iterator[Remark]:
    """The newest quoted mail, read as its writer's own words."""
    body = message.body[: 3 * MOST_READ]
    own = message.own_words.strip()
    before, found, after = body.partition(own) if own else (body, "", "")
    below = after if found else before
    if own and not found:
        return
    text = _QUOTE_MARK.sub("", below).strip()
    # The head of the quote would be read as words of its writer.
    head = _HEAD.search(text)
    words = text[head.end() :] if head else text
    writer = _WRITER.search(text[: head.end()]) if head else None
    quoted = plain(own_words(words)[:MOST_READ])
    name = next(filter(None, writer.groups())).strip() if writer else ""
    yield from _of_text(_unsigned(quoted, name), written, people)


def plain(text: str) -> str:
    """``text`` with the apostrophes and dashes of a keyboard."""
    return text.translate(_PLAIN)


def sentences(text: str, people: frozenset[str]) -> list[tuple[int, bool, str]]:
    """The sentences of ``text``, each with its paragraph's number and whether that is headed.

    Greeting, closing and signed names are left out; a point of a list is a paragraph.
    """
    found: list[tuple[int, bool, str]] = []
    number = 0
    for paragraph in re.split(r"\n\s*\n", _POINT.sub("\n", text)):
        line, headed = "", False
        number += 1
        for written in paragraph.split("\n"):
            bullet = _BULLET.match(written)
            if line and (bullet or len(line.split("\n")[-1]) < _WRAPPED):
                found += _parts(line, number, headed)
                line = ""
            number += bool(bullet)
            headed = headed or bool(bullet)
            rest = written[bullet.end() if bullet else 0 :].strip()
            line = f"{line}\n{rest}" if line else rest
        found += _parts(line, number, headed)
        if len(found) > _MOST_SENTENCES:
            break
    return [one for one in found[:_MOST_SENTENCES] if not _is_frame(one[2], people)]


def _parts(lines: str, paragraph: int, headed: bool) -> list[tuple[int, bool, str]]:
    lines = " ".join(lines.split())
    if len(lines) > _RAMBLING and not _ENDS.search(lines[:_RAMBLING]):
        lines = _JOINTS.sub(". ", lines)
    parts = [one[:_LONGEST_SENTENCE].rstrip() for one in _ENDS.split(lines)]
    if len(parts) > 1 and _HEADING.fullmatch(parts[0]):
        # "Site visit. The landlord will be there on Monday."
        parts[:2] = [f"{parts[0].rstrip('.:')}: {parts[1]}"]
        headed = headed or parts[0].isupper()
    headed = headed or bool(parts and _TITLE.match(parts[0]))
    return [(paragraph, headed, one) for one in parts if one]


def _unsigned(text: str, name: str) -> str:
    """``text`` up to the line in which its writer signs, and a postscript below."""
    names = frozenset(re.findall(r"[\w']+", name.lower()))
    lines = text.split("\n")
    for number, line in enumerate(lines[1:], 1):
        words = re.findall(r"[\w']+", line.lower())
        # "Clem" of Clementine; or whatever stands alone below "Best,".
        signed = all(any(name.startswith(word) for name in names) for word in words)
        closed = _CLOSING.match(lines[number - 1]) and bool(lines[number - 1].strip())
        full = len(names) > 1 and line.lower().startswith(name.lower()) and len(words) <= 6
        if full or (
            0 < len(words) <= 3 and (signed or closed) and not line.rstrip().endswith((",", "?"))
        ):
            rest = "\n".join(lines[number + 1 :])
            added = _POSTSCRIPT.search(rest)
            return "\n".join([*lines[:number], "", rest[added.start() :] if added else ""])
    return text


def _is_frame(sentence: str, people: frozenset[str]) -> bool:
    if _GREETING.match(sentence) and "?" not in sentence:
        return True
    if _CLOSING.match(sentence):
        return True
    words = re.findall(r"[\w']+", sentence.lower())
    if len(words) == 1 and len(words[0]) <= 2 and words[0].isalpha():
        return words[0] not in ("ok", "no", "ja", "si", "sí")
    return 0 < len(words) <= 3 and all(word in people for word in words)


def _parted(sentence: str) -> list[str]:
    """Two sentences where one speaks of two meetings: "coffee on Monday and dinner on Friday"."""
    for joint in _AND.finditer(sentence):
        one, two = sentence[: joint.start()], sentence[joint.end() :]
        both = kinds.kind_of(one), kinds.kind_of(two)
        if all(both) and both[0] != both[1] and "meeting" not in both:
            now = datetime(2000, 1, 3, tzinfo=UTC)
            if moments.found_in(one, now) and moments.found_in(two, now):
                return [one, *_parted(two)]
    return [sentence]


@lru_cache(maxsize=2_048)
def _said(sentence: str, people: frozenset[str]) -> tuple[Act, str, tuple[Place, ...], str]:
    """What a sentence does, the kind of meeting, the places, and whether people meet online.

    A conversation is read anew with each of its mails, and most of them quote others.
    """
    does = acts.found_in(sentence)
    named = places.found_in(sentence, people)
    if places.elsewhere(sentence) or (
        places.refused(sentence) and not any(not p.refused for p in named)
    ):
        does |= Act.REFUSES_PLACE
    if places.shuts(sentence):
        does |= Act.SHUTS
    online = "video call" if conference.link_in(sentence) else kinds.online_in(sentence)
    return does, kinds.kind_of(sentence), named, online


def _remark(
    sentence: str,
    written: datetime,
    people: frozenset[str],
    told: date | None = None,
    paragraph: int = 0,
    *,
    headed: bool = False,
) -> Remark:
    does, kind, named, online = _said(sentence, people)
    when = moments.found_in(sentence, written, told)
    if kind or when:
        # "pints thurs?" is no name.
        named = tuple(place for place in named if place.sign is not Sign.BARE)
    if sentence.rstrip(" )\"'").endswith("?") and (when or kind not in ("", "meeting")):
        does |= Act.PROPOSES
    if not (kind or when or named or online):
        # "Could you send the report?" proposes, but not to meet.
        does &= ~Act.PROPOSES
    return Remark(
        words=sentence,
        acts=does,
        kind=kind,
        when=when,
        places=named,
        online=online,
        paragraph=paragraph,
        headed=headed,
    )


def _without_events(text: str) -> tuple[str, tuple[Remark, ...]]:
    """``text`` without the lines of calendar events, and what those say."""
    told: list[Remark] = []

    def tell(found: re.Match[str]) -> str:
        told.append(_of_event(found["kind"], found["summary"], found["lines"]))
        return ""

    return EVENT.sub(tell, text), tuple(told)


def _of_event(kind: str, summary: str, lines: str) -> Remark:
    fields = dict(line.split(": ", 1) for line in lines.strip().split("\n") if ": " in line)
    does = {
        "Cancelled": Act.CANCELS,
        "Answer": Act.AGREES,
        "Other proposal": Act.PROPOSES | Act.MOVES,
    }.get(kind, Act.PROPOSES)
    where = fields.get("Where", "")
    return Remark(
        words=summary,
        acts=does,
        kind=kinds.kind_of(summary),
        when=_start(fields.get("When", "")),
        places=(Place(where),) if where else (),
        online=("video call" if fields.get("Link") else "") or kinds.online_in(summary),
        calendar=True,
    )


def _start(said: str) -> When | None:
    """``2026-03-03 14:00 Europe/Berlin`` as ``mail.invitation`` writes it.

    A zone that nobody but its sender's program knows is left out: the owner's is taken for it.
    """
    parts = said.split(" ", 2)
    try:
        day = date.fromisoformat(parts[0])
        at = time.fromisoformat(parts[1]) if len(parts) > 1 else None
    except ValueError:
        return None
    try:
        return When(day, at, ZoneInfo(parts[2]) if len(parts) > 2 else None)
    except (ValueError, OSError, KeyError):
        return When(day, at)

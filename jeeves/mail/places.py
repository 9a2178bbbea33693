"""Words for places in a sentence: where to come, or somewhere that will not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from jeeves.domain.remark import Place, Sign
from jeeves.mail.place_signs import (
    ABOUT_MEETING,
    ASIDE,
    BELONGING,
    CLAUSE,
    DOES,
    ELSEWHERE,
    GONE,
    LEADS,
    NEITHER,
    NOTHING_MORE,
    REFUSALS,
    SAYING,
    SUITS,
    SURE_LEADS,
    TRY_LOWER,
)
from jeeves.mail.place_words import (
    ADDRESS,
    AT_NAME,
    BREAKS,
    BRIEF,
    CALLED,
    CHOICE,
    DAYS,
    DEFINITE,
    FRAGMENT,
    HELD,
    IMPLIED,
    IN_NAMED,
    IN_NUMBERED,
    IN_THE_NAME,
    JOINT,
    LABELLED,
    LINK,
    LONGEST,
    MAP,
    NAME_REFUSED,
    NAME_WITHIN,
    NAME_WORKS,
    NO_PLACE,
    PARTICLES,
    ROOM,
    THE_NAME,
    TRY_NAME,
    TYPED,
)
from jeeves.mail.trigrams import Phrasebook


@cache
def _phrasebook() -> Phrasebook[str]:
    patterns = (
        *(ADDRESS, ROOM, IMPLIED, MAP, DEFINITE, IN_NAMED, CHOICE, NAME_REFUSED, TRY_LOWER),
        *(AT_NAME, TRY_NAME, NAME_WORKS, IN_THE_NAME, HELD, IN_NUMBERED, THE_NAME, TYPED),
        *(NAME_WITHIN, FRAGMENT, LINK),
    )
    return Phrasebook({pattern.pattern: pattern.pattern for pattern in patterns})


@cache
def _of_refusals() -> Phrasebook[str]:
    # All three disregard case.
    patterns = (GONE, ELSEWHERE, REFUSALS)
    return Phrasebook({pattern.pattern: f"(?i){pattern.pattern}" for pattern in patterns})


@lru_cache(maxsize=64)
def _refusing(sentence: str) -> frozenset[str]:
    return frozenset(_of_refusals().found_in(sentence))


def found_in(sentence: str, people: frozenset[str] = frozenset()) -> tuple[Place, ...]:
    """The places that ``sentence`` names, in order, none twice.

    ``people``: names, in lower case, of those who write and read: by themselves no places.
    """
    text = sentence
    if LINK.pattern in _phrasebook().possible_in(sentence):
        text = LINK.sub(lambda link: link[0] if MAP.fullmatch(link[0]) else " ", sentence)
    if labelled := LABELLED.match(text):
        what = " ".join(labelled["what"].split()).strip(" .")
        return () if _undecided(what) else (Place(what[:LONGEST]),)
    spans: list[tuple[int, int, str, Sign]] = []
    for start, end, words, sign in _candidates(text, people):
        overlapping = next((s for s in spans if start < s[1] and s[0] < end), None)
        if overlapping is None:
            spans.append((start, end, words, sign))
        elif end - start > overlapping[1] - overlapping[0]:
            spans.remove(overlapping)
            spans.append((start, end, words, max(sign, overlapping[3])))
        elif sign > overlapping[3]:
            spans.remove(overlapping)
            spans.append((*overlapping[:3], sign))
    if not spans:
        return ()
    cuts = [0, *(cut.start() for cut in CLAUSE.finditer(text)), len(text)]
    places = []
    neither = bool(NEITHER.search(text))
    for start, end, words, sign in sorted(spans):
        first = max(cut for cut in cuts if cut <= start)
        last = min(cut for cut in cuts if cut >= end)
        clause = text[first:start] + " \0 " + text[end:last]
        places.append(
            Place(words, _refuses(clause, words) or neither, sign, aside=_aside(text[:start]))
        )
    return tuple(places)


def labelled(sentence: str) -> bool:
    """Whether it is a line of the form "Where: ..."."""
    return bool(LABELLED.match(sentence))


def refused(sentence: str) -> bool:
    """Whether it says of a place, not named here, that it will not do."""
    return GONE.pattern in _refusing(sentence)


def elsewhere(sentence: str) -> bool:
    """Whether it asks for another place."""
    return ELSEWHERE.pattern in _refusing(sentence)


def shuts(sentence: str) -> bool:
    """Whether it says of any place at all that it will not do."""
    return REFUSALS.pattern in _refusing(sentence)


def _aside(before: str) -> bool:
    """Whether words for a place after ``before`` tell of something else than where to come."""
    clause = before[max([0, *(cut.end() for cut in CLAUSE.finditer(before))]) :]
    return bool(ASIDE.search(clause)) and not ABOUT_MEETING.search(clause)


def _refuses(clause: str, words: str) -> bool:
    found = REFUSALS.search(clause.replace("\0", words if words[:1].isupper() else "the place"))
    return found is not None


def _undecided(what: str) -> bool:
    return not what or bool(
        re.match(
            r"\W*(?:tb[acd]\b|t\.b\.|to be |unknown|n/?a\b|open\b|\?|not (?:yet|sure|decided)|"
            r"noch offen|à définir|por (?:definir|confirmar)|da definire|let me know|up to you|"
            r"wherever|zoom|teams|online|virtual|google meet|phone|https?://)",
            what,
            re.IGNORECASE,
        )
    )


def _candidates(text: str, people: frozenset[str]) -> Iterator[tuple[int, int, str, Sign]]:
    possible = _phrasebook().possible_in(text)

    def found_by(pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        return pattern.finditer(text) if pattern.pattern in possible else iter(())

    for pattern in (ADDRESS, ROOM, IMPLIED):
        for found in found_by(pattern):
            yield found.start(), found.end(), _tidy(found[0]), Sign.SURE
    for found in found_by(MAP):
        yield found.start(), found.end(), "the place on the map", Sign.SURE
    for found in found_by(DEFINITE):
        before = text[: found.start()]
        after = text[found.end() :]
        whole = len(text[: found.start()].split()) <= 2 and bool(NOTHING_MORE.match(after))
        ours = found["whose"].lower() in ("my", "your", "our")
        alone = whole and ours and not before.strip(" \"'(")
        if DOES.match(after) and not SUITS.match(after) and not REFUSALS.search(after):
            continue
        if (
            LEADS.search(before) or whole or SUITS.match(after) or (ours and before.strip())
        ) and not BELONGING.search(before):
            if re.search(
                r"\b(?:leave|leaving|left|working|work|live|run|own|sold|cleaning|renovating|"
                r"painting|secure|reserve|(?:one|any|some|each) of|"
                r"in (?:his|her|their|my|your))\s+(?:\w+\s+)?$",
                before,
                re.IGNORECASE,
            ):
                continue
            yield (
                found.start(),
                found.end(),
                _tidy(found[0]),
                Sign.SURE if alone or SURE_LEADS.search(before) else Sign.LIKELY,
            )
    for found in found_by(IN_NAMED):
        yield found.start("name"), found.end("name"), _tidy(found["name"]), Sign.SURE
    offers = text.rstrip().endswith("?") or text.lower().lstrip().startswith("either")
    for found in found_by(CHOICE) if offers else ():
        name = found["name"]
        parts = re.split(r",\s+|\s+or\s+(?:maybe\s+|perhaps\s+)?", name)
        if all(
            _trimmed(p) == p.rstrip(" .,'") and _may_be_place(p, people, named_at=False)
            for p in parts
        ):
            yield found.start("name"), found.end("name"), _tidy(name), Sign.LIKELY
    for found in found_by(NAME_REFUSED):
        name = _trimmed(found["name"])
        rest = CLAUSE.split(text[found.end("name") :], maxsplit=1)[0]
        if name and REFUSALS.search(rest) and _may_be_place(name, people, named_at=False):
            yield found.start("name"), found.start("name") + len(name), _tidy(name), Sign.LIKELY
    for pattern, sign in (
        (AT_NAME, Sign.SURE),
        (TRY_NAME, Sign.LIKELY),
        (NAME_WORKS, Sign.LIKELY),
        (IN_THE_NAME, Sign.LIKELY),
        (HELD, Sign.SURE),
        (IN_NUMBERED, Sign.SURE),
        (THE_NAME, Sign.LIKELY),
        (TYPED, Sign.SURE),
        (NAME_WITHIN, Sign.LIKELY),
        (CALLED, Sign.LIKELY),
        (FRAGMENT, Sign.BARE),
    ):
        for found in found_by(pattern):
            group = "name" if found["name"] is not None else "first"
            name = _trimmed(found[group])
            before = text[: found.start(group)]
            if BELONGING.search(before) or (pattern is IN_THE_NAME and len(text.split()) > BRIEF):
                continue
            if name and _may_be_place(name, people, named_at=sign is Sign.SURE):
                yield found.start(group), found.start(group) + len(name), _tidy(name), sign
    if tried := next(found_by(TRY_LOWER), None):
        fragment = _lower_fragment(f"{tried['what']}?", people)
        if fragment:
            yield tried.start("what"), tried.start("what") + len(fragment), fragment, Sign.LIKELY
    if fragment := _lower_fragment(text, people):
        start = text.index(fragment)
        yield start, start + len(fragment), _tidy(fragment), Sign.BARE


def _lower_fragment(text: str, people: frozenset[str]) -> str:
    """All of a short text that names a thing and does nothing else: ``casa brindisi?``; or ""."""
    bare = text.strip(" .!?,")
    words = bare.lower().split()
    if not 1 <= len(words) <= 5 or not (len(words) > 1 or text.strip().endswith("?")):
        return ""
    if not re.fullmatch(r"[^\W\d_]+(?:[ '&-]+[^\W\d_]+)*", bare) or SAYING.search(bare):
        return ""
    return "" if _nameless(words, people) else bare


def _trimmed(name: str) -> str:
    """``name`` up to the first of its words that is a day, an hour or no name."""
    words = re.split(r"(\s+)", name)
    kept: list[str] = []
    for n in range(0, len(words), 2):
        word = words[n].strip(".,'").lower()
        if n and (word in BREAKS or re.fullmatch(r"\d{1,2}(?:[:.]\d\d)?(?:[ap]m)?(?:-\d+)?", word)):
            break
        kept += words[n : n + 2]
    while kept and (not kept[-1].strip() or re.fullmatch(rf"{JOINT}", kept[-1])):
        kept.pop()
    return "".join(kept).rstrip(" .,'")


def _may_be_place(name: str, people: frozenset[str], *, named_at: bool) -> bool:
    lower = name.lower()
    first = re.sub(r"^(?:the|la|le|el|il|das|der|die|dem|den|de|het)\s+", "", lower)
    words = first.split()
    if (
        not words
        or (first == lower and words[0].strip(".,'") in NO_PLACE)
        or words[0] in DAYS
        or words[0].rstrip("s") in DAYS
    ):
        return False
    if _nameless(words):
        return False
    if re.fullmatch(r"[\d.:/-]+(?:am|pm|st|nd|rd|th|ish|h|k|%)?", words[0]):
        return False
    if all(word.strip(".,'") in people for word in words):
        return False
    # "Dana's" is where Dana lives; after nothing at all it may be anything of hers.
    return named_at or not (first.endswith(("'s", "'s")) and first[:-2] in people)


def _nameless(words: Sequence[str], people: frozenset[str] = frozenset()) -> bool:
    """Whether none of ``words``, in lower case, can be the name of a place by itself."""
    return all(
        word.strip(".,'") in NO_PLACE or word in PARTICLES or word in people for word in words
    )


def _tidy(words: str) -> str:
    tidy = " ".join(words.split()).strip(" ,;.!?")
    return re.sub(r"^(?:at|to|from|over|round|either|@)\s+(?=\S)", "", tidy, flags=re.IGNORECASE)[
        :LONGEST
    ]

"""What remarks mean for a meeting, before it is known which meeting they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jeeves.domain.remark import Act, Remark, Sign
from jeeves.domain.when import When

#: The kind of a meeting that needs no place.
CALL = "call"
#: The kind of a meeting of which nothing more is known.
ANY = frozenset({"", "meeting"})
#: A sentence of at most so many words may be a place and nothing else.
SHORT = 8
#: In a longer one much may be said beside.
LONG = 20
SMALL_WORDS = frozenset(
    "the a an at in on of to my your our his her their by and or place office usual same no not "
    "room".split()
)


def calls_off(remarks: Sequence[Remark]) -> bool:
    """Whether a meeting is called off, or declined for good."""
    invited = any(r.calendar and Act.PROPOSES in r.acts for r in remarks)
    return not invited and any(Act.CANCELS in r.acts for r in remarks)


def offers(remarks: Sequence[Remark]) -> bool:
    """Whether another time is offered, or asked for."""
    if any(r.calendar and Act.CANCELS in r.acts for r in remarks):
        return False
    return any(
        Act.PROPOSES in r.acts and (r.when or Act.MOVES in r.acts) and not r.calendar
        for r in remarks
        if Act.CANCELS not in r.acts or r.when is not None
    )


def means(remark: Remark) -> bool:
    """Whether a remark speaks of a meeting as of something that is to be."""
    if remark.calendar or remark.labelled:
        return True
    if Act.OTHERS in remark.acts or Act.PAST in remark.acts:
        return False
    somewhere = somewhere_sure(remark)
    if not ((remark.kind and remark.kind != CALL) or somewhere):
        return False
    timed = bool(remark.when and remark.when.at)
    goes_on = bool(remark.acts & (Act.PROPOSES | Act.AGREES))
    dated = bool(remark.when and remark.when.day and somewhere and remark.kind)
    return bool(remark.when or somewhere) and (goes_on or timed or dated)


def somewhere_sure(remark: Remark) -> bool:
    """Whether a remark certainly names a place to meet."""
    timed = bool(remark.when and remark.when.day and remark.when.at)
    return any(
        place.sign is Sign.SURE and not place.refused and (timed or not place.aside)
        for place in remark.places
    )


def wants(remark: Remark, *, dated: bool) -> bool:
    """Whether a remark, in a mail that names a time, shows that somebody wants to meet."""
    if remark.kind == CALL or (remark.online and not remark.calendar):
        return False
    if remark.calendar:
        return Act.PROPOSES in remark.acts and not remark.online
    if remark.acts & (Act.PAST | Act.OTHERS | Act.VAGUE | Act.CANCELS):
        return False
    special = remark.kind not in ANY
    return Act.PROPOSES in remark.acts and bool(remark.kind) and (dated or special)


def joined(known: When | None, said: When) -> When:
    """What is known of a time once ``said`` was said, too."""
    if known is None:
        return said
    if known.day and said.day and known.day.weekday() == said.day.weekday():
        days = (said.day - known.day).days
        if days and -14 < days <= 7:
            # "Wednesday at four, then", of the Wednesday that was agreed on.
            return When(known.day, said.at or known.at, said.zone or known.zone)
    return known.joined(said)


def same_day(one: When | None, two: When | None) -> bool:
    """Whether both name the same day."""
    if not (one and two and one.day and two.day):
        return False
    # "Thursday", said on the Thursday itself, is read as the next one.
    return abs((two.day - one.day).days) in (0, 7)


def same(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether the words of two places mean the same one."""
    return bool(one and two) and (one <= two or two <= one or len(one & two) >= 2)


def words_of(place: str) -> frozenset[str]:
    """The words of a place that tell it from others."""
    words = re.findall(r"[\w'.]+", place.lower())
    return frozenset(word for word in words if word not in SMALL_WORDS) or frozenset(words)

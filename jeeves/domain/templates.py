"""The sentences of alerts, which the owner may change.

A template names what stands in its place: ``{who}``. What is in square brackets is left out where
something named in it is empty: ``lunch[ {when}]?``. The reference is added by whoever fills it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from string import Formatter

#: Longer templates would leave no room for what they are to say.
LONGEST_TEMPLATE = 160
_ENDED_TWICE = re.compile(r'([?!]|\.\.\.|(?<!\.)\.)("?)\.(?!\.)')
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Templates:
    """What is said, by text message and, where the name begins with ``spoken_``, aloud."""

    #: 12 or 24: the form of the hour in text messages.
    clock: int = 12

    #: A meeting of a known kind has no place.
    alert: str = '{who}: {what}[ {when}]? No place yet.[ ("{why}")]'
    #: The same, where nothing more is known than that somebody wants to meet.
    alert_plain: str = '{who} wants to meet[ {when}][: "{subject}"]. No place yet.[ ("{why}")]'
    #: It is soon, and there still is no place.
    reminder: str = 'Still no place: {what} with {who}[, {when}].[ ("{subject}")]'
    #: A place was named after the alert.
    settled: str = "Settled: {place}[, {when}]. Nothing to do."
    #: The same, where it is not known which.
    settled_plain: str = "Settled: {what} with {who}[, {when}]. Nothing to do."
    #: No place is needed any more, because people meet by phone or the like.
    unneeded: str = "No place needed any more: {what} with {who}[, {when}]. Nothing to do."
    called_off: str = "Called off: {what}[ {when}] with {who}. Nothing to do."
    #: Several alerts in one text; ``{list}`` holds as many entries as have room.
    digest: str = "{count} meetings without a place[: {list}][; and {more} more]."
    digest_entry: str = "{who}, {what}[ {when}]"

    spoken_alert: str = "{what} with {who}[ {when}]. There is no place yet."
    spoken_alert_plain: str = (
        "{who} wants to meet[ {when}]. There is no place yet."
        "[ The mail is about: {subject}.][ The mail says: {why}.]"
    )
    spoken_reminder: str = "{what} with {who}[ {when}] still has no place."
    spoken_settled: str = "Settled with {who}: {place}[, {when}]. There is nothing to do."
    spoken_settled_plain: str = "{what} with {who}[ {when}] is settled. There is nothing to do."
    spoken_unneeded: str = (
        "{what} with {who}[ {when}] needs no place any more. There is nothing to do."
    )
    spoken_called_off: str = "{what} with {who}[ {when}] is called off. There is nothing to do."
    spoken_digest: str = "{count} meetings have no place yet.[ {list}.][ And {more} more.]"
    spoken_digest_entry: str = "{what} with {who}[ {when}][ about {subject}]"


_ALERT = frozenset("who what when subject why".split())
_SETTLED = frozenset("who what when place".split())
_DIGEST = frozenset("count list more".split())
#: What a template may name, and what it must.
PLACES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "alert": (_ALERT, frozenset({"who", "what"})),
    "alert_plain": (_ALERT, frozenset({"who"})),
    "reminder": (_ALERT, frozenset({"who", "what"})),
    "settled": (_SETTLED, frozenset({"place"})),
    "settled_plain": (_SETTLED - {"place"}, frozenset({"who"})),
    "unneeded": (_SETTLED - {"place"}, frozenset({"who"})),
    "called_off": (_SETTLED - {"place"}, frozenset({"who"})),
    "digest": (_DIGEST, frozenset({"count", "list"})),
    "digest_entry": (_ALERT, frozenset({"who"})),
}
#: The names of all templates.
NAMES = tuple(field.name for field in fields(Templates) if field.name != "clock")


def mistake(name: str, template: str) -> str | None:
    """What is wrong with a template, as the end of a sentence that names it; None if nothing "
    "is."""
    known, needed = PLACES[name.removeprefix("spoken_")]
    allowed = ", ".join(f"{{{place}}}" for place in sorted(known))
    if len(template) > LONGEST_TEMPLATE:
        return f"has more than {LONGEST_TEMPLATE} characters"
    try:
        parsed = list(Formatter().parse(template))
    except ValueError:
        return "has a brace without its other half (a brace itself is written twice)"
    if set("[]") & set(_OPTIONAL.sub(r"\1", template)):
        return "has a square bracket without its other half, or one inside another"
    named = set()
    for _, place, form, conversion in parsed:
        if place is None:
            continue
        if place not in known or form or conversion:
            return f"names something else than {allowed} (the reference is added by itself)"
        named.add(place)
    if not all(map(_named, _OPTIONAL.findall(template))):
        return f"has square brackets that name none of {allowed}"
    if missing := sorted(needed - named):
        return f"does not name {{{missing[0]}}}"
    return None


def _named(part: str) -> set[str]:
    return {place for _, place, _, _ in Formatter().parse(part) if place}


def filled(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its places filled, and without the optional parts that name an empty one.

    The template has no mistake; what stands in ``values`` is never read as a template.
    """
    said = []
    for index, part in enumerate(_OPTIONAL.split(template)):
        optional = index % 2 == 1
        if not optional or all(values[place] for place in _named(part)):
            said.append(part.format_map(values))
    return _tidy("".join(said))


def _tidy(text: str) -> str:
    """``text`` on one line, without the marks that end a sentence twice."""
    return _ENDED_TWICE.sub(r"\1\2", " ".join(text.split()))

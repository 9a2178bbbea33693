"""Video conferences: the addresses and names by which mail says that people meet in one."""

from __future__ import annotations

import re
from urllib.parse import unquote

from jeeves.mail import languages

#: Hosts of video conferences, as they stand in links.
HOSTS = (
    *("zoom.us/", "zoomgov.com/", "meet.google.com/", "teams.microsoft.com/", "teams.live.com/"),
    *("webex.com/", "whereby.com/", "gotomeet.me/", "gotomeeting.com/", "meet.jit.si/"),
    *("bluejeans.com/", "chime.aws/", "around.co/", "skype.com/", "facetime.apple.com/"),
    "meet.goto.com/",
)
#: In links that a mail filter has wrapped around others: ``?url=https%3A%2F%2F...``
WRAPPERS = ("safelinks.protection.outlook.com", "urldefense")

_SCANNED = 50_000
_HOSTS = "|".join(map(re.escape, HOSTS))
_LINK = re.compile(rf"https?://[^\s<>\"]{{0,200}}(?:{_HOSTS})[^\s<>\"]{{0,300}}", re.IGNORECASE)
_WRAPPED = re.compile(r"[?&]url=(https?%3A[^&\s<>\"]{1,2000})", re.IGNORECASE)
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
# These lead to a place on earth.
_MAP = re.compile(r"maps|goo\.gl|geo:|openstreetmap|what3words", re.IGNORECASE)
_PART = re.compile(r"\s*(?:[;,\n|]|\s[-/\u2013]\s)\s*")
_SERVICE = re.compile(
    r"\b(?:(?:ms|microsoft)[\s-]*)?teams\b|\bzoom\b|\bgoogle[\s-]*(?:meet|hangouts?)\b|\bhangouts?\b|"
    r"\b(?:cisco[\s-]*)?webex\b|\bskype(?:[\s-]*for[\s-]*business)?\b|\bgo\s?to\s?meeting\b|\bfacetime\b|"
    r"\bjitsi\b|\bbluejeans\b|\bwhereby\b|\b(?:amazon[\s-]*)?chime\b|\bvideo[\s-]*(?:call|conference|"
    r"konferenz|conférence|conferenza|conferência|conferencia|anruf)\b|\bvisioconférence\b|"
    r"\bvideollamada\b|\bonline\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_UNDECIDED = re.compile(
    r"\W*(?:tb[acd]|t\.b\.[acd]\.?|to be (?:advised|announced|agreed|confirmed|decided|defined|"
    r"determined)|n/?a|none|unknown|open|(?:noch )?offen|wird noch bekannt\s?gegeben|"
    r"[àa] (?:définir|confirmer|déterminer)|por (?:definir|confirmar|determinar)|"
    r"da (?:definire|confermare|stabilire)|a (?:definir|confirmar|convenir)|nader te bepalen|"
    r"n\.?t\.?b\.?|"
    r"no location(?: set)?|location)?\W*",
    re.IGNORECASE,
)


def link_in(text: str) -> str:
    """The first address of a conference in ``text``, or "".

    What a mail filter has wrapped is unwrapped. Only the beginning of a very long text is read.
    """
    text = text[:_SCANNED]
    lower = text.lower()
    if "http" not in lower:
        return ""
    if any(wrapper in lower for wrapper in WRAPPERS):
        text = _WRAPPED.sub(lambda wrapped: f" {unquote(wrapped[1])} ", text)
    found = _LINK.search(text)
    return found[0].rstrip(".,;)]'") if found else ""


def place_and_service(location: str) -> tuple[str, str]:
    """The place that a calendar's ``location`` names, and the conference that it names.

    Either may be "". ``Microsoft Teams Meeting; Room 12`` is a room and a service; "TBD" is
    neither.
    """
    if _UNDECIDED.fullmatch(location):
        return "", ""
    if not (_URL.search(location) or _SERVICE.search(location)):
        return location, ""
    services = [part for part in _PART.split(location) if _is_service(part)]
    if not services:
        return location, ""
    places = [
        part
        for part in _PART.split(location)
        if part not in services
        and not languages.BESIDE_CONFERENCE.issuperset(_WORD.findall(part.lower()))
    ]
    return ", ".join(places), services[0]


def _is_service(part: str) -> bool:
    """Whether ``part`` names a conference or a link and no place."""
    url = _URL.search(part)
    if url is None and not _SERVICE.search(part):
        return False
    if url is not None and _MAP.search(url[0]):
        return False
    rest = _SERVICE.sub(" ", _URL.sub(" ", part)).lower()
    if url is None and any(map(str.isdigit, rest)):
        return False  # "Zoom 3" may well be a room
    return languages.BESIDE_CONFERENCE.issuperset(_WORD.findall(rest))

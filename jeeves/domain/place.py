"""Where people meet, as one says it."""

from __future__ import annotations

import re

#: Names and hosts of what people meet in without a place.
_SERVICES = (
    (re.compile(r"zoom"), re.compile(r"\bzoom(?:gov)?\.(?:us|com)\b"), "by Zoom"),
    (
        re.compile(r"(?:(?:ms|microsoft)[ -]?)?teams"),
        re.compile(r"\bteams\.(?:microsoft|live)\.com\b"),
        "by Teams",
    ),
    (
        re.compile(r"google (?:meet|hangouts?)|hangouts?"),
        re.compile(r"\bmeet\.google\.com\b"),
        "by Google Meet",
    ),
    (re.compile(r"(?:cisco )?webex"), re.compile(r"\bwebex\.com\b"), "by Webex"),
    (re.compile(r"skype"), re.compile(r"\bskype\.com\b"), "by Skype"),
    (re.compile(r"facetime"), re.compile(r"\bfacetime\.apple\.com\b"), "by FaceTime"),
    (re.compile(r"whatsapp"), re.compile(r"\bwa\.me\b|\bwhatsapp\.com\b"), "by WhatsApp"),
    (re.compile(r"(?:tele)?phone"), re.compile(r"\btel:"), "by phone"),
    (
        re.compile(r"video(?:[ -]?(?:chat|conference))?"),
        re.compile(r"\bmeet\.jit\.si\b"),
        "by video",
    ),
    (re.compile(r"call"), re.compile(r"(?!)"), "in a call"),
    (re.compile(r"online|virtual(?:ly)?|remote(?:ly)?"), re.compile(r"https?://"), "online"),
)
_LINK = re.compile(
    r"[<(]?(?:\b[a-z][a-z0-9+.-]*://|\bwww\.|\btel:|\b[\w-]+(?:\.[\w-]+)+/)\S+", re.IGNORECASE
)
_BEFORE_SERVICE = re.compile(r"(?:(?:by|via|on|over|per|in|a|an|the)\s+)+")
_AFTER_SERVICE = re.compile(r"(?<=\w)\s+(?:call|meeting|link|video|chat)$")
_MAP = re.compile(r"maps|goo\.gl|openstreetmap|what3words", re.IGNORECASE)


def said(place: str) -> str:
    """``place`` without links; the service's name where it is no place on earth, or "".

    ``https://us02web.zoom.us/j/1`` becomes ``by Zoom``, ``the phone`` becomes ``by phone``, and
    ``Zoom Café`` stays a café.
    """
    links = " ".join(_LINK.findall(place)).lower()
    rest = " ".join(_LINK.sub(" ", place).split()).strip(" .,;:-()<>")
    bare = _AFTER_SERVICE.sub("", _BEFORE_SERVICE.sub("", rest.lower(), count=1))
    for name, host, said in _SERVICES:
        if name.fullmatch(bare) or (not rest and not _MAP.search(links) and host.search(links)):
            return said
    return rest


def in_a_call(place: str) -> bool:
    """Whether ``place`` is none on earth: a phone, a video conference."""
    return said(place) in {said for _, _, said in _SERVICES}

"""By which words people name places, say that one will not do, and ask for another.

Every pattern is searched in one sentence of bounded length. Of most the extent counts: where two
alternatives begin alike, the first is found.
"""

from __future__ import annotations

import re

from jeeves.mail.phrases import any_of, sections, words

LONGEST = 80
#: "in the Mitre" in a sentence of more words may be in the Philippines.
BRIEF = 14
MARK = r"[\w'&./-]"
UP = r"(?:[A-ZÀ-ÖØ-ÞŁŚŽČŠ0-9]" + MARK + r"*)"
JOINT = (
    r"(?:of|and|&|de|del|della|la|le|les|el|du|des|di|da|do|am|an der|in der|der|den|van|von|"
    r"zum|zur|op|by the|the|on the|in the|on|n')"
)
#: A name: words with capitals, small ones only between them.
NAME = (
    r"(?:(?:the|The|La|Le|El|Il|Das|Der|Die|das|der|die|de|het|den|dem|la|le|el|il)\s+)?"
    rf"{UP}(?:\s+(?:{JOINT}\s+){{0,2}}{UP}){{0,6}}"
)
#: The longest first: a "church hall" is not found as a "church".
NOUN = "|".join(sorted(sections("nouns")[""], key=len, reverse=True))
NOT_DAY = r"(?!(?:Mon|Tues?|Wed|Wednes|Thurs?|Thu|Fri|Sat|Satur|Sun)(?:day)?s?\b|\d)"
WITHIN = (
    r"(?:\s+(?:on|in|at|by|near|off|next to|opposite|across from|behind|under|around|round|down|"
    r"beside|of)\s+(?:the\s+|our\s+|my\s+|your\s+)?(?:"
    + "|".join(
        (
            rf"{NOT_DAY}{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,3}}",
            rf"corner(?:\s+of\s+{UP}(?:\s+(?:and|&)\s+{UP})?)?",
            "river|canal|quay|pier|harbou?r|square|market|hill|beach|water|station|park|lake",
            "church|bridge|library|high street|main street|office|corner|street|seafront|way",
        )
    )
    + "))"
)
ADJECTIVES = (
    r"(?:(?!a\b|an\b|the\b|any\b|some\b|which\b|what\b|that\b|same\b|in\b|on\b|at\b|of\b|for\b|"
    r"to\b|with\b|and\b|or\b|is\b|are\b|from\b)[\w'&-]+\s+){0,4}?"
)

#: "my office", "the café on Mill Road", "your place". Within one group, so that a book of phrases
#: takes the nouns as one and not as a hundred alternatives.
DEFINITE = re.compile(
    r"\b(?:(?P<whose>[Mm]y|[Yy]our|[Oo]ur|his|her|their|[Tt]he|this|that|[A-Z][\w-]+'s)\s+"
    rf"{ADJECTIVES}(?:{NOUN})s?)\b"
    r"(?!'s\b|\s+(?:hour|time|party|manager|staff|team|call|holiday|budget|rent|renovation|"
    r"opening|visit|tour|move|meeting|policy|project|list|plan|menu|owner|phone|number|address)s?"
    r"\b|\s+work\b)"
    rf"{WITHIN}{{0,2}}",
)
_THE_USUAL = (
    r"(?:the|our)\s+usual"
    r"(?!\s+(?:link|time|suspects|rate|price|rates|way|stuff|business|hour|team|crew|gang|day|slot|"
    r"order|format|agenda|update))"
    r"(?:\s+(?:place|spot|table|haunt|pub|café|cafe|bar|room|corner|joint|restaurant|bench))?"
)
_COME_BY = (
    r"(?:stop|drop|swing|come|pop|nip)\s+(?:by|in|over|round|around|past)"
    r"(?!\s+(?:with|for an?\b|and get|up\b|soon))"
    r"(?:\s+(?:to\s+)?(?:my|your|our|the|his|her)\s+[\w-]+(?:\s+(?!at\b|on\b|in\b|for\b|to\b|"
    r"and\b|by\b|with\b|if\b|then\b|around\b|about\b|before\b|after\b|when\b|any\b)[\w-]+)?)?"
)
IMPLIED = re.compile(rf"\b(?:{_THE_USUAL}|{_COME_BY}|{any_of('implied')})", re.IGNORECASE)
ROOM = re.compile(
    "|".join(
        (
            r"\b(?:(?:[Cc]onf(?:erence)?\.?|[Mm]eeting|[Bb]reakout|[Bb]oard)\s+)?"
            r"(?:[Rr]oom|[Rr]m\.?|ROOM|[Ss]uite|[Ss]te\.?|[Bb]uilding|[Bb]ldg\.?|[Uu]nit|"
            r"[Pp]latform|[Bb]ooth|[Ss]tand|[Hh]all|[Gg]ate|[Cc]ourt|[Pp]itch|[Tt]heatre|"
            r"[Tt]erminal|[Ww]ard|[Cc]lassroom|[Rr]aum|[Ss]aal|[Ss]alle|[Ss]ala|[Zz]immer|"
            r"[Aa]ula)\s+(?:[A-Z]?[-.]?\d[\w.-]*|[A-Z]\d*\b(?!'))"
            r"(?:\s+(?:on|in|at)\s+(?:the\s+)?(?:\w+\s+floor|[A-Z][\w]+(?:\s+[A-Z]\w+)?))?",
            r"\b(?:[Ss]alle|[Ss]aal|[Ss]ala|[Aa]ula|[Rr]aum)\s+"
            r"[A-ZÀ-Þ][\w'-]+(?:\s+[A-ZÀ-Þ][\w'-]+)?",
            r"(?<=\bin )(?:\d{1,2}[A-Z]{1,2}\d{0,2}|[A-Z]{2}\s?\d{2}[A-Z]?\d{0,2}|0\d{4})\b",
            r"\b[A-Z]{2,5}\d{3,4}[A-Za-z]{0,2}\b",
            r"\b(?:the\s+)?boardroom\b",
            r"\b\d{1,2}(?:st|nd|rd|th)\s+floor(?:\s+\w+room|\s+lobby|\s+kitchen)?",
        )
    )
)
STREET_TYPES = (
    r"St\.?|Street|Ave\.?|Avenue|Rd\.?|Road|Blvd\.?|Boulevard|Dr\.?|Drive|Lane|Ln\.?|Place|"
    r"Pl\.?|Square|Sq\.?|Parkway|Pkwy|Court|Ct\.?|Terrace|Crescent|Close|Way|Row|Quay|Wharf|"
    r"Mews|Highway|Hwy|Grove|Hill|Gardens|Walk|Yard|Plaza"
)
ADDRESS = re.compile(
    "|".join(
        (
            rf"\b\d{{1,5}}[A-Za-z]?\s+(?:[NSEW]\.?\s+)?(?:(?:{UP}|\d+(?:st|nd|rd|th))\s+){{1,3}}"
            rf"(?:{STREET_TYPES})(?![\w])"
            r"(?:,?\s+(?:[Ss]uite|[Uu]nit|[Aa]pt\.?|[Ff]loor|#)\s*\w+)?",
            r"\b\d{2,5}\s+[NSEW]\.?\s+[A-Z]\w+(?:\s+[A-Z]\w+)?",
            r"\b[A-ZÄÖÜ][\w-]*(?:straße|strasse|str\.|platz|gasse|weg|allee)\s+\d+\w?",
            r"\b\d+,?\s+(?:rue|avenue|boulevard|place|quai)\s+[\w' -]{3,30}",
            rf"\b(?:[Cc]alle|[Pp]iazza|[Rr]ua|[Pp]laza)\s+{UP}(?:\s+{UP}){{0,3}}(?:,?\s+\d+)?",
            rf"\b[Vv]ia\s+{UP}(?:\s+{UP}){{0,3}},?\s+\d+",
            rf"\b(?:the\s+)?corner\s+of\s+{UP}(?:\s+{UP})?\s+(?:and|&)\s+{UP}(?:\s+{UP})?",
        )
    )
)
LABELLED = re.compile(
    r"^\W*(?:where|location|venue|place|meeting point|address|ort|treffpunkt|adresse|lieu|"
    r"lugar|dove|luogo|waar|local)\s*[:=]\s*(?P<what>.+)$",
    re.IGNORECASE,
)
MAP = re.compile(
    r"https?://\S*(?:maps\.|/maps|goo\.gl/maps|openstreetmap|what3words|g\.page)\S*", re.IGNORECASE
)
LINK = re.compile(r"https?://\S+|www\.\S+|(?<!\S)\S+?@\S+?\.\S+")

#: What stands before a name that is a place.
AT = (
    r"(?:(?:\b[Aa]t|@|\b[Oo]utside|\b[Ii]nside|\b[Oo]ver at|\b[Ii]n front of|\b[Oo]pposite|"
    r"\b[Bb]eim?|\b[Ii]m|\b[Aa]m|\b[Zz]um|\b[Zz]ur|"
    r"\b[Aa]u|\b[Aa]ux|\b[Dd]evant|"
    r"\b[Ee]n el|\b[Ee]n la|\b[Aa]l|\b[Aa]lla|"
    r"\b[Ii]n het|\b[Ii]n de)\s+)"
)
AT_NAME = re.compile(rf"{AT}(?:(?:maybe|say|perhaps|our|my|your)\s+)?(?P<name>{NAME})")
#: Whoever proposes one.
TRY_NAME = re.compile(rf"(?:\b(?:{any_of('name_leads')})\s+)(?P<name>{NAME})")
WEEKDAY = r"(?:[Mm]on|[Tt]ues?|[Ww]ed(?:nes)?|[Tt]hu(?:rs?)?|[Ff]ri|[Ss]at(?:ur)?|[Ss]un)(?:day)?"
NAME_WORKS = re.compile(
    r"(?:^|[.!?,;:-]\s*)(?:[Oo]k(?:ay)?,?\s+|[Yy]es,?\s+|[Ss]ure,?\s+)?"
    rf"(?P<name>{NAME})\s+(?:"
    + "|".join(
        (
            "works",
            "is (?:fine|good|great|perfect|ok|lovely|closer|quieter|better|nearer|open)",
            "sounds",
            "would (?:be (?:ok|okay|good|great|fine|perfect|lovely|ideal|better|easier|nice)|work|"
            "suit)",
            "will (?:do|work)",
            "it is",
            r"then\b",
            "instead",
            r"at \d",
            r"@ ?\d",
            r"\?",
            r"for \w+day",
            r"on \w+day",
        )
    )
    + rf")|^\W*(?P<first>{NAME}),?\s+(?:"
    + "|".join(
        (
            rf"{WEEKDAY}|tomorrow|tonight|today|noon",
            r"\d{1,2}(?:[:.]\d\d)?\s*(?:pm|am|ish)?\s*\?",
            r"at\s+\d",
            r"(?:half|quarter|about|around|from|say)\s+(?:past\s+|to\s+)?"
            r"\d[\w:.]{0,4}(?:\s*(?:pm|am))?\W*$",
            r"\d{1,2}(?:[:.]\d\d)?\s*(?:pm|am)?\W*$",
        )
    )
    + ")"
)
CALLED = re.compile(
    r"\b(?:spot|place|bar|café|cafe|pub|restaurant|joint|bakery|bistro|tavern),?\s+"
    rf"(?:called\s+|named\s+)?(?P<name>{NAME})"
)
NAME_WITHIN = re.compile(rf"(?:^|[.!?:,;]\s+)(?P<name>{NAME}{WITHIN})")
HELD = re.compile(
    r"\b(?:held|takes? place|taking place|it's|it is|booked a (?:room|table)[^.?!]{0,40}) "
    rf"(?:at|in) (?P<name>(?:the )?{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,5}})"
)
NAME_REFUSED = re.compile(
    r"(?:^|[.!?,;:-]\s*|\b(?:but|though|that|because|think|know|and)\s+)"
    rf"(?P<name>{NAME})\s+(?:is|are|was|will|has|closes|does|won|can|may|'s)"
)
CHOICE = re.compile(
    rf"(?:^|[\s(])(?P<name>{NAME}(?:,\s+{NAME})?\s+or\s+(?:maybe\s+|perhaps\s+)?{NAME})"
)
IN_NUMBERED = re.compile(
    rf"\b[Ii]n\s+(?P<name>{UP}(?:\s+{UP}){{0,2}}\s+\d{{2,4}}[A-Za-z]?)\b(?!\s*(?:%|people|pm|am))"
)
TYPED = re.compile(
    r"\b(?P<name>(?:Restaurant|Café|Cafe|Hotel|Bar|Pub|Trattoria|Osteria|Bistro|Brasserie|"
    r"Gasthaus|Gasthof|Ristorante|Pizzeria|Taverna|Bodega|Chez)"
    rf"\s+{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,3}})"
)
THE_NAME = re.compile(rf"^\W*(?P<name>The\s+[A-Z]{MARK}+(?:\s+{UP}){{0,4}})(?=,|\.|!|$|\s+[-])")
IN_NAMED = re.compile(
    rf"\b[Ii]n\s+(?:the\s+)?(?P<name>{UP}(?:\s+{UP}){{0,3}}\s+"
    r"(?:[Oo]ffice|[Bb]uilding|[Ll]obby|[Rr]oom|[Pp]ark|[Ss]quare|[Gg]ardens?|[Hh]all|[Ll]ibrary|"
    r"[Cc]af[eé]|[Ss]tation|[Ll]ounge|[Cc]onference [Rr]oom|[Ss]uite))\b"
)
IN_THE_NAME = re.compile(
    r"\b[Ii]n (?P<name>the (?!US|UK|USA|EU|Netherlands|Alps|States|City|Bay|Midlands|Lakes)"
    rf"[A-Z]{MARK}+(?:\s+{UP}){{0,3}})"
)
FRAGMENT = re.compile(
    r"^\W*(?:(?:[Tt]he|[Mm]aybe|[Oo]k|[Ss]ure|[Yy]es|[Hh]mm|[Aa]t|[Hh]ow about|[Oo]r)[,\s]+)?"
    rf"(?P<name>{NAME})\W*$"
)

DAYS = words("no_place", "days")
#: Where a name ends although the next word has a capital.
BREAKS = frozenset([*DAYS, "i", "i'm", "i'll", "noon", "zoom", "teams", "let's"])
#: Part of many names, and none by themselves: "On Friday, then."
PARTICLES = frozenset("a an as at in into of on onto the upon".split())
#: Words with a capital that are no place.
NO_PLACE = frozenset([*DAYS, *words("no_place", "other words")])

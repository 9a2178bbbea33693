"""What kind of meeting a sentence speaks of, and whether people come together for it."""

from __future__ import annotations

import re
from functools import cache

from jeeves.mail.trigrams import Phrasebook

#: Kind of meeting -> its words. Of the first that is found the sentence speaks.
KINDS = {
    "lunch": (
        r"lunch(?:es)?|mittagessen|mittag|déjeuner|almuerzo|almorzar|comida|pranzo|almoço|"
        r"lunchen"
    ),
    "dinner": (
        r"dinner|supper|abendessen|dîner|cenar?|jantar|tapas|curry|pizza|bbq|barbecue|potluck|"
        r"sunday roast|diner"
    ),
    "breakfast": r"breakfast|brunch|frühstück|petit[- ]déj(?:euner)?|desayuno|colazione|ontbijt",
    "coffee": (
        r"coffees?|cuppa|espresso|kaffee|café(?!\s+[A-Z])|caffè|cafecito|cafezinho|koffie|tea|"
        r"matcha|latte|fika|kaffe"
    ),
    "drinks": (
        r"drinks|a drink(?! of)|beers?|pints?|wine|cocktails?|happy hour|bier(?:chen)?|apéro|"
        r"verre|cervezas?|cañas|copa|birra|aperitivo|spritz|cerveja|borrel|bite to eat|"
        r"grab a bite"
    ),
    "walk": (
        r"(?:a |go for a |dog |evening |'s |the )walk\b|hike|stroll|spaziergang|balade|paseo|"
        r"passeggiata|"
        r"parkrun|a run\b|a ride\b|bike ride"
    ),
    "visit": (
        r"(?:see|view) (?:it|the (?:flat|car|house|room|bike|place|apartment|sofa|table))\b|"
        r"(?:come|pop) (?:and|to) (?:see|view)|have a look at (?:it|the)|collect it|"
        r"pick it up|site visit|visit|viewing|tour|walk-?through|inspection|survey|showing|"
        r"besichtigung|visite|visita|besuch|quote for|take a look at the|measure up"
    ),
    "interview": r"audition|interview|entretien|entrevista|colloquio|vorstellungsgespräch|on-?site",
    "handover": (
        r"hand(?:ing)?[- ]?over|hand (?:you|it|them|over)|"
        r"drop (?:it |them |that |the \w+ )?off|collect (?:the|it|them|your)|"
        r"pick up (?:the|my|your|it|them)|"
        r"(?:give|lend|return|get) (?:you |me )?(?:back )?(?:the|your|my) (?:keys?|book|bag|"
        r"drill|ladder|key)|schlüsselübergabe"
    ),
    "playdate": r"play-?date|sleepover|soft play",
    "game": (
        r"(?<!you )(?<!i'm )(?:game|match)(?! plan|chang| for\b)|tennis|golf|squash|badminton|"
        r"padel|climbing|bowling|"
        r"gym session|swim|training session|poker|board games?|quiz night|pub quiz"
    ),
    "concert": (
        r"concert|gig|(?:a|the) show|movie|film|theatre|play at|exhibition|museum trip|cinema|"
        r"kino|festival|recital"
    ),
    "rehearsal": r"rehearsal|choir practice|band practice|probe|répétition|ensayo",
    "party": (
        r"party|birthday|farewell|leaving do|housewarming|picnic|celebration|reunion|cookout|"
        r"feier|fête|fiesta|festa"
    ),
    "call": (
        r"(?:phone |video |quick |zoom |teams |conference |intro |discovery |a |the |"
        r"our )calls?(?!\s+(?:me|you|it))|call (?:on|at|with|tomorrow|next|this|at)|zoom|"
        r"facetime|video chat|phone chat|webinar|phone screen|telefonat|telefonieren|appel|"
        r"llamada|"
        r"chiamata|videollamada|hop on|jump on|get on the phone|skype|whatsapp call"
    ),
    "meeting": (
        r"signing|tasting|fitting|check-?up|photo ?shoot|panel\b|meetings?|"
        r"meet(?:ing)?(?:[- ]?up)?|mtg|appointment|get[- ]together|getting together|"
        r"get together|catch[- ]?up|catching up|sit[- ]?down|sit down|in person|in the flesh|"
        r"face[- ]to[- ]face|see (?:just |all of |both of )?you|see each other|workshop|"
        r"session|consultation|committee|board|briefing|demo|review|hang out|hang\b|termin|"
        r"treffen|treffe|besprechung|wiedersehen|rendez-vous|rdv|se voir|se voie|réunion|"
        r"rencontrer|quedar|quedamos|vernos|reunión|vederci|vediamo|incontr\w+|appuntamento|"
        r"encontrar|reunião|afspreken|afspraak|conference|get some time|time together|"
        r"come (?:over|round|by|and see)|stop by|swing by|drop (?:by|in)|"
        r"pop (?:by|in|over|round)|pick your brain|join us|join me|join the \w+ of us"
    ),
}
_KIND = {kind: rf"(?i)\b(?:{words})\b" for kind, words in KINDS.items()}
ONLINE_KIND = "call"
_ONLINE = re.compile(
    r"\b(?:zoom|google meet|gmeet|(?:video|meet|meeting|join|conference) link|on the (?:link|"
    r"screen)|on video|by video|link is in|\(video\)|video demo|ms teams|teams (?:call|link|"
    r"meeting|invite)|(?:on|over|via|by|in) teams|webex|skype|facetime|whatsapp (?:call|video)|"
    r"video ?(?:call|chat|conference|meeting)|"
    r"(?:phone|conference|telephone|conf|quick) (?:call|chat)|(?:over|by|on|via) (?:the "
    r")?(?:phone|telephone|video|skype|teams|zoom)|dial[- ]in|virtual(?:ly)?|remotely|(?:do|"
    r"meet|meeting|have|make|move|moved) (?:it |this |that |to )?online|online (?:instead|"
    r"meeting|session)|"
    r"(?:do|have|make it|hop on|jump on|schedule|set up|switch to|just|be|a) (?!to )(?:a |this "
    r"|it "
    r")?(?:\w+ )?calls?\b(?! (?:me|you|in|it|off))|call instead|call you|call me|give (?:you|"
    r"me|him|her) a (?:call|ring|shout)|ring (?:you|me)|"
    r"telefonieren|per telefon|videocall|videollamada|visio|en ligne|par téléphone|por "
    r"teléfono|videochiamata|al telefono|por videochamada|telefonisch)\b",
    re.IGNORECASE,
)
_RINGS = re.compile(
    (r"call (?:you|me)|give (?:you|me|him|her) a \w+|ring (?:you|me)"), re.IGNORECASE
)
_INSTEAD = re.compile(
    r"\binstead\b|\brather\b|\bi(?:'ll| will)\b|\bcan i\b|\bcould i\b", re.IGNORECASE
)
#: A call that arranges something and is not the meeting.
_CALL_ASIDE = re.compile(
    r"\b(?:not|never|don'?t|can'?t|cannot)\b[^.?!]{0,25}\b(?:phone|call|zoom|video)\b(?! "
    r"instead)|\b(?:call|ring|text|phone|give) (?:me|us|you)(?: a (?:call|ring|shout))? (?:if|"
    r"when|once|on|at|with|to (?:let|confirm|say|arrange)|on arrival|from)|\bif you (?:need|"
    r"have|can)|before we|missed (?:your|my) call|"
    r"on-call|call(?:ed|ing)? (?:it|him|her|them|the)|(?:rather|instead|better|easier|more) "
    r"than (?:over |by |on |a )?(?:the )?(?:phone|call|zoom|email)|"
    r"than (?:over|by|on) (?:the )?\w+|not (?:a|another|over|on|by) (?:\w+ )?(?:zoom|call|"
    r"phone|teams|video)|no (?:more )?(?:zoom|call|video)|instead of (?:a |the |another |zoom|"
    r"our|yet)|sick of zoom|tired of (?:zoom|calls|video)|zoom fatigue|after (?:the|our|my) "
    r"call|last call|call sheet|call for (?:papers|entries)|enough (?:zoom|video)",
    re.IGNORECASE,
)


@cache
def _phrasebook() -> Phrasebook[str]:
    return Phrasebook(_KIND)


@cache
def _of_online() -> Phrasebook[str]:
    return Phrasebook({ONLINE_KIND: _ONLINE.pattern})


def kind_of(sentence: str) -> str:
    """The kind of meeting that ``sentence`` speaks of; "" where it names none."""
    found = _phrasebook().found_in(sentence)
    special = found.keys() - {"meeting", ONLINE_KIND}
    # Of two that begin at the same letter, the first in the alphabet.
    return min((found[kind], kind) for kind in special or found)[1] if found else ""


def online_in(sentence: str) -> str:
    """The words by which ``sentence`` says that people meet by phone or video; or ""."""
    found = _ONLINE.search(sentence) if _of_online().possible_in(sentence) else None
    if found is None or _CALL_ASIDE.search(sentence):
        return ""
    # "Call me" arranges a meeting more often than it is one.
    return "" if _RINGS.fullmatch(found[0]) and not _INSTEAD.search(sentence) else found[0]

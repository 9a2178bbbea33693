"""Words for places in a sentence: where to come, or somewhere that will not do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jeeves.domain.remark import Place, Sign

_LONGEST = 80
#: "in the Mitre" in a sentence of more words may be in the Philippines.
_BRIEF = 14
_MARK = r"[\w'&./-]"
_UP = r"(?:[A-ZÀ-ÖØ-ÞŁŚŽČŠ0-9]" + _MARK + r"*)"
_JOINT = (
    r"(?:of|and|&|de|del|della|la|le|les|el|du|des|di|da|do|am|an der|in der|der|den|van|von|"
    r"zum|zur|op|"
    r"by the|the|on the|in the|on|n')"
)
#: A name: words with capitals, small ones only between them.
_NAME = (
    rf"(?:(?:the|The|La|Le|El|Il|Das|Der|Die|das|der|die|de|het|den|dem|la|le|el|"
    rf"il)\s+)?{_UP}(?:\s+(?:{_JOINT}\s+){{0,2}}{_UP}){{0,6}}"
)

_NOUNS = """
    offices?|building|lobby|hotel|restaurant|café|cafe|coffee shop|coffee place|shop|bar|pub|house|home|flat|place|apartment|condo|
    desk|station|train station|tube station|bus stop|church|church hall|park|hall|town hall|village hall|theater|theatre|cinema|airport|
    school|library|stadium|field|gym|campus|plaza|mall|cafeteria|canteen|kitchen|boardroom|auditorium|studio|store|market|
    beach|lake|courts?|clubhouse|grill|museum|zoo|garage|warehouse|site|headquarters|hq|entrance|main entrance|front door|front desk|
    club|clinic|hospital|surgery|practice|depot|yard|terrace|garden|backyard|beer garden|bakery|diner|marina|dock|deli|brewery|taproom|
    bistro|trattoria|pizzeria|tavern|inn|steakhouse|brasserie|taqueria|gallery|reception|foyer|atrium|rink|pool|pitch|
    playground|barn|farm|allotments?|ward|chapel|vestry|room|common room|green|pier|harbour|harbor|bridge|square|fountain|
    statue|corner|spot|joint|patio|deck|rooftop|roof|lounge|car ?park|parking lot|bandstand|boathouse|boatshed|nursery|salon|workshop|
    unit|lab|embassy|courthouse|community centre|community center|centre|center|ground|stand|kiosk|doorstep|door|stall|bookshop|bookstore|showroom|chambers|hub|tearoom|mill|teahouse|tea ?room|tea bar|
    noodle bar|wine bar|food truck|food court|food hall|arcade|winery|vineyard|trailhead|gates?|observatory|pavilion|bench|
    conference room|meeting room|waiting room|break room|staff room|ticket office|box office|bus station|crossing|shed|hut|tent|booth
"""
_NOUN = "|".join(
    sorted("".join(_NOUNS.split("\n")).replace("    ", "").split("|"), key=len, reverse=True)
)
_NOT_DAY = r"(?!(?:Mon|Tues?|Wed|Wednes|Thurs?|Thu|Fri|Sat|Satur|Sun)(?:day)?s?\b|\d)"
_WITHIN = (
    rf"(?:\s+(?:on|in|at|by|near|off|next to|opposite|across from|behind|under|around|round|"
    rf"down|beside|of)\s+"
    rf"(?:the\s+|our\s+|my\s+|your\s+)?(?:{_NOT_DAY}{_UP}(?:\s+(?:{_JOINT}\s+)?{_UP}){{0,3}}|"
    rf"corner(?:\s+of\s+{_UP}(?:\s+(?:and|&)\s+{_UP})?)?|"
    rf"river|canal|quay|pier|harbou?r|square|market|hill|beach|water|station|park|lake|church|"
    rf"bridge|library|high street|main street|office|corner|street|seafront|way))"
)
_ADJECTIVES = (
    r"(?:(?!a\b|an\b|the\b|any\b|some\b|which\b|what\b|that\b|same\b|in\b|on\b|at\b|of\b|for\b|"
    r"to\b|with\b|and\b|or\b|is\b|are\b|from\b)[\w'&-]+\s+){0,4}?"
)

#: "my office", "the café on Mill Road", "your place".
_DEFINITE = re.compile(
    rf"\b(?:(?P<whose>my|your|our|his|her|their|the|this|that|[A-Z][\w-]+'s)\s+{_ADJECTIVES}"
    rf"(?:{_NOUN})s?)\b(?!'s\b|\s+(?:hours?|time|party|manager|staff|team|call|holiday|"
    rf"budget|rent|"
    rf"renovation|opening|visit|tour|move|work|meeting|policy|project|list|plan|plans|menu|"
    rf"owner|phone|number|address\b))"
    rf"{_WITHIN}{{0,2}}",
)
#: What makes such words a place to meet.
_LEADS = re.compile(
    r"(?:\b(?:at|in|to|by|outside|inside|near|behind|under|opposite|into|over at|over to|round|"
    r"through|meet|reach|via|try|say|booked|do|how about|what about|prefer|fancy|suits?|then|"
    r"just|choose|take|have|use|using|hire|borrow|got|^would|^could|^is|^will|^does|knock "
    r"(?:on|at)|"
    r"or|either|@)|@|[,;:-])\s*(?:up\s+)?(?:maybe\s+|perhaps\s+|say\s+|just\s+|still\s+)?$",
    re.IGNORECASE,
)
_SURE_LEADS = re.compile(
    r"(?:\b(?:at|outside|inside|over at|over to|round to|meet(?: you)? (?:at|in|by))|@)\s*$",
    re.IGNORECASE,
)
#: What makes the words before it a place to meet.
_SUITS = re.compile(
    r"\s*(?:at\s+\d|@|works|is (?:fine|good|great|perfect|ok|easiest|best|handy|closer|nearer|"
    r"quieter)|(?:be|would be) (?:ok|okay|fine|good|alright|all right|possible|easiest|best)|"
    r"would (?:be|work|suit)|will do|it is|then\b|instead|\?)",
    re.IGNORECASE,
)
_NOTHING_MORE = re.compile(
    (r"\W*(?:$|at\b|@|on\b|\d|please|then\b|for\b|as\b|if\b)"), re.IGNORECASE
)
_DOES = re.compile(
    r"\s+(?:just|has|have|had|was|were|is|are|emailed|called|says?|said|needs?|wants?|got|gets|"
    r"will|starts?|opens?)\b",
    re.IGNORECASE,
)
_IMPLIED = re.compile(
    r"\b(?:(?:the|our)\s+usual(?!\s+(?:link|time|suspects|rate|price|rates|way|stuff|business|"
    r"hour|team|crew|gang|day|slot|order|format|agenda|update))"
    r"(?:\s+(?:place|spot|table|haunt|pub|café|cafe|bar|room|corner|joint|restaurant|bench))?"
    r"|(?:(?:the|my|your)\s+)?usual\s+(?:place|spot|table|haunt|pub|café|cafe|bar|room)"
    r"|(?:the\s+)?same\s+(?:place|spot|café|cafe|pub|bar|restaurant|venue|location|"
    r"room(?=\s+(?:as|again)))(?:\s+as\s+[\w ]{1,25})?"
    r"|(?:at|to|round|round to|over to|over at|from)\s+(?:mine|yours|ours)\b"
    r"|(?:stop|drop|swing|come|pop|nip)\s+(?:by|in|over|round|around|past)(?!\s+(?:with|for "
    r"an?\b|and get|up\b|soon))"
    r"(?:\s+(?:to\s+)?(?:my|your|our|the|his|her)\s+[\w-]+(?:\s+(?!at\b|on\b|in\b|for\b|to\b|"
    r"and\b|by\b|with\b|if\b|then\b|around\b|about\b|before\b|after\b|when\b|any\b)[\w-]+)?)?"
    r"|(?:come|coming|drive|driving|travel|head|get)\s+(?:(?:out|over|up|down|round|"
    r"along)\s+)?to\s+(?:you|me|us|mine|yours|ours)\b"
    r"|come\s+(?:on\s+)?up\b(?!\s+(?:with|to\s+[A-Z]|since|in\b|again|short|against|for))|"
    r"come\s+(?:and\s+)?see\s+(?:me|us)\b"
    r"|pick(?:ing)?\s+(?:you|me|us)\s+up|(?:pick|collect)\s+you\b"
    r"|in\s+(?:my|your|our)\s+(?:office|room|kitchen|garden|lab)|chez\s+(?:moi|toi|nous|vous|"
    r"[A-ZÀ-Þ][\w'-]+)"
    r"|komm\w*\s+(?:\w+\s+){0,3}zu\s+(?:uns|mir)|v[ie]ens?\s+à\s+la\s+maison|"
    r"veníos?\s+a\s+casa|viens\s+chez\s+(?:moi|nous)"
    r"|bei\s+(?:mir|dir|uns|euch|ihnen)|en\s+(?:mi|tu|su|nuestra)\s+(?:casa|oficina|despacho)|"
    r"a\s+casa\s+(?:mia|tua|nostra)"
    r"|(?:na|em)\s+(?:minha|sua|tua)\s+casa|bij\s+(?:mij|jou|ons|jullie)|da\s+(?:me|te|noi)\b"
    r"|wie\s+immer(?!\s+um)|comme\s+d'habitude|donde\s+siempre|el\s+sitio\s+de\s+siempre|"
    r"al\s+solito\s+posto"
    r"|at\s+home\b|at\s+the\s+house\b|at\s+work\b|my\s+desk|your\s+desk|downstairs|out\s+front)",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"\b(?:(?:[Cc]onf(?:erence)?\.?|[Mm]eeting|[Bb]reakout|[Bb]oard)\s+)?(?:[Rr]oom|[Rr]m\.?|"
    r"ROOM|[Ss]uite|[Ss]te\.?|"
    r"[Bb]uilding|[Bb]ldg\.?|[Uu]nit|[Pp]latform|[Bb]ooth|[Ss]tand|[Hh]all|[Gg]ate|[Cc]ourt|"
    r"[Pp]itch|[Tt]heatre|[Tt]erminal|"
    r"[Ww]ard|[Cc]lassroom|[Rr]aum|[Ss]aal|[Ss]alle|[Ss]ala|[Zz]immer|"
    r"[Aa]ula)\s+(?:[A-Z]?[-.]?\d[\w.-]*|[A-Z]\d*\b(?!'))"
    r"(?:\s+(?:on|in|at)\s+(?:the\s+)?(?:\w+\s+floor|[A-Z][\w]+(?:\s+[A-Z]\w+)?))?"
    r"|\b(?:[Ss]alle|[Ss]aal|[Ss]ala|[Aa]ula|[Rr]aum)\s+[A-ZÀ-Þ][\w'-]+(?:\s+[A-ZÀ-Þ][\w'-]+)?"
    r"|(?<=\bin )(?:\d{1,2}[A-Z]{1,2}\d{0,2}|[A-Z]{2}\s?\d{2}[A-Z]?\d{0,2}|0\d{4})\b"
    r"|\b[A-Z]{2,5}\d{3,4}[A-Za-z]{0,2}\b|\b(?:the\s+)?boardroom\b|\b\d{1,2}(?:st|nd|rd|"
    r"th)\s+floor(?:\s+\w+room|\s+lobby|\s+kitchen)?",
)
_STREET_TYPES = (
    r"St\.?|Street|Ave\.?|Avenue|Rd\.?|Road|Blvd\.?|Boulevard|Dr\.?|Drive|Lane|Ln\.?|Place|"
    r"Pl\.?|Square|Sq\.?|"
    r"Parkway|Pkwy|Court|Ct\.?|Terrace|Crescent|Close|Way|Row|Quay|Wharf|Mews|Highway|Hwy|"
    r"Grove|Hill|Gardens|Walk|Yard|Plaza"
)
_ADDRESS = re.compile(
    rf"\b\d{{1,5}}[A-Za-z]?\s+(?:[NSEW]\.?\s+)?(?:(?:{_UP}|\d+(?:st|nd|rd|"
    rf"th))\s+){{1,3}}(?:{_STREET_TYPES})(?![\w])"
    rf"(?:,?\s+(?:[Ss]uite|[Uu]nit|[Aa]pt\.?|[Ff]loor|#)\s*\w+)?"
    rf"|\b\d{{2,5}}\s+[NSEW]\.?\s+[A-Z]\w+(?:\s+[A-Z]\w+)?"
    rf"|\b[A-ZÄÖÜ][\w-]*(?:straße|strasse|str\.|platz|gasse|weg|allee)\s+\d+\w?|"
    rf"\b\d+,?\s+(?:rue|avenue|boulevard|place|quai)\s+[\w' -]{{3,30}}"
    rf"|\b(?:[Cc]alle|[Pp]iazza|[Rr]ua|[Pp]laza)\s+{_UP}(?:\s+{_UP}){{0,3}}(?:,?\s+\d+)?|"
    rf"\b[Vv]ia\s+{_UP}(?:\s+{_UP}){{0,3}},?\s+\d+"
    rf"|\b(?:the\s+)?corner\s+of\s+{_UP}(?:\s+{_UP})?\s+(?:and|&)\s+{_UP}(?:\s+{_UP})?",
)
_LABELLED = re.compile(
    r"^\W*(?:where|location|venue|place|meeting point|address|ort|treffpunkt|adresse|lieu|"
    r"lugar|dove|luogo|waar|local)\s*[:=]\s*(?P<what>.+)$",
    re.IGNORECASE,
)
_MAP = re.compile(
    r"https?://\S*(?:maps\.|/maps|goo\.gl/maps|openstreetmap|what3words|g\.page)\S*", re.IGNORECASE
)
_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")

#: What stands before a name that is a place.
_AT = (
    r"(?:(?:\b[Aa]t|@|\b[Oo]utside|\b[Ii]nside|\b[Oo]ver at|\b[Ii]n front of|\b[Oo]pposite|"
    r"\b[Bb]eim?|\b[Ii]m|"
    r"\b[Aa]m|\b[Zz]um|\b[Zz]ur|\b[Aa]u|\b[Aa]ux|\b[Dd]evant|\b[Ee]n el|\b[Ee]n la|\b[Aa]l|"
    r"\b[Aa]lla|\b[Ii]n het|\b[Ii]n de)\s+)"
)
_AT_NAME = re.compile(rf"{_AT}(?:(?:maybe|say|perhaps|our|my|your)\s+)?(?P<name>{_NAME})")
#: Whoever proposes one.
_TRY_NAME = re.compile(
    rf"(?:\b(?:[Hh]ow about|[Ww]hat about|[Tt]ry|[Ss]ay|[Ll]et'?s (?:do|go (?:to|with)|try|"
    rf"say|make it|meet)|[Ss]hall we (?:do|say|go to|try|make it)|"
    rf"[Gg]o(?:ing)? to|[Cc]ome to|[Hh]ead(?:ing)? to|[Gg]et(?:ting)? to|[Pp]refer|[Pp]ropose|"
    rf"[Rr]ecommend|[Bb]ook|[Rr]eserve|[Tt]hen it's|[Tt]hen it is|[Cc]an do|[Mm]ake it|"
    rf"[Bb]ooked|[Rr]eserved|[Bb]ooked us(?: in(?:to)?)?|[Tt]able at|"
    rf"[Tt]able for \w+ at|[Gg]o for|[Gg]o with|[Vv]ote for|[Tt]hinking(?: of)?|[Ss]uggest|"
    rf"[Ll]ike|[Ll]ove|[Ff]ancy|[Mm]eet(?: up)? (?:you )?(?:at|in|by|outside)|[Mm]oved? (?:it "
    rf")?to|"
    rf"[Ee]ither|[Ss]wap(?:ping)? to|[Ss]witch(?:ing)? to|[Dd]o|[Mm]aybe|[Pp]erhaps|[Tt]ake|[Ii]nstead|"
    rf"[Ww]ie wär'?s mit|[Gg]ehen wir (?:ins|in|zum|zu)|"
    rf"[Oo]n va (?:au|à|chez)|[Qq]u[eé] tal (?:en )?|[Pp]ourquoi pas|[Vv]amos "
    rf"a(?:l)?)\s+)(?P<name>{_NAME})"
)
_WEEKDAY = r"(?:[Mm]on|[Tt]ues?|[Ww]ed(?:nes)?|[Tt]hu(?:rs?)?|[Ff]ri|[Ss]at(?:ur)?|[Ss]un)(?:day)?"
_NAME_WORKS = re.compile(
    rf"(?:^|[.!?,;:-]\s*)(?:[Oo]k(?:ay)?,?\s+|[Yy]es,?\s+|[Ss]ure,?\s+)?(?P<name>{_NAME})\s+"
    rf"(?:works|is (?:fine|good|great|perfect|ok|lovely|closer|quieter|better|nearer|open)|"
    rf"sounds|would (?:be (?:ok|okay|good|great|fine|perfect|lovely|ideal|better|easier|nice)|"
    rf"work|suit)|will (?:do|work)|it is|then\b|instead|at \d|@ ?\d|\?|for \w+day|on \w+day)"
    rf"|^\W*(?P<first>{_NAME}),?\s+(?:{_WEEKDAY}|tomorrow|tonight|today|noon|"
    rf"\d{{1,2}}(?:[:.]\d\d)?\s*(?:pm|am|ish)?\s*\?|at\s+\d|(?:half|quarter|about|around|from|"
    rf"say)\s+(?:past\s+|to\s+)?\d[\w:.]{{0,4}}(?:\s*(?:pm|am))?\W*$|"
    rf"\d{{1,2}}(?:[:.]\d\d)?\s*(?:pm|am)?\W*$)"
)
_TRY_LOWER = re.compile(
    r"\b(?:how|what) (?:about|bout|abt) (?P<what>[a-zà-ÿ][\w'-]*(?: [a-zà-ÿ][\w'-]*){0,2})\s*\?"
)
_NAME_WITHIN = re.compile(rf"(?:^|[.!?:,;]\s+)(?P<name>{_NAME}{_WITHIN})")
_HELD = re.compile(
    rf"\b(?:held|takes? place|taking place|it's|it is|booked a (?:room|"
    rf"table)[^.?!]{{0,40}}) (?:at|in) (?P<name>(?:the "
    rf")?{_UP}(?:\s+(?:{_JOINT}\s+)?{_UP}){{0,5}})"
)
_NAME_REFUSED = re.compile(
    rf"(?:^|[.!?,;:-]\s*|\b(?:but|though|that|because|think|know|"
    rf"and)\s+)(?P<name>{_NAME})\s+(?:is|are|was|will|has|closes|does|won|can|may|'s)"
)
_CHOICE = re.compile(
    rf"(?:^|[\s(])(?P<name>{_NAME}(?:,\s+{_NAME})?\s+or\s+(?:maybe\s+|perhaps\s+)?{_NAME})"
)
_IN_NUMBERED = re.compile(
    rf"\b[Ii]n\s+(?P<name>{_UP}(?:\s+{_UP}){{0,2}}\s+\d{{2,4}}[A-Za-z]?)\b(?!\s*(?:%|people|pm|"
    rf"am))"
)
_TYPED = re.compile(
    rf"\b(?P<name>(?:Restaurant|Café|Cafe|Hotel|Bar|Pub|Trattoria|Osteria|Bistro|Brasserie|Gasthaus|"
    rf"Gasthof|Ristorante|Pizzeria|Taverna|Bodega|Chez)\s+{_UP}(?:\s+(?:{_JOINT}\s+)?{_UP}){{0,3}})"
)
_THE_NAME = re.compile(rf"^\W*(?P<name>The\s+[A-Z]{_MARK}+(?:\s+{_UP}){{0,4}})(?=,|\.|!|$|\s+[-])")
_IN_NAMED = re.compile(
    rf"\b[Ii]n\s+(?:the\s+)?(?P<name>{_UP}(?:\s+{_UP}){{0,3}}\s+(?:[Oo]ffice|[Bb]uilding|"
    rf"[Ll]obby|[Rr]oom|[Pp]ark|[Ss]quare|[Gg]ardens?|[Hh]all|[Ll]ibrary|[Cc]af[eé]|[Ss]tation|"
    rf"[Ll]ounge|[Cc]onference [Rr]oom|[Ss]uite))\b"
)
_IN_THE_NAME = re.compile(
    rf"\b[Ii]n (?P<name>the (?!US|UK|USA|EU|Netherlands|Alps|States|City|Bay|Midlands|"
    rf"Lakes)[A-Z]{_MARK}+(?:\s+{_UP}){{0,3}})"
)
_FRAGMENT = re.compile(
    rf"^\W*(?:(?:[Tt]he|[Mm]aybe|[Oo]k|[Ss]ure|[Yy]es|[Hh]mm|[Aa]t|[Hh]ow about|"
    rf"[Oo]r)[,\s]+)?(?P<name>{_NAME})\W*$"
)

_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs "
    "fri sat sun january february "
    "march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi "
    "vendredi samedi dimanche lunes "
    "martes miércoles jueves viernes sábado domingo today tomorrow tonight easter christmas"
).split()
#: Where a name ends although the next word has a capital.
_BREAKS = frozenset([*_DAYS, "i", "i'm", "i'll", "noon", "zoom", "teams", "let's"])
#: Words with a capital that are no place.
_NO_PLACE = frozenset(
    [
        *_DAYS,
        *(
            "i i'm i'll i'd i've noon asap am pm ok okay yes no hi hello hey dear thanks thank "
            "cheers best regards re fw fwd ps "
            "p.s. zoom teams skype google facetime webex slack whatsapp hangouts meet signal "
            "discord telegram email e-mail first last least most lunch dinner "
            "coffee breakfast drinks meeting sure great perfect sounds yep yeah sorry let "
            "let's what when where how who why "
            "hope looking see talk love best kind warm sincerely monday's it its that this "
            "there then here we you he she "
            "they so but and or if because after before please just also maybe perhaps any "
            "anything all my our your his her "
            "their cannot can can't could would will won't shall should do don't does did is "
            "are was were be been have has had "
            "which while since until till for with from about happy good nice lovely cool fine "
            "right well now still not next "
            "one two three four five six seven eight nine ten q1 q2 q3 q4 eod cob eow tbd tba "
            "tbc fyi btw lol haha est pst cet gmt bst utc "
            "happy ja nein danke gruß grüße liebe lieber hallo bis merci bonjour salut bisous "
            "gracias hola saludos ciao grazie vale perfecto "
            "passt gerne klar super morning afternoon evening xx xxx gotcha done deal agreed "
            "absolutely definitely unfortunately speak talk chat ring see meet delighted "
            "overdue damn wonderful super understood sold amazing awesome congrats "
            "congratulations fantastic excellent brilliant "
            "lovely noted fab ha haha ugh wow phew oops true same likewise welcome cool superb "
            "ideal splendid marvellous magic actually honestly anyway otherwise instead either "
            "neither both mum mom dad gran works working call calls work keep make bring send "
            "save hold move change let give take tell ask say look check confirmed confirm "
            "book put get come go do be have leave try use join note please closed shut to from by"
        ).split(),
    ]
)
#: A short text that says something, and so is no name.
_SAYING = re.compile(
    r"\b(?:i|i'?m|i'?ll|im|ill|we|we'?re|you|u|ur|he|she|they|it|it'?s|its|that|that'?s|thats|"
    r"this|these|those|who|what|whats|when|why|how|which|is|are|am|was|were|be|been|do|does|"
    r"did|"
    r"have|has|had|can|could|will|would|should|shall|might|may|must|let'?s|lets|get|got|go|"
    r"going|come|coming|see|say|said|think|know|want|need|like|love|hope|make|take|bring|send|"
    r"give|tell|ask|"
    r"call|meet|work|works|good|great|fine|ok|okay|yes|yep|yeah|no|not|never|sure|maybe|"
    r"perhaps|too|so|very|really|just|also|only|still|now|then|soon|later|thanks|thank|thx|"
    r"sorry|please|pls|"
    r"hi|hello|hey|dear|cheers|best|regards|love|x|xx|xo|lol|haha|perfect|perf|deal|done|nice|"
    r"lovely|cool|sounds|happy|glad|and|but|if|because|about|with|without|for|from|any|some|"
    r"all|both|each|every|"
    r"me|my turn|us|them|him|her|time|day|week|today|tonight|tomorrow|morning|afternoon|"
    r"evening|noon|am|pm|\w+day|minutes?|mins?|hours?|dinner|lunch|coffee|drinks?|breakfast|"
    r"kids|looking|forward|"
    r"where|wheres|wo|wann|où|quand|dónde|cuándo|dove|ja|nein|oui|non|sí|si|nicht|ich|wir|du|"
    r"ihr|er|sie|es|ist|sind|habe|haben|je|tu|il|elle|nous|vous|est|sont|yo|tú|el|ella|es|son|"
    r"ist|gerne|klar|super|passt|bis|"
    r"right|wow|ha|aye|things?|same|welcome|congrats|congratulations|happened|weather|news|"
    r"question|idea|thoughts|subject|attached|invoice|report|update|draft|"
    r"page|of|no problem|no worries|as|again|more|less|else|another|other|next|last|first)\b",
    re.IGNORECASE,
)
#: "I work at Acme": where somebody belongs, not where to come.
_BELONGING = re.compile(
    r"\b(?:work(?:s|ed|ing)?|stud(?:y|ied|ying)|job|role|position|started (?:a job |work )?|"
    r"teach(?:es|ing)?|team|people|folks|friends?|"
    r"ceo|cto|director|partner|associate|colleagues?|someone|years?|looked|looking|manager|"
    r"engineer|professor|student|back|live|lives|putting (?:us|me|you)[^.!?]{0,40}|"
    r"was|were|been|happened|done|great time|(?:i'm|i am|we're|he's|she's|"
    r"they're)(?: stuck| still| currently| now| away| based| busy)?)\s+(?:is\s+|"
    r"are\s+)?(?:here\s+)?(?:at|in|for|by)\s+(?:the\s+)?$",
    re.IGNORECASE,
)

_REFUSALS = re.compile(
    r"\b(?:closed|shut(?:s|ting)?|fenced off|off limits|out of action|being done up|boarded up|"
    r"is out\b(?! of| there| in)|shut down|closing down|fully booked|booked (?:up|out|solid)|"
    r"no (?:tables?|space|room) (?:left|at|free)|full\b|packed|too\s+(?:\w+\s+)?"
    r"(?:loud|noisy|far|busy|crowded|expensive|pricey|fancy|small|cold|public|hot|touristy|"
    r"close to)|"
    r"(?:is|'s|are)\s+(?:a bit|so|very|rather|really|quite|quite a bit|always)?\s*(?:loud|"
    r"noisy|far|too far|awful|packed|rammed|dreadful|a nightmare|miles away|out of the "
    r"question|impossible)|"
    r"not\s+(?:at\s+|in\s+|to\s+)?(?:the|your|my|our|that|there|again|keen|a fan|sure about|"
    r"mad about|great for|so keen|an option|open|possible|available|free|ideal|working)\b|"
    r"no\s+longer|anywhere\s+but|rather\s+not|"
    r"can'?t\s+(?:do|stand|face|get to|make it to|go to|use|have|book|get into|be seen)|"
    r"cannot\s+(?:do|get to|use)|don'?t\s+(?:like|fancy|love|want|think (?:the|your|my))|"
    r"hate (?:that|the|it there|(?-i:[A-Z]))|avoid|banned|barred|"
    r"instead of|rather than|other than|anything but|\bnot\s+(?-i:[A-Z][a-z])|"
    r"won'?t\s+(?:work|do)|doesn'?t\s+(?:work|open|suit|do|take)|isn'?t\s+(?:open|"
    r"possible|available|going to work|ideal|free)|under (?:renovation|construction|"
    r"refurbishment)|"
    r"double[- ]booked|flooded|burst pipe|taken\b|gone out of business|being (?:painted|"
    r"renovated|refurbished)|has a private (?:party|event)|private event|lost the (?:room|"
    r"booking)|bumped|kicked out|has taken|have taken|taken by|ripped out|being redone|having "
    r"(?:its|the|a) (?:kitchen|refurb|renovation)|will not,? (?:however,? )?(?:attend|come|"
    r"meet|go|do it)|is taken|"
    r"geschlossen|zu laut|zu weit|ausgebucht|fermé|complet|trop (?:bruyant|loin|cher)|cerrado|"
    r"cierra|lleno|demasiado|chiuso|pieno|fechado|gesloten|zu hat|ruhetag|hat zu|nicht\s+(?:im|"
    r"in|beim|bei|zum))",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"\bneither\b|\bnor\b|\bweder\b|\bni\b.+\bni\b", re.IGNORECASE)
_GONE = re.compile(
    r"\b(?:it|they|that|there|place|that one|which)(?:'(?:s|re|ll)| is| are| was| will be| "
    r"has| looks)?(?: (?:a bit|so|very|rather|really|quite|always|just|all|now|actually|also|"
    r"been|be|usually))*\s+"
    r"(?:closed?s?|shut|fully booked|booked (?:up|out|solid)|full|packed|too (?:loud|noisy|far|"
    r"busy|crowded|expensive|pricey|fancy|small|cold|public|hot|touristy)|loud|noisy|far|under "
    r"renovation|geschlossen|zu (?:laut|weit|voll))\b"
    r"|^\W*(?:it's )?(?:closed|shut|full|fully booked|ferm[ée]e?|complet|chiuso|cerrado|"
    r"geschlossen)\b|\bnot there\b|\banywhere but\b|\bnot that (?:place|one|pub|café|cafe|bar|"
    r"restaurant)\b|\bcan'?t (?:do|get to|face) (?:there|that place|it)\b"
    r"|\bno (?:tables?|space) (?:left|free|available|until)\b|\b(?:den|der|das|es) (?:hat|ist) "
    r"(?:zu|ruhetag|geschlossen|zu laut)|\bc'est (?:fermé|complet|trop)|\bestá cerrado",
    re.IGNORECASE,
)
#: Of which places are told that are no place to come to.
_ASIDE = re.compile(
    r"(?:^|[,;(]\s*|\b(?:and|but|because|since|as|so|that)\s+)(?:i(?:'(?:m|ve)| am| was| "
    r"have| had| used| live| work| gave| left| got| read| saw| heard| met| went| grew| spent)|"
    r"(?:he|she|they|who|which|someone|somebody|nobody)(?:'(?:s|re|ve|d))?|"
    r"(?:the|my|your|his|her|their|our|a|an|some|one|two|three|"
    r"\w+'s)\s+(?:[\w'-]+\s+){1,4}?(?:is|are|was|were|has|have|had|lives?|works?|starts?|"
    r"got|sits|closes)|[A-Z][\w'-]+ (?:is|was|lives?|works?|has|had|got|left|went|says|"
    r"said))\b"
    r"(?! (?:thinking|hoping|wondering|happy|free|available|good|up for|booked|reserved|got us|"
    r"a table|table))[^?]*$",
    re.IGNORECASE,
)
_ABOUT_MEETING = re.compile(
    r"\b(?:meet|meeting|lunch|dinner|coffee|drinks?|breakfast|table|reservation|booked|booking|"
    r"reserved|tasting|rehearsal|orientation|session|viewing|appointment|interview|party|it|"
    r"this|that|venue|place|location|we|us|office|address|house|flat|studio|shop|clinic|"
    r"entrance)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",\s+(?:so|but|and|then|how|what|maybe|let|can|could|shall|or)\b|;|\s-\s|\s\(|\)\s|"
    r"\bbut\b|\bso\b(?!\s+(?:loud|far|busy|keen|noisy))|[.!?]\s|:\s|,\s",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:somewhere\s+(?:else|quieter|closer|nearer|different|less|more|cheaper|central|in "
    r"between)|some(?:where)? other (?:place|spot)|(?:an)?other\s+(?:place|spot|venue|room|"
    r"café|cafe|pub|restaurant)|"
    r"anywhere else|different (?:place|spot|venue|room)|new (?:venue|place|spot|room)|woanders|"
    r"ailleurs|otro sitio|en otro lado|altrove|outro lugar|ergens anders|alternative (?:venue|"
    r"place))\b",
    re.IGNORECASE,
)


def found_in(sentence: str, people: frozenset[str] = frozenset()) -> tuple[Place, ...]:
    """The places that ``sentence`` names, in order, none twice.

    ``people``: names, in lower case, of those who write and read: by themselves no places.
    """
    text = _LINK.sub(lambda link: link[0] if _MAP.fullmatch(link[0]) else " ", sentence)
    if labelled := _LABELLED.match(text):
        what = labelled["what"].strip(" .")
        return () if _undecided(what) else (Place(what[:_LONGEST]),)
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
    cuts = [0, *(cut.start() for cut in _CLAUSE.finditer(text)), len(text)]
    places = []
    neither = bool(_NEITHER.search(text))
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
    return bool(_LABELLED.match(sentence))


def refused(sentence: str) -> bool:
    """Whether it says of a place, not named here, that it will not do."""
    return bool(_GONE.search(sentence))


def elsewhere(sentence: str) -> bool:
    """Whether it asks for another place."""
    return bool(_ELSEWHERE.search(sentence))


def shuts(sentence: str) -> bool:
    """Whether it says of any place at all that it will not do."""
    return bool(_REFUSALS.search(sentence))


def _aside(before: str) -> bool:
    """Whether words for a place after ``before`` tell of something else than where to come."""
    clause = before[max([0, *(cut.end() for cut in _CLAUSE.finditer(before))]) :]
    return bool(_ASIDE.search(clause)) and not _ABOUT_MEETING.search(clause)


def _refuses(clause: str, words: str) -> bool:
    found = _REFUSALS.search(clause.replace("\0", words if words[:1].isupper() else "the place"))
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
    for pattern in (_ADDRESS, _ROOM, _IMPLIED):
        for found in pattern.finditer(text):
            yield found.start(), found.end(), _tidy(found[0]), Sign.SURE
    for found in _MAP.finditer(text):
        yield found.start(), found.end(), "the place on the map", Sign.SURE
    for found in _DEFINITE.finditer(text):
        before = text[: found.start()]
        after = text[found.end() :]
        whole = len(text[: found.start()].split()) <= 2 and bool(_NOTHING_MORE.match(after))
        if _DOES.match(after) and not _SUITS.match(after) and not _REFUSALS.search(after):
            continue
        if (
            _LEADS.search(before)
            or whole
            or _SUITS.match(text[found.end() :])
            or (found["whose"].lower() in ("my", "your", "our") and text[: found.start()].strip())
        ) and not _BELONGING.search(before):
            if re.search(
                r"\b(?:leave|leaving|left|working|work|live|run|own|sold|cleaning|renovating|"
                r"painting|secure|reserve|in (?:his|her|their|my|your))\s+(?:\w+\s+)?$",
                before,
                re.IGNORECASE,
            ):
                continue
            yield (
                found.start(),
                found.end(),
                _tidy(found[0]),
                Sign.SURE if _SURE_LEADS.search(before) else Sign.LIKELY,
            )
    for found in _IN_NAMED.finditer(text):
        yield found.start("name"), found.end("name"), _tidy(found["name"]), Sign.SURE
    offers = text.rstrip().endswith("?") or text.lower().lstrip().startswith("either")
    for found in _CHOICE.finditer(text) if offers else ():
        name = found["name"]
        parts = re.split(r",\s+|\s+or\s+(?:maybe\s+|perhaps\s+)?", name)
        if all(
            _trimmed(p) == p.rstrip(" .,'") and _may_be_place(p, people, named_at=False)
            for p in parts
        ):
            yield found.start("name"), found.end("name"), _tidy(name), Sign.LIKELY
    for found in _NAME_REFUSED.finditer(text):
        name = _trimmed(found["name"])
        rest = _CLAUSE.split(text[found.end("name") :], maxsplit=1)[0]
        if name and _REFUSALS.search(rest) and _may_be_place(name, people, named_at=False):
            yield found.start("name"), found.start("name") + len(name), _tidy(name), Sign.LIKELY
    for pattern, sign in (
        (_AT_NAME, Sign.SURE),
        (_TRY_NAME, Sign.LIKELY),
        (_NAME_WORKS, Sign.LIKELY),
        (_IN_THE_NAME, Sign.LIKELY),
        (_HELD, Sign.SURE),
        (_IN_NUMBERED, Sign.SURE),
        (_THE_NAME, Sign.LIKELY),
        (_TYPED, Sign.SURE),
        (_NAME_WITHIN, Sign.LIKELY),
        (_FRAGMENT, Sign.BARE),
    ):
        for found in pattern.finditer(text):
            group = "name" if found["name"] is not None else "first"
            name = _trimmed(found[group])
            before = text[: found.start(group)]
            if _BELONGING.search(before) or (
                pattern is _IN_THE_NAME and len(text.split()) > _BRIEF
            ):
                continue
            if name and _may_be_place(name, people, named_at=sign is Sign.SURE):
                yield found.start(group), found.start(group) + len(name), _tidy(name), sign
    if tried := _TRY_LOWER.search(text):
        fragment = _lower_fragment(f"{tried['what']}?")
        if fragment:
            yield tried.start("what"), tried.start("what") + len(fragment), fragment, Sign.LIKELY
    if fragment := _lower_fragment(text):
        start = text.index(fragment)
        yield start, start + len(fragment), fragment, Sign.BARE


def _lower_fragment(text: str) -> str:
    """All of a short text that names a thing and does nothing else, such as ``casa "
    "brindisi?``."""
    bare = text.strip(" .!?,")
    words = bare.lower().split()
    if not 1 <= len(words) <= 5 or not (len(words) > 1 or text.strip().endswith("?")):
        return ""
    if not re.fullmatch(r"[^\W\d_]+(?:[ '&-]+[^\W\d_]+)*", bare) or _SAYING.search(bare):
        return ""
    return "" if all(word.strip("'") in _NO_PLACE for word in words) else bare


def _trimmed(name: str) -> str:
    """``name`` up to the first of its words that is a day, an hour or no name."""
    words = re.split(r"(\s+)", name)
    kept: list[str] = []
    for n in range(0, len(words), 2):
        word = words[n].strip(".,'").lower()
        if n and (
            word in _BREAKS or re.fullmatch(r"\d{1,2}(?:[:.]\d\d)?(?:[ap]m)?(?:-\d+)?", word)
        ):
            break
        kept += words[n : n + 2]
    while kept and (not kept[-1].strip() or re.fullmatch(rf"{_JOINT}", kept[-1])):
        kept.pop()
    return "".join(kept).rstrip(" .,'")


def _may_be_place(name: str, people: frozenset[str], *, named_at: bool) -> bool:
    lower = name.lower()
    first = re.sub(r"^(?:the|la|le|el|il|das|der|die|dem|den|de|het)\s+", "", lower)
    words = first.split()
    if (
        not words
        or (first == lower and words[0].strip(".,'") in _NO_PLACE)
        or words[0] in _DAYS
        or words[0].rstrip("s") in _DAYS
    ):
        return False
    if all(word.strip(".,") in _NO_PLACE for word in words):
        return False
    if re.fullmatch(r"[\d.:/-]+(?:am|pm|st|nd|rd|th|ish|h|k|%)?", words[0]):
        return False
    if all(word.strip(".,'") in people for word in words):
        return False
    # "Dana's" is where Dana lives; after nothing at all it may be anything of hers.
    return named_at or not (first.endswith(("'s", "'s")) and first[:-2] in people)


def _tidy(words: str) -> str:
    tidy = " ".join(words.split()).strip(" ,;.!?")
    return re.sub(r"^(?:at|to|from|over|round|@)\s+(?=\S)", "", tidy, flags=re.IGNORECASE)[
        :_LONGEST
    ]

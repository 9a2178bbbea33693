"""By which words people name places, say that one will not do, and ask for another.

Written by hand, English deepest. Every pattern is searched in one sentence of bounded length.
"""

from __future__ import annotations

import re

LONGEST = 80
#: "in the Mitre" in a sentence of more words may be in the Philippines.
BRIEF = 14
MARK = r"[\w'&./-]"
UP = r"(?:[A-ZÀ-ÖØ-ÞŁŚŽČŠ0-9]" + MARK + r"*)"
JOINT = (
    r"(?:of|and|&|de|del|della|la|le|les|el|du|des|di|da|do|am|an der|in der|der|den|van|von|"
    r"zum|zur|op|"
    r"by the|the|on the|in the|on|n')"
)
#: A name: words with capitals, small ones only between them.
NAME = (
    rf"(?:(?:the|The|La|Le|El|Il|Das|Der|Die|das|der|die|de|het|den|dem|la|le|el|"
    rf"il)\s+)?{UP}(?:\s+(?:{JOINT}\s+){{0,2}}{UP}){{0,6}}"
)

NOUNS = """
    offices?|building|lobby|hotel|restaurant|café|cafe|coffee shop|coffee place|shop|bar|pub|
    house|home|flat|place|apartment|condo|desk|station|train station|tube station|bus stop|
    church|church hall|park|hall|town hall|village hall|theater|theatre|cinema|airport|
    school|library|stadium|field|gym|campus|plaza|mall|cafeteria|canteen|kitchen|boardroom|
    auditorium|studio|store|market|beach|lake|courts?|clubhouse|grill|museum|zoo|garage|
    warehouse|site|headquarters|hq|entrance|main entrance|front door|front desk|club|clinic|
    hospital|surgery|practice|depot|yard|terrace|garden|backyard|beer garden|bakery|diner|
    marina|dock|deli|brewery|taproom|bistro|trattoria|pizzeria|tavern|inn|steakhouse|
    brasserie|taqueria|gallery|reception|foyer|atrium|rink|pool|pitch|playground|barn|farm|
    allotments?|ward|chapel|vestry|room|common room|green|pier|harbour|harbor|bridge|
    footbridge|lay-?by|roundabout|boatyard|square|fountain|statue|corner|spot|joint|patio|
    deck|rooftop|roof|lounge|car ?park|parking lot|bandstand|boathouse|boatshed|nursery|
    salon|workshop|unit|lab|embassy|courthouse|community centre|community center|centre|
    center|ground|stand|kiosk|doorstep|door|stall|bookshop|bookstore|showroom|chambers|hub|
    tearoom|mill|teahouse|tea ?room|tea bar|noodle bar|wine bar|food truck|food court|
    food hall|arcade|winery|vineyard|trailhead|gates?|observatory|pavilion|bench|
    conference room|meeting room|waiting room|break room|staff room|ticket office|box office|
    bus station|crossing|shed|hut|tent|booth
"""
NOUN = "|".join(
    sorted("".join(NOUNS.split("\n")).replace("    ", "").split("|"), key=len, reverse=True)
)
NOT_DAY = r"(?!(?:Mon|Tues?|Wed|Wednes|Thurs?|Thu|Fri|Sat|Satur|Sun)(?:day)?s?\b|\d)"
WITHIN = (
    rf"(?:\s+(?:on|in|at|by|near|off|next to|opposite|across from|behind|under|around|round|"
    rf"down|beside|of)\s+"
    rf"(?:the\s+|our\s+|my\s+|your\s+)?(?:{NOT_DAY}{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,3}}|"
    rf"corner(?:\s+of\s+{UP}(?:\s+(?:and|&)\s+{UP})?)?|"
    rf"river|canal|quay|pier|harbou?r|square|market|hill|beach|water|station|park|lake|church|"
    rf"bridge|library|high street|main street|office|corner|street|seafront|way))"
)
ADJECTIVES = (
    r"(?:(?!a\b|an\b|the\b|any\b|some\b|which\b|what\b|that\b|same\b|in\b|on\b|at\b|of\b|for\b|"
    r"to\b|with\b|and\b|or\b|is\b|are\b|from\b)[\w'&-]+\s+){0,4}?"
)

#: "my office", "the café on Mill Road", "your place".
DEFINITE = re.compile(
    rf"\b(?:(?P<whose>[Mm]y|[Yy]our|[Oo]ur|his|her|their|[Tt]he|this|that|[A-Z][\w-]+'s)\s+{ADJECTIVES}"
    rf"(?:{NOUN})s?)\b(?!'s\b|\s+(?:hour|time|party|manager|staff|team|call|holiday|"
    rf"budget|rent|"
    rf"renovation|opening|visit|tour|move|meeting|policy|project|list|plan|menu|"
    rf"owner|phone|number|address)s?\b|\s+work\b)"
    rf"{WITHIN}{{0,2}}",
)
IMPLIED = re.compile(
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
    r"|at\s+home\b|at\s+the\s+house\b|my\s+desk|your\s+desk|downstairs|out\s+front)",
    re.IGNORECASE,
)
ROOM = re.compile(
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
STREET_TYPES = (
    r"St\.?|Street|Ave\.?|Avenue|Rd\.?|Road|Blvd\.?|Boulevard|Dr\.?|Drive|Lane|Ln\.?|Place|"
    r"Pl\.?|Square|Sq\.?|"
    r"Parkway|Pkwy|Court|Ct\.?|Terrace|Crescent|Close|Way|Row|Quay|Wharf|Mews|Highway|Hwy|"
    r"Grove|Hill|Gardens|Walk|Yard|Plaza"
)
ADDRESS = re.compile(
    rf"\b\d{{1,5}}[A-Za-z]?\s+(?:[NSEW]\.?\s+)?(?:(?:{UP}|\d+(?:st|nd|rd|"
    rf"th))\s+){{1,3}}(?:{STREET_TYPES})(?![\w])"
    rf"(?:,?\s+(?:[Ss]uite|[Uu]nit|[Aa]pt\.?|[Ff]loor|#)\s*\w+)?"
    rf"|\b\d{{2,5}}\s+[NSEW]\.?\s+[A-Z]\w+(?:\s+[A-Z]\w+)?"
    rf"|\b[A-ZÄÖÜ][\w-]*(?:straße|strasse|str\.|platz|gasse|weg|allee)\s+\d+\w?|"
    rf"\b\d+,?\s+(?:rue|avenue|boulevard|place|quai)\s+[\w' -]{{3,30}}"
    rf"|\b(?:[Cc]alle|[Pp]iazza|[Rr]ua|[Pp]laza)\s+{UP}(?:\s+{UP}){{0,3}}(?:,?\s+\d+)?|"
    rf"\b[Vv]ia\s+{UP}(?:\s+{UP}){{0,3}},?\s+\d+"
    rf"|\b(?:the\s+)?corner\s+of\s+{UP}(?:\s+{UP})?\s+(?:and|&)\s+{UP}(?:\s+{UP})?",
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
    r"\b[Bb]eim?|\b[Ii]m|"
    r"\b[Aa]m|\b[Zz]um|\b[Zz]ur|\b[Aa]u|\b[Aa]ux|\b[Dd]evant|\b[Ee]n el|\b[Ee]n la|\b[Aa]l|"
    r"\b[Aa]lla|\b[Ii]n het|\b[Ii]n de)\s+)"
)
AT_NAME = re.compile(rf"{AT}(?:(?:maybe|say|perhaps|our|my|your)\s+)?(?P<name>{NAME})")
#: Whoever proposes one.
TRY_NAME = re.compile(
    rf"(?:\b(?:[Hh]ow about|[Ww]hat about|[Tt]ry|[Ss]ay|[Ll]et'?s (?:do|go (?:to|with)|try|"
    rf"say|make it|meet)|[Ss]hall we (?:do|say|go to|try|make it)|"
    rf"[Gg]o(?:ing)? to|[Cc]ome to|[Hh]ead(?:ing)? to|[Gg]et(?:ting)? to|[Pp]refer|[Pp]ropose|"
    rf"[Rr]ecommend|[Bb]ook|[Rr]eserve|[Tt]hen it's|[Tt]hen it is|[Ss]ettled on|[Gg]one for|"
    rf"[Dd]ecided on|[Pp]icked|[Cc]hosen|[Cc]hose|[Cc]an do|[Mm]ake it|"
    rf"[Bb]ooked|[Rr]eserved|[Bb]ooked us(?: in(?:to)?)?|[Tt]able at|"
    rf"[Tt]able for \w+ at|[Gg]o for|[Gg]o with|[Vv]ote for|[Tt]hinking(?: of)?|[Ss]uggest|"
    rf"[Ll]ike|[Ll]ove|[Ff]ancy|[Mm]eet(?: up)? (?:you )?(?:at|in|by|outside)|[Mm]oved? (?:it "
    rf")?to|"
    rf"[Ee]ither|[Ss]wap(?:ping)? to|[Ss]witch(?:ing)? to|[Dd]o|[Mm]aybe|[Pp]erhaps|[Tt]ake|"
    rf"[Ii]nstead|"
    rf"[Ww]ie wär'?s mit|[Gg]ehen wir (?:ins|in|zum|zu)|"
    rf"[Oo]n va (?:au|à|chez)|[Qq]u[eé] tal (?:en )?|[Pp]ourquoi pas|[Vv]amos "
    rf"a(?:l)?)\s+)(?P<name>{NAME})"
)
WEEKDAY = r"(?:[Mm]on|[Tt]ues?|[Ww]ed(?:nes)?|[Tt]hu(?:rs?)?|[Ff]ri|[Ss]at(?:ur)?|[Ss]un)(?:day)?"
NAME_WORKS = re.compile(
    rf"(?:^|[.!?,;:-]\s*)(?:[Oo]k(?:ay)?,?\s+|[Yy]es,?\s+|[Ss]ure,?\s+)?(?P<name>{NAME})\s+"
    rf"(?:works|is (?:fine|good|great|perfect|ok|lovely|closer|quieter|better|nearer|open)|"
    rf"sounds|would (?:be (?:ok|okay|good|great|fine|perfect|lovely|ideal|better|easier|nice)|"
    rf"work|suit)|will (?:do|work)|it is|then\b|instead|at \d|@ ?\d|\?|for \w+day|on \w+day)"
    rf"|^\W*(?P<first>{NAME}),?\s+(?:{WEEKDAY}|tomorrow|tonight|today|noon|"
    rf"\d{{1,2}}(?:[:.]\d\d)?\s*(?:pm|am|ish)?\s*\?|at\s+\d|(?:half|quarter|about|around|from|"
    rf"say)\s+(?:past\s+|to\s+)?\d[\w:.]{{0,4}}(?:\s*(?:pm|am))?\W*$|"
    rf"\d{{1,2}}(?:[:.]\d\d)?\s*(?:pm|am)?\W*$)"
)
CALLED = re.compile(
    rf"\b(?:spot|place|bar|café|cafe|pub|restaurant|joint|bakery|bistro|"
    rf"tavern),?\s+(?:called\s+|named\s+)?(?P<name>{NAME})"
)
NAME_WITHIN = re.compile(rf"(?:^|[.!?:,;]\s+)(?P<name>{NAME}{WITHIN})")
HELD = re.compile(
    rf"\b(?:held|takes? place|taking place|it's|it is|booked a (?:room|"
    rf"table)[^.?!]{{0,40}}) (?:at|in) (?P<name>(?:the "
    rf")?{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,5}})"
)
NAME_REFUSED = re.compile(
    rf"(?:^|[.!?,;:-]\s*|\b(?:but|though|that|because|think|know|"
    rf"and)\s+)(?P<name>{NAME})\s+(?:is|are|was|will|has|closes|does|won|can|may|'s)"
)
CHOICE = re.compile(
    rf"(?:^|[\s(])(?P<name>{NAME}(?:,\s+{NAME})?\s+or\s+(?:maybe\s+|perhaps\s+)?{NAME})"
)
IN_NUMBERED = re.compile(
    rf"\b[Ii]n\s+(?P<name>{UP}(?:\s+{UP}){{0,2}}\s+\d{{2,4}}[A-Za-z]?)\b(?!\s*(?:%|people|pm|"
    rf"am))"
)
TYPED = re.compile(
    rf"\b(?P<name>(?:Restaurant|Café|Cafe|Hotel|Bar|Pub|Trattoria|Osteria|Bistro|Brasserie|"
    rf"Gasthaus|"
    rf"Gasthof|Ristorante|Pizzeria|Taverna|Bodega|Chez)\s+{UP}(?:\s+(?:{JOINT}\s+)?{UP}){{0,3}})"
)
THE_NAME = re.compile(rf"^\W*(?P<name>The\s+[A-Z]{MARK}+(?:\s+{UP}){{0,4}})(?=,|\.|!|$|\s+[-])")
IN_NAMED = re.compile(
    rf"\b[Ii]n\s+(?:the\s+)?(?P<name>{UP}(?:\s+{UP}){{0,3}}\s+(?:[Oo]ffice|[Bb]uilding|"
    rf"[Ll]obby|[Rr]oom|[Pp]ark|[Ss]quare|[Gg]ardens?|[Hh]all|[Ll]ibrary|[Cc]af[eé]|[Ss]tation|"
    rf"[Ll]ounge|[Cc]onference [Rr]oom|[Ss]uite))\b"
)
IN_THE_NAME = re.compile(
    rf"\b[Ii]n (?P<name>the (?!US|UK|USA|EU|Netherlands|Alps|States|City|Bay|Midlands|"
    rf"Lakes)[A-Z]{MARK}+(?:\s+{UP}){{0,3}})"
)
FRAGMENT = re.compile(
    rf"^\W*(?:(?:[Tt]he|[Mm]aybe|[Oo]k|[Ss]ure|[Yy]es|[Hh]mm|[Aa]t|[Hh]ow about|"
    rf"[Oo]r)[,\s]+)?(?P<name>{NAME})\W*$"
)

DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs "
    "fri sat sun january february "
    "march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi "
    "vendredi samedi dimanche lunes "
    "martes miércoles jueves viernes sábado domingo today tomorrow tonight easter christmas"
).split()
#: Where a name ends although the next word has a capital.
BREAKS = frozenset([*DAYS, "i", "i'm", "i'll", "noon", "zoom", "teams", "let's"])
#: Part of many names, and none by themselves: "On Friday, then."
PARTICLES = frozenset("a an as at in into of on onto the upon".split())
#: Words with a capital that are no place.
NO_PLACE = frozenset(
    [
        *DAYS,
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
            "beauty star ace legend champion bravo ideal splendid marvellous magic "
            "actually honestly anyway otherwise instead either "
            "neither both mum mom dad gran works working call calls work keep make bring send "
            "save hold move change let give take tell ask say look check confirmed confirm "
            "book put get come go do be have leave try use join note please closed shut to "
            "from by"
        ).split(),
    ]
)

"""Words for days and months, in the languages of many mailboxes."""

from __future__ import annotations

import re


def numbered(text: str) -> dict[str, int]:
    """``a b, c`` is {a: 0, b: 0, c: 1}."""
    return {word: n for n, words in enumerate(text.split(",")) for word in words.split()}


WEEKDAYS = numbered(
    """monday mon mondays montag lundi lunes lunedì lunedi segunda segunda-feira maandag måndag
    mandag,
    tuesday tue tues tuesdays dienstag mardi martes martedì martedi terça terça-feira dinsdag tisdag
    tirsdag,
    wednesday wed weds wednesdays mittwoch mercredi miércoles miercoles mercoledì mercoledi quarta
    quarta-feira woensdag onsdag,
    thursday thu thur thurs thursdays donnerstag jeudi jueves giovedì giovedi quinta quinta-feira
    donderdag torsdag,
    friday fri fridays freitag vendredi viernes venerdì venerdi sexta sexta-feira vrijdag fredag,
    saturday sat saturdays samstag sonnabend samedi sábado sabado sabato zaterdag lördag lørdag,
    sunday sun sundays sonntag dimanche domingo domenica zondag söndag søndag"""
)
#: Days only where they are not verbs, stars or spouses.
ALSO_WORDS = frozenset("sun sat mon wed mar quarta sexta".split())
NOT_A_DAY = re.compile(
    r"\s+(?:down|in|on|with|next|there|through|and|back|screen|is|was|has|set|block)\b|'s\b"
)
#: Behind "mon", which in French is no Monday.
MINE = re.compile(
    r"\s+(?!(?:at|or|to|from|till|until|by|around|about|after|before|then|for|if|would|might|"
    r"could|will|works?|suits?|instead|please|noon|lunch\w*|dinner|morning|afternoon|evening|"
    r"night|tues?|wed|thurs?|fri|sat|sun|am|pm)\b)[a-zà-ÿ]"
)
NEAR = {
    **dict.fromkeys(
        "today tonight tonite heute aujourd'hui hoy oggi stasera hoje vandaag vanavond idag "
        "i'dag".split(),
        0,
    ),
    **dict.fromkeys(
        "tomorrow tomorow tommorow tommorrow tmrw tmw tmrow 2moro demain domani amanhã morgen "
        "imorgon".split(),
        1,
    ),
    **dict.fromkeys("übermorgen overmorgen après-demain dopodomani".split(), 2),
}
MONTHS = numbered(
    """january jan januar janvier enero gennaio janeiro januari,
    february feb februar février febrero febbraio fevereiro februari,
    march mar märz mars marzo março maart,
    april apr avril abril aprile,
    may mai mayo maggio maio mei,
    june jun juni juin junio giugno junho,
    july jul juli juillet julio luglio julho,
    august aug août agosto augustus,
    september sep sept septembre septiembre settembre setembro,
    october oct oktober octobre octubre ottobre outubro,
    november nov novembre noviembre novembro,
    december dec dezember décembre diciembre dicembre dezembro"""
)

"""What stands around words for a place, and tells whether it is one to meet at.

Written by hand, English deepest. Every pattern is searched in one sentence of bounded length.
"""

from __future__ import annotations

import re

#: What makes such words a place to meet.
LEADS = re.compile(
    r"(?:\b(?:start(?:ing)? from|pass by|call in at|at|in|to|by|outside|inside|near|behind|"
    r"under|opposite|into|over at|over to|round|"
    r"through|meet|reach|via|try|say|booked|do|how about|what about|prefer|fancy|suits?|then|"
    r"just|choose|take|have|use|using|hire|borrow|got|^would|^could|^is|^will|^does|knock "
    r"(?:on|at)|"
    r"or|either|@)|@|[,;:-])\s*(?:up\s+)?(?:maybe\s+|perhaps\s+|say\s+|just\s+|still\s+)?$",
    re.IGNORECASE,
)
SURE_LEADS = re.compile(
    r"(?:\b(?:pass by|start(?:ing)? from|at|outside|inside|over at|over to|round to|meet(?: "
    r"you)? (?:at|in|by))|@)\s*$",
    re.IGNORECASE,
)
#: What makes the words before it a place to meet.
SUITS = re.compile(
    r"\s*(?:at\s+\d|@|works|is (?:fine|good|great|perfect|ok|easiest|best|handy|closer|nearer|"
    r"quieter)|(?:be|would be) (?:ok|okay|fine|good|alright|all right|possible|easiest|best)|"
    r"would (?:be|work|suit)|will do|it is|then\b|instead|\?)",
    re.IGNORECASE,
)
NOTHING_MORE = re.compile(
    (r"^\W*(?:$|at\b|@|on\b|\d|please|then\b|for\b|as\b|if\b)"), re.IGNORECASE
)
DOES = re.compile(
    r"\s+(?:just|has|have|had|was|were|is|are|emailed|called|says?|said|needs?|wants?|got|gets|"
    r"will|starts?|opens?)\b",
    re.IGNORECASE,
)
#: "I work at Acme": where somebody belongs, not where to come.
BELONGING = re.compile(
    r"\b(?:(?:flight|plane|train)\b[^.!?]{0,40}|land(?:s|ed|ing)?|"
    r"work(?:s|ed|ing)?|stud(?:y|ied|ying)|job|role|position|started (?:a job |work )?|"
    r"teach(?:es|ing)?|team|people|folks|friends?|"
    r"ceo|cto|director|partner|associate|colleagues?|someone|years?|looked|looking|manager|"
    r"engineer|professor|student|back|live|lives|putting (?:us|me|you)[^.!?]{0,40}|"
    r"was|were|been|happened|done|great time|(?:i'm|i am|we're|he's|she's|"
    r"they're)(?: stuck| still| currently| now| away| based| busy)?)\s+(?:is\s+|"
    r"are\s+)?(?:here\s+)?(?:at|in|for|by)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
#: A short text that says something, and so is no name.
SAYING = re.compile(
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
    r"lives?|lived|page|of|no problem|no worries|as|again|more|less|else|another|other|next|"
    r"last|first)\b",
    re.IGNORECASE,
)
REFUSALS = re.compile(
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
NEITHER = re.compile(r"\bneither\b|\bnor\b|\bweder\b|\bni\b.+\bni\b", re.IGNORECASE)
GONE = re.compile(
    r"\b(?:it|they|that|there|place|that one|which)(?:'(?:s|re|ll|ve)| is| have| are| was| "
    r"will be| "
    r"has| looks)?(?: (?:a bit|so|very|rather|really|quite|always|just|all|now|actually|also|"
    r"been|be|usually))*\s+"
    r"(?:closed?s?|shut|fully booked|booked (?:up|out|solid)|full|packed|too (?:loud|noisy|far|"
    r"busy|crowded|expensive|pricey|fancy|small|cold|public|hot|touristy)|loud|noisy|far|under "
    r"renovation|boarded up|(?:closed|knocked|burn(?:t|ed)|pulled) down|demolished|"
    r"geschlossen|zu (?:laut|weit|voll))\b"
    r"|\bthat's out\b|^\W*(?:it's )?(?:closed|shut|full|fully booked|ferm[ée]e?|complet|chiuso|"
    r"cerrado|"
    r"geschlossen)\b|\bnot there\b|\banywhere but\b|\bnot that (?:place|one|pub|café|cafe|bar|"
    r"restaurant)\b|\bcan'?t (?:do|get to|face) (?:there|that place|it)\b"
    r"|\bno (?:tables?|space) (?:left|free|available|until)\b|\b(?:den|der|das|es) (?:hat|ist) "
    r"(?:zu|ruhetag|geschlossen|zu laut)|\bc'est (?:fermé|complet|trop)|\bestá cerrado",
    re.IGNORECASE,
)
#: Of which places are told that are no place to come to.
ASIDE = re.compile(
    r"(?:^|[,;(]\s*|\b(?:and|but|because|since|as|so|that)\s+)(?:(?:crying|laughing|sitting|"
    r"typing|"
    r"writing|reading|working|stuck|sat) |i(?:'(?:m|ve)| am| was| "
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
ABOUT_MEETING = re.compile(
    r"\b(?:meet|meeting|lunch|dinner|coffee|drinks?|breakfast|table|reservation|booked|booking|"
    r"reserved|tasting|rehearsal|orientation|session|viewing|appointment|interview|party|it|"
    r"this|that|venue|place|location|we|us|office|address|house|flat|studio|shop|clinic|"
    r"entrance)\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(
    r",\s+(?:so|but|and|then|how|what|maybe|let|can|could|shall|or)\b|;|\s-\s|\s\(|\)\s|"
    r"\bbut\b|\bso\b(?!\s+(?:loud|far|busy|keen|noisy))|[.!?]\s|:\s|,\s",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"\b(?:somewhere\s+(?:else|quieter|closer|nearer|different|less|more|cheaper|central|in "
    r"between)|some(?:where)? other (?:place|spot)|(?:an)?other\s+(?:place|spot|venue|room|"
    r"café|cafe|pub|restaurant)|"
    r"anywhere else|different (?:place|spot|venue|room)|new (?:venue|place|spot|room)|woanders|"
    r"ailleurs|otro sitio|en otro lado|altrove|outro lugar|ergens anders|alternative (?:venue|"
    r"place))\b",
    re.IGNORECASE,
)
TRY_LOWER = re.compile(
    r"\b(?:how|what) (?:about|bout|abt) (?P<what>[a-zà-ÿ][\w'-]*(?: [a-zà-ÿ][\w'-]*){0,2})\s*\?"
)

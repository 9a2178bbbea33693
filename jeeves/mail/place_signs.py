"""What stands around words for a place, and tells whether it is one to meet at.

Every pattern is searched in one sentence of bounded length.
"""

from __future__ import annotations

import re

from jeeves.mail.phrases import any_of, words

#: What makes such words a place to meet.
LEADS = re.compile(
    rf"(?:\b(?:{any_of('place_leads')})|@|[,;:-])\s*"
    r"(?:up\s+)?(?:maybe\s+|perhaps\s+|say\s+|just\s+|still\s+)?$",
    re.IGNORECASE,
)
SURE_LEADS = re.compile(
    r"(?:\b(?:pass by|start(?:ing)? from|at|outside|inside|over at|over to|round to|"
    r"meet(?: you)? (?:at|in|by))|@)\s*$",
    re.IGNORECASE,
)
#: What makes the words before it a place to meet.
SUITS = re.compile(
    r"\s*(?:"
    + "|".join(
        (
            r"at\s+\d",
            "@",
            "works",
            "is (?:fine|good|great|perfect|ok|easiest|best|handy|closer|nearer|quieter)",
            "(?:be|would be) (?:ok|okay|fine|good|alright|all right|possible|easiest|best)",
            "would (?:be|work|suit)",
            "will do",
            "it is",
            r"then\b",
            "instead",
            r"\?",
        )
    )
    + ")",
    re.IGNORECASE,
)
NOTHING_MORE = re.compile(r"^\W*(?:$|at\b|@|on\b|\d|please|then\b|for\b|as\b|if\b)", re.IGNORECASE)
DOES = re.compile(
    r"\s+(?:just|has|have|had|was|were|is|are|emailed|called|says?|said|needs?|wants?|got|gets|"
    r"will|starts?|opens?)\b",
    re.IGNORECASE,
)
#: "I work at Acme": where somebody belongs, not where to come.
BELONGING = re.compile(
    rf"\b(?:{any_of('belonging')})\s+"
    r"(?:is\s+|are\s+)?(?:here\s+)?(?:at|in|for|by)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
#: A short text that says something, and so is no name.
SAYING = re.compile(
    rf"\b(?:{'|'.join(words('saying', 'words'))}|{any_of('saying', 'phrases')})\b", re.IGNORECASE
)
REFUSALS = re.compile(rf"\b(?:{any_of('refusals')})", re.IGNORECASE)
NEITHER = re.compile(r"\bneither\b|\bnor\b|\bweder\b|\bni\b.+\bni\b", re.IGNORECASE)
GONE = re.compile(
    r"\b(?:it|they|that|there|place|that one|which)"
    r"(?:'(?:s|re|ll|ve)| is| have| are| was| will be| has| looks)?"
    r"(?: (?:a bit|so|very|rather|really|quite|always|just|all|now|actually|also|been|be|"
    r"usually))*\s+"
    rf"(?:{any_of('gone', 'it is')})\b|{any_of('gone', 'sentences')}",
    re.IGNORECASE,
)
#: Of which places are told that are no place to come to.
ASIDE = re.compile(
    r"(?:^|[,;(]\s*|\b(?:and|but|because|since|as|so|that)\s+)(?:"
    + "|".join(
        (
            "(?:crying|laughing|sitting|typing|writing|reading|working|stuck|sat) ",
            "i(?:'(?:m|ve)| am| was| have| had| used| live| work| gave| left| got| read| saw| heard"
            "| met| went| grew| spent)",
            "(?:he|she|they|who|which|someone|somebody|nobody)(?:'(?:s|re|ve|d))?",
            r"(?:the|my|your|his|her|their|our|a|an|some|one|two|three|\w+'s)\s+"
            r"(?:[\w'-]+\s+){1,4}?(?:is|are|was|were|has|have|had|lives?|works?|starts?|got|sits|"
            "closes)",
            r"[A-Z][\w'-]+ (?:is|was|lives?|works?|has|had|got|left|went|says|said)",
        )
    )
    + r")\b(?! (?:thinking|hoping|wondering|happy|free|available|good|up for|booked|reserved|"
    r"got us|a table|table))[^?]*$",
    re.IGNORECASE,
)
ABOUT_MEETING = re.compile(rf"\b(?:{any_of('about_meeting')})\b", re.IGNORECASE)
#: Where a clause ends. Its length counts: the order is that of the search.
CLAUSE = re.compile(
    "|".join(
        (
            r",\s+(?:so|but|and|then|how|what|maybe|let|can|could|shall|or)\b",
            ";",
            r"\s-\s",
            r"\s\(",
            r"\)\s",
            r"\bbut\b",
            r"\bso\b(?!\s+(?:loud|far|busy|keen|noisy))",
            r"[.!?]\s",
            r":\s",
            r",\s",
        )
    ),
    re.IGNORECASE,
)
ELSEWHERE = re.compile(rf"\b(?:{any_of('elsewhere')})\b", re.IGNORECASE)
TRY_LOWER = re.compile(
    r"\b(?:how|what) (?:about|bout|abt) (?P<what>[a-zà-ÿ][\w'-]*(?: [a-zà-ÿ][\w'-]*){0,2})\s*\?"
)

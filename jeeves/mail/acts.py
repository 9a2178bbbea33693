"""What a sentence does in a conversation about meeting: proposes, agrees, calls off ..."""

from __future__ import annotations

import re
from functools import cache, reduce
from operator import or_

from jeeves.domain.remark import Act
from jeeves.mail.trigrams import Phrasebook

_PROPOSES = (
    r"(?i)\b(?:wants? to (?:take|treat) (?:us|the|every)|wants? (?:us|both of us|you and me) "
    r"to (?:meet|sit|"
    r"see|have)|we can (?:sit|meet|eat|talk) (?:at|in|by|outside|there)|(?:drinks|dinner|lunch|"
    r"coffee|beers?) "
    r"(?:is |are )?on (?:us|me)|(?:\w+)(?:'d| would) (?:really |very much )?like to (?:see|"
    r"meet) you|i need (?:\w+ ){0,4}of (?:you|your time)|come with (?:me|us)|"
    r"(?:us|we|all|parents)(?: \w+){0,3} (?:should|ought to|need to) (?:sit|meet|get together)|"
    r"(?:i|we)(?:'d| would) want to (?:sit|meet|see|talk|have)|propose (?:the following|an?|to)|"
    r"(?:i|we)(?:'ll| will| shall) (?:come|pop|drop by|swing|stop by|knock)|care (?:to|for)|"
    r"let'?s (?!(?:just )?(?:forget|skip|scrap|drop|cancel|leave))|let us(?! know)|"
    r"shall we|should we|can we|could we|may we|might we|why don'?t (?:we|you|i)|do you "
    r"(?:still )?(?:want|wanna|fancy)|(?:you )?wanna|(?:you|we|i) want to (?:meet|see|have|"
    r"grab|get|talk|sit|do|go|take|buy)|"
    r"would you (?:\w+ )?(?:like|be (?:free|up|able|around|available|open|interested|willing|"
    r"game)|have (?:time|a|half|an|any)|want|mind|care|join|come|prefer)|(?:i|we)(?:'d| "
    r"would| should)(?: (?:really|also|much|very much|so))* (?:love|like|prefer|rather)(?! "
    r"to (?:take this|thank|know|ask|say|point|add|get a copy|apologi))(?: (?:\w+ )?(?:to|"
    r"you))?|would (?:\w+ ){0,3}like to (?:meet|see|sit|take|have|invite|get|"
    r"talk)|"
    r"(?:i|we) (?:was|were|am|are) (?:hoping|wondering|thinking)|(?:i|we) (?:hope|wonder) "
    r"(?:to|if|whether)|wants? to (?:meet|see|talk to|have|take) (?:with )?(?:you|us|the \w+ "
    r"of us|all of us|both)|(?:can|could|may|might) i (?:\w+ )?(?:see|come|view|visit|pop|drop|"
    r"swing|meet|buy|take|stop|collect|pick)|(?:would|will|could|does|is|might) [^.?!]{3,60}? "
    r"(?:be (?:ok|okay|good|fine|alright|all right|convenient|possible|easier|any good)|work|"
    r"do|suit)(?: for \w+)?\s*\?|i want an? (?:hour|evening|day) (?:of|with) you|care (?:to|"
    r"for)|fancy|up for|down for|game for|(?:are|r) (?:you|u|y'?all)(?: (?:guys|two|both|"
    r"all|still))? (?:free|available|around|about|in|on|going to be|up|able|coming|doing)|"
    r"(?:you|u) (?:free|around|about|available|in town)|"
    r"how about|what about|how (?:does|would|is|'?s) (?:\w+day|tomorrow|tonight|that|this|"
    r"next|\d|lunch|dinner|coffee|noon|the \d)|how's (?:\w+day|tomorrow|tonight|that|this|"
    r"next|\d|lunch|dinner|coffee|noon|the \d)|what's your|(?:i|we)(?:'ll| will| can| "
    r"could|'d) (?:come (?:to|over|round|by|and)|pop|drop (?:by|in)|swing|stop by|pick you|"
    r"collect you|meet you|knock)|(?:can|could|will) (?:you|u|the (?:two|three) of (?:you|"
    r"us))(?: (?:guys|both|two|all))? (?:do|make|come|meet|join|fit|spare|be|stop|swing|pop|"
    r"drop|manage|have (?:time|a|an|half|lunch|dinner|coffee|\d+))|do (?:you|u) (?:guys )?have "
    r"(?:time|a (?:minute|moment|few)|any time|half|an hour|plans|lunch|anything)|have (?:you "
    r")?(?:got )?(?:time|half an hour|an hour|a spare|\d+ min)|"
    r"(?:you and i|we both|we two|the two of us) (?:have|need|ought|should)|(?:we|i) (?:should|"
    r"need to|must|ought to|have to|gotta)(?: (?:really|also|all|definitely|probably|still))* "
    r"(?:meet|get together|sit down|catch up|see|have (?:lunch|dinner|coffee|a|another)|grab|"
    r"do (?:lunch|dinner|coffee|something|this)|talk|hang)|(?:buy|treat|take) you|owe you (?:a|"
    r"lunch|dinner|coffee|one)|invite you|(?:you(?:'re| are)) (?:all )?invited|(?:please "
    r")?join (?:us|me|the \w+ of us)|"
    r"(?:grab|get|have|do) (?:a |some |another )?(?:quick |proper )?(?:lunch|dinner|coffee|"
    r"drinks?|beers?|pint|bite|breakfast|brunch|cuppa|walk|catch[- ]?up)|(?:which|what) (?:day|"
    r"time|days|times|evening|date)s?(?: \w+){0,4} (?:work|suit|good|free|best|you)|when "
    r"(?:are|can|could|would|works|suits|shall|should|might|will) (?:you|we|it|is|u|suits)|"
    r"when(?:'s| is) (?:good|best|a good|convenient)|what works|works? (?:best|better) for "
    r"(?:you|me|us)|"
    r"(?:i|we)(?:'d| would)? (?:propose|suggest)|any chance|(?:be|would be) (?:\w+ "
    r")?(?:great|good|nice|lovely|wonderful|fun|happy|glad|helpful|useful) (?:to|if we could|"
    r"if you could) (?:\w+ )?(?:see|meet|catch|get|have|sit|talk|do|show|come)|lovely to see "
    r"you|if you'?(?:re| are) (?:around|free|about|in|up|game)|"
    r"let me know (?:when|what time|which|what day|if you(?:'re| are) (?:free|around|"
    r"available|up)|a time|some times|your availability|whether)|(?:set up|find|schedule|"
    r"arrange|book|fix|pick) (?:a |some |an )?(?:time|date|day|meeting|appointment|visit|slot)|"
    r"meet (?:you|up)|in person|does \w+day|(?:would|will) \w+day|\w+day (?:work|suit|ok|okay|"
    r"good)|"
    r"hast du|habt ihr|haben sie|hättest du|hätten sie|wollen wir|sollen wir|können wir|"
    r"könnten wir|lust|wie wär|wie wäre|würde (?:ich )?(?:mich )?(?:gerne|gern|freuen)|treffen "
    r"wir|passt (?:es |dir|ihnen)|"
    r"on (?:se|pourrait)|pourrait-on|ça te dit|tu veux|voulez-vous|seriez-vous|es-tu|êtes-vous|"
    r"dispo\w*|te apetece|quieres|podemos|podríamos|qué tal|nos vemos|quedamos|te viene|tienes "
    r"tiempo|ti va|possiamo|vuoi|vamos|topas|zullen we|heb je|zin om|ska vi|vill du|"
    r"j'aimerais)\b"
    r"|\beither\b.{3,80}\bor\b"
)
_AGREES = (
    r"(?i)^\W*(?:(?:oh|ah|well|and|so|hi|hey|[A-Z]\w+)[,!. ]+)?(?:yes|yep|yeah|yup|sure|ok|"
    r"okay|k|"
    r"perfect|great|good|fine|deal|done|agreed|absolutely|definitely|of course|gladly|lovely|"
    r"fab|brilliant|excellent|super|wonderful|ja|klar|passt|oui|parfait|vale|claro|perfecto|sí|"
    r"si|perfeito|prima)\b(?! (?:job|news|to hear|question|point|pics|work|luck|idea but))"
    r"|\b(?:sounds? (?:good|great|lovely|perfect|like a plan|fab|ideal|delightful|fun|fine)|"
    r"(?:that |it |this |\w+day |\d\w* )?works(?: (?:for me|great|well|fine|perfectly|"
    r"too))?(?=\W*$|[,.!;]| for )|that works|happy to|"
    r"would love (?:to|that|it)|'?d love (?:to|that|it)|love to|i'?m in\b(?! [A-Z])|"
    r"count (?:me|us) in|i'?m (?:free|game|there)|i can (?:do|make)|we can (?:do|make)|can "
    r"do|(?<!to )see you|cu\b|confirm(?:ed|ing)|(?:this is to|to) confirm|it is then|it is\W*$|"
    r"in the "
    r"(?:diary|calendar)|on my calendar|in my (?:diary|calendar|agenda)|pencil\w*|looking "
    r"forward to (?:it|seeing|meeting|catching|lunch|dinner|\w+day)|look forward to (?:it|"
    r"seeing|meeting|catching|lunch|dinner|\w+day)|can'?t wait|"
    r"(?:i|we)(?:'ve| have)? (?:just )?(?:booked|reserved)|made (?:a|the) (?:reservation|"
    r"booking)|still on|(?:it |\d |still )?stands|goes ahead|going ahead as planned|we'?re on|"
    r"you'?re "
    r"on|all set|good for me|fine (?:by|with|for) (?:me|us)|"
    r"suits (?:me|us)|my treat|first round on me|is (?:fine|good|great|perfect|ideal|ok)(?: "
    r"(?:for|with|by) (?:me|us))?(?=\W*$|[,;!])|gerne|abgemacht|bis dann|freu|d'accord|avec "
    r"plaisir|ça marche|à (?:demain|jeudi|vendredi)|genial|va bene|volentieri|combinado|graag|"
    r"akkoord)(?!\w)|👍|✅|🎉"
)
_DECLINES = (
    r"(?i)\b(?:can'?t(?! wait| believe| remember| see why)|(?<!one )cannot|can not|(?:'ll| will| "
    r"would) not (?:manage|make)|won'?t be able|unable|not able|don'?t think i can|"
    r"i'?m (?:away|out of (?:town|office)|busy|tied up|travelling|traveling|on holiday|"
    r"booked|swamped)|have to (?:pass|decline|say no)|i'?ll (?:have to )?pass|"
    r"no thanks|no thank you|not (?:interested|free|available|this time|for me|going to "
    r"(?:make|work)|looking)|rain ?check|sorry|unfortunately|regret|afraid|decline|already "
    r"have plans|conflict|clash\w*|leider|geht nicht|kann (?:ich )?nicht|désolé\w*|je ne peux "
    r"pas|(?:is|'s|be|looks) impossible|no puedo|lo siento|purtroppo|non posso|não posso|"
    r"helaas|kan niet)\b"
)
_FIRM_NO = (
    r"(?i)\b(?:no thanks|no thank you|i'll decline|decline (?:the|your)|say(?:ing)? no\b(?! "
    r"more)|"
    r"i'?ll (?:have to )?pass|have to "
    r"(?:pass|decline|say no)|not interested|going to (?:pass|decline)|have to bow out|count "
    r"me out|must decline|respectfully decline|not for me|(?:i'?ll|i will) not manage|not "
    r"this (?:time|side)|won'?t be (?:able|joining|coming|there)|no time (?:for|to)|"
    r"don'?t meet)\b"
)
_CANCELS = (
    r"(?i)\b(?:cancel\w*|(?:forget|skip|skipping|scrap|scrapping|ditch|shelve|pull the plug on|"
    r"pass on) (?:it|this|that)\b|(?:forget|skip|skipping|scrap|scrapping|ditch|drop|dropping|"
    r"shelve|pull the plug on|pass on) (?:the |our |about |\w+'s |this |that )?(?:whole "
    r")?(?:lunch|dinner|drinks|coffee|breakfast|meeting|visit|walk|walk-?through|tour|tasting|"
    r"session|whole thing|plan|idea|gig|game|match|trip)|no need (?:for us |any ?more )?to "
    r"(?:meet|get together|come|see)|no need for (?:us|a meeting|the meeting)|no longer need|"
    r"(?:must|have to|need to|had to|has) (?:drop|scrap|withdraw\w*) (?:it|\w+day)|has "
    r"withdrawn it|no (?:lunch|dinner|drinks|coffee|meeting) on|"
    r"pull(?:ing)? the plug|"
    r"(?:is|are|was|been|being) (?:dropped|called off|withdrawn|scrapped|abandoned)|call(?:ing|"
    r"ed)? (?:it|this|that|the \w+|\w+) off|call off|(?:is|it'?s|has been) off\b|no longer "
    r"(?:meet|able|happening|needed|going)|won'?t (?:be )?(?:able to make|happen|make it|"
    r"coming|there)|can'?t make (?:it|\w+day|this|the|tonight|tomorrow|our|lunch|dinner|"
    r"drinks|coffee)|"
    r"(?:have|need|going) to (?:bail|back out|pull out|skip|drop out|bow out|take a rain "
    r"?check)|rain ?check|not (?:be )?going ahead|not in a position to|so no (?:lunch|dinner|"
    r"drinks|coffee|meeting|walk|visit)|no (?:lunch|dinner|drinks|coffee|walk|visit|meeting) "
    r"(?:for me|tomorrow|today|after all|this week)|let'?s leave it|(?:not|isn'?t|"
    r"ain'?t) (?:going to happen|happening)|give (?:it|this|that|\w+) a miss|"
    r"forget (?:it|about it)|leave it (?:for now|then|there)|(?:maybe|perhaps|do (?:it|this)) "
    r"(?:an|some )other time|(?:i|he|she|kid|son|daughter|tested)\w* (?:tested |is |are |has |"
    r"have )?(?:positive|sick|ill|a fever|covid|flu|food poisoning)|come down with|"
    r"abgesagt|absagen|muss (?:leider )?absagen|fällt (?:leider )?aus|annul\w+|cancelad\w+|"
    r"cancelo|anular|disdire|saltare|desmarcar|afzeggen|gaat niet door|krank)\b"
)
_MOVES = (
    r"(?i)\b(?:reschedul\w*|postpon\w*|push(?:ed|ing)? (?:it|this|that|back|to|our|lunch|dinner|"
    r"coffee|drinks|\w+day)|mov(?:e|ed|ing) (?:it|this|that|our|to|lunch|dinner|coffee|drinks|"
    r"\w+day|the \w+ to|the (?:meeting|date|time))|bump(?:ed)?|(?:another|a different|some "
    r"other|a new|"
    r"new) (?:day|time|date|week|evening|slot)|instead|swap|chang(?:e|ed|ing) (?:it|the (?:day|"
    r"time|date))|"
    r"(?:a (?:bit|little)|half an hour|an hour|\d+ min\w*) (?:earlier|later)|try again|"
    r"verschieb\w*|verleg\w*|reporter|décaler|aplazar|spostare|rimandare|remarcar|adiar|"
    r"verzetten)\b"
)
_ASKS_PLACE = (
    r"(?i)\bwhere(?:'?s|'?d|abouts)?\b[^.!]{0,60}\?|\bwheres? (?:is |are |you )?(?:\w+ "
    r")?(?:easiest|easier|best|good|handy|works|suits|convenient|closest)|\bwhere\s*(?:\?|$)|"
    r"^\W*(?:so\s+|and\s+|ok,?\s+)?where\b|\bwhere (?:shall|should|do|would|can|could|were|are|"
    r"is|to|works|suits|you'?d|we)|\b(?:which|what) (?:place|café|cafe|pub|restaurant|bar|"
    r"venue|room|office|part of town|spot|area|side|one)\b|"
    r"\b(?:any|got a) (?:preference|ideas?|suggestions?|favou?rite|"
    r"thoughts)[^.?!]{0,25}(?:place|where|venue|spot|restaurant|location)|\b(?:pick|choose|"
    r"suggest|name|find|think of|recommend|know) (?:a|us a|some|of a|me a) (?:good |nice "
    r")?(?:place|spot|venue|restaurant|somewhere|pub|bar|café|cafe)|"
    r"\b(?:place|venue|location|spot)\s*\?|\b(?:your|you) (?:pick|choose|choice)\b|(?:let me "
    r"know|tell me|say|decide|figure out|sort out|not sure|confirm) (?:\w+ )?where\b|"
    r"\bwo\b[^.!]{0,40}\?|\boù\b[^.!]{0,40}\?|\bd[oó]nde\b[^.!]{0,40}\?|\bdove\b[^.!]{0,40}\?|"
    r"\bonde\b[^.!]{0,40}\?|\bwaar\b[^.!]{0,40}\?"
)
_REPLACES = (
    r"(?i)\b(?:instead|(?:will|is) now (?:be )?(?:at|in|on)|now at|(?:we're|we are|it's|it "
    r"is|moved) now (?:in|at)|rather (?:do|go|meet|have|than)|actually|change of (?:plan|venue|"
    r"location|place)|new (?:venue|place|plan|location|room)|moved? to|moving to|switch(?:ed|"
    r"ing)?(?: it)? to|relocat\w*|swap\w*|make it|stattdessen|lieber|plutôt|en vez|invece|em "
    r"vez|liever)\b"
)
_PAST = (
    r"(?i)\b(?:yesterday|last (?:week|night|month|year|time|spring|summer|autumn|fall|winter|"
    r"\w+day)|the other (?:day|night|evening)|thanks? (?:you )?(?:so much |again |a lot )?for "
    r"(?:the |a |having|meeting|coming|taking|lunch|dinner|coffee|drinks|your time|hosting|"
    r"joining|making|last)|(?:was|were) (?:so |really |very |such )?(?:great|good|lovely|nice|"
    r"fun|a pleasure|wonderful|fab|brilliant)|"
    r"(?:great|good|nice|lovely|pleasure) (?:having|seeing|meeting|catching|chatting|talking|"
    r"speaking|"
    r"to (?:have )?(?:met|seen))|good to (?:see|meet) you (?:yesterday|last|on|today|again|at|"
    r"in)|"
    r"enjoyed|we met|i met|had (?:a )?(?:great|lovely|nice|lunch|dinner|coffee|good)|went to|"
    r"gestern|letzte woche|hier\b(?!\s)|ayer|ieri|ontem|gisteren)\b"
)
_VAGUE = (
    r"(?i)\b(?:some ?time(?! (?:next|this|on|in the|before|after|tomorrow|during|around|between|"
    r"late|early|the week))|someday|some day|one (?:day|of these days)|one of these|at some "
    r"point|keep in touch|stay in touch|in the (?:near )?future|eventually|when things (?:calm|"
    r"settle|quiet)|"
    r"next time|if (?:you(?:'re| are)|i'?m) ever|when(?:ever)? you(?:'re| are) "
    r"(?:next|ever)|not (?:in a hurry|urgent)|irgendwann|un de ces jours|un día de estos|prima "
    r"o poi|qualquer dia|un jour)\b"
)
_OTHERS = (
    r"\b(?i:i'm|i am) (?:meeting|seeing) (?!you\b|up\b|with you)[A-Z]\w+|(?i:for information "
    r"only|no need for \w+ to (?:attend|come|join))|"
    r"\b(?i:he|she|they|the (?:team|board|group|kids|boys|girls|clients?|committee|parents|"
    r"directors))(?:'(?:s|re|ll|d|ve))?\s+(?:is|are|was|were|will|would|had|have|has|wants?|"
    r"said|says|meets?|met|got|going|went|plans?|planning|meeting)\b"
    r"|\b(?:[A-Z][a-z]+ and (?:I|[A-Z][a-z]+)|[A-Z][a-z]+) (?:is|are|was|were|will be|have|has|"
    r"haven't|hasn't) (?:meeting|having|getting|going|seeing|catching|taking|picked|"
    r"booked|planning|doing|hosting)\b"
    r"|\b(?i:you don't (?:need|have) to (?:be there|come|attend|join)|no need (?:for you "
    r")?to (?:come|attend|be there|join))"
)
_ADDS = (
    r"(?i)^\W*(?:and |but )?also\b|\b(?:separately|another thing|one more thing|while "
    r"(?:you(?:'re|"
    r" are)|"
    r"we(?:'re| are)|i(?:'m| am)) (?:at it|in town|here|there)|as well|on top of that|"
    r"p\.?s\.?|in addition|besides|two things|(?:three|four|few|couple of) things|unrelated|"
    r"different topic|the other thing|second(?:ly)?|außerdem|aussi|también|inoltre)\b"
)

#: "I am not cancelling", and what others have called off.
_NOT_OFF = re.compile(
    r"\b(?:not|n't|never) (?:\w+ )?cancel|\b(?:clients?|they|he|she|people|others) (?:has|have|"
    r"had) cancel",
    re.IGNORECASE,
)
_ACTS = {
    Act.PROPOSES: _PROPOSES,
    Act.AGREES: _AGREES,
    Act.DECLINES: _DECLINES,
    Act.CANCELS: _CANCELS,
    Act.MOVES: _MOVES,
    Act.ASKS_PLACE: _ASKS_PLACE,
    Act.REPLACES: _REPLACES,
    Act.PAST: _PAST,
    Act.VAGUE: _VAGUE,
    Act.OTHERS: _OTHERS,
    Act.ADDS: _ADDS,
    Act.DECLINES | Act.CANCELS: _FIRM_NO,
}


@cache
def _phrasebook() -> Phrasebook[Act]:
    return Phrasebook(_ACTS)


def found_in(sentence: str) -> Act:
    """Everything that ``sentence`` does."""
    found = _phrasebook().found_in(sentence)
    if Act.CANCELS in found and _NOT_OFF.search(sentence):
        found.remove(Act.CANCELS)
    return reduce(or_, found, Act.NOTHING)

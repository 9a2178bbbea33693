"""What words and phrases speak of: the frames that a reader sees in a sentence.

Written by hand, English deepest, then the words for the same in the languages of many mailboxes.
Phrases hold at most three tokens, as ``tokens`` makes them. A phrase may stand in several frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

#: First and last character of each block of scripts that do not part words with blanks (and of
#: Korean, which joins particles to them): there a token is one character.
UNPARTED = (("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))

#: Frame -> its phrases, separated by commas. The order fixes the bits of a mask.
FRAMES: Mapping[str, str] = {
    # Food and drink that people have together.
    "meal": """
        lunch, lunches, dinner, dinners, breakfast, brunch, coffee, coffees, drink, drinks, beer,
        beers, pint, pints, tea, supper, cocktail, cocktails, happy hour, a bite, bite to eat,
        luncheon, meal, eat, wine, bbq, barbecue, cookout, margarita, margaritas, pizza, cuppa,
        espresso, latte, food, curry, tacos, ramen, sushi, burgers, snack, grab food,
        mittagessen, abendessen, kaffee, bier, feierabendbier, frühstück, essen, mittag,
        déjeuner, dîner, café, verre, apéro, resto, dej, comida, cena, cenar, comer, almuerzo,
        almorzar, desayuno, cerveza, cañas, merienda, pranzo, cena, caffè, aperitivo, birra,
        spritz, pizzata, almoço, almoçar, jantar, cerveja, churrasco, cafezinho, lunchen, koffie,
        borrel, biertje, eten, fika, öl, middag, kaffe, frokost, øl, kahvi, kahville, lounas,
        lounaalle, kawa, kawę, kawie, obiad, piwo, oběd, kávu, kafe, pivo, ebéd, ebédelni, kávé,
        kávézni, sör, kahve, öğle, yemek, çay, кофе, обед, ужин, пиво, чай, кава, каву, обід,
        вечеря, καφέ, φαγητό, ランチ, 飲み, 食事, ご飯, お茶, 午餐, 晚饭, 吃饭, 饭局, 咖啡, 커피, 점심, 저녁,
        밥, קפה, צהריים, קהוה, غداء, عشاء, قهوة""",
    # Coming together to talk or see each other.
    "meet": """
        meet, meeting, meet up, meetup, meetings, mtg, mtgs, get together, get-together,
        getting together, sit down, sit-down, sitdown, appointment, appt, interview, interviews,
        session, gathering, face to face, face-to-face, in person, in-person, hang out, hang,
        catch up, catchup, catch-up, hook up, rendezvous, walkthrough, walk through, site visit,
        visit, visits, visiting, consultation, viewing, tour, handover, hand over, meet with,
        meet you, meet me, reunion, huddle, one on one, one-on-one, workshop, offsite, off-site,
        review meeting, staff meeting, come see, see you, see me, see each other,
        get everyone together, get the group, get folks together, get people together,
        get some time, some time with, time with, time to talk, time to discuss, go over,
        go through, borrow you, steal you, talk it through, in the flesh, same room, get around a,
        treffen, termin, besprechung, treffe, trifft, zusammensetzen, zusammen setzen, besuch,
        persönlich, kennenlernen, sehen wir, rencontrer, rencontre, voir, rendez-vous, rdv,
        réunion, réunir, retrouver, entretien, vernos, vemos, quedar, quedamos, reunión,
        reunirnos, encontrarnos, cita, juntarnos, juntamos, entrevista, incontrarci, incontro,
        vederci, vediamo, riunione, appuntamento, trovarci, troviamo, colloquio, encontrar,
        reunião, encontro, vermos, conversar pessoalmente, afspreken, afspraak, ontmoeten,
        vergadering, overleg, langskomen, kennismaken, träffas, träffa, möte, ses, mødes, møde,
        møte, møtes, sees, tavata, tapaaminen, palaveri, nähdään, spotkać, spotkanie, spotkamy,
        spotkania, sejít, schůzka, schůzku, sejdeme, setkání, találkozzunk, találkozó, találkozni,
        találkoznánk, întâlnim, întâlnire, buluşalım, buluşmak, toplantı, görüşelim, toplanalım,
        встретиться, встретимся, встреча, встречу, увидимся, зустрітися, зустріч, зустрінемося,
        συναντηθούμε, συνάντηση, 会う, 会い, 会っ, 打合, 面談, 見面, 见面, 会议, 開會, 碰头, 碰面, 面谈, 聚, 만나, 미팅, 뵙,
        회의, 만날, להיפגש, פגישה, ניפגש, نلتقي, لقاء, اجتماع, gặp, họp, milna, milte, milo""",
    # What people go to or do together.
    "event": """
        party, parties, game, concert, show, movie, picnic, practice, ceremony, reception,
        banquet, gala, golf, tennis, trip, ride, run, hike, walk, birthday, wedding, shower,
        potluck, barbeque, celebration, celebrate, play, playdate, match, training, class,
        seminar, forum, retreat, outing, rehearsal, hockey, soccer, softball, basketball, poker,
        festival, open house, farewell, send-off, kickoff, kick-off, conference, presentation,
        briefing, demo, discussion, panel, committee, board meeting, town hall, dance, quiz,
        climbing, swim, lesson, feier, fest, geburtstag, probe, spaziergang, fête, anniversaire,
        fiesta, cumpleaños, partido, festa, compleanno, aniversário, feestje, verjaardag, kalas,
        fest, urodziny, narozeniny, doğum günü, праздник, день рождения""",
    # Asking, offering, proposing.
    "ask": """
        let's, lets, let us, shall we, should we, can we, could we, may we, might we, can you,
        could you, would you, will you, how about, what about, want to, wanna, wants to,
        wanted to, would you like, care to, interested in, would love to, love to,
        would like to, would like, like to, i'd like, we'd like, up for, fancy, are you free,
        you free, u free, free on, free for, are you available, be available, you available,
        are you around, you around, u around, be around, around on, have time, have any time,
        any time, time to, have a minute, a few minutes, half an hour, an hour, what time,
        what day, what days, which day, when would, when can, when could, when is, when are,
        when do, when you, when works, works for, work for, suit you, suits, good time,
        best time, better time, available, availability, convenient, convenience,
        me know when, me know if, me know what, if you, would be great,
        would be good, would be nice, would be helpful, happy to, be happy to, glad to,
        please join, join us, join me, join you, you and i, you're invited, you are invited,
        invite you, like to invite, invitation, welcome to join, welcome to, do you want,
        do you have, have you got, have plans, any plans, plans for, need to, we need to,
        propose, proposing, proposed, suggest, suggesting, request a, requesting, requested,
        seeking, opportunity to, possible to, possibility, chance to, a chance, looking to,
        hoping to, hope to, plan to, plan on, planning to, planning on, planning a, idea,
        who's in, who wants, anyone up, count me in, i owe you, owe you, interested, free, open,
        you in, u in, keen, game for, pick a day, name a day, say the word, your call, ok if,
        hast du, habt ihr, haben sie, wollen wir, sollen wir, können wir, könnten wir, lust,
        hättest, hätten sie, passt, passen, würde gerne, würde gern, zeit, treffen wir,
        on se, on pourrait, pourrait-on, ça te dit, dispo, disponible, disponibles,
        disponibilités, tu veux, vous conviendrait, te va, vous va, proposer, propose,
        te apetece, os apetece, quieres, podemos, podríamos, puedes, te parece, qué tal, te viene,
        tendrías, disponibilidad, nos juntamos, ti va, possiamo, potremmo, vuoi, che ne dici,
        sei libero, sei libera, disponibile, disponibilità, vamos, queres, quer, topas, topa,
        que tal, pode ser, disponibilidade, consegues, zullen we, kunnen we, heb je, zin om,
        schikt, kan je, kun je, past, ska vi, kan vi, vill du, har du, hinner du, passar,
        skal vi, vil du, har du tid, passer, voisimmeko, käykö, ehditkö, sopiiko, może, możemy,
        masz czas, pasuje, moglibyśmy, můžeme, máš čas, hodí, mohli bychom, lenne, ráérsz,
        jó lenne, tudnánk, putem, ai timp, vrei, müsait, uygun, olur mu, давай, давайте, можем,
        удобно, свободен, свободна, можеш, зручно, μπορούμε, θέλεις, いかが, どう, 空いて, 有空,
        可以, 要不要, 시간, 어때, 괜찮, פנוי, פנויה, בא לך, هل, ممكن, rảnh, chalo, せんか, 方便, 행, 볼까, 까요""",
    # Agreeing, confirming, announcing that it will be.
    "agree": """
        sounds good, sounds great, sounds fine, works for me, works great, works fine, works well,
        that works, will work, would work, is fine, is good, is great, is perfect, be perfect,
        be there, i'm in, see you on, see you then, see you there, see you at, see you xxdate,
        c u then, see u, looking forward to, look forward to, forward to seeing,
        forward to meeting, confirm, confirmed, confirming, confirmation, i can do, can make,
        able to make, i'm free, i am free, i am available, i'm available, still on, on for,
        we're on, all set, good for me, fine with me, fine for me, fine by me, ok for, okay for,
        accepted, agreed, set for, scheduled for, is scheduled, has been scheduled, will be held,
        takes place, will take place, arrives, arriving, be in town, in town,
        be in, will be in, will be here, coming to, works, suits me, it is then, you're on,
        passt mir, passt gut, bis dann, klappt, geht klar, ça marche, à xxdate,
        me viene bien, perfecto, nos vemos, va bene, combinado, perfeito, tot dan,
        prima, vi ses, passar bra, отлично, до встречи""",
    # Moving what was agreed.
    "move": """
        reschedule, rescheduled, move, moved, push, pushed, postpone, postponed, instead,
        change the, changed, moving, earlier, later, another time, another day, delay, bump,
        bumped, swap, shift, running late, verschieben, verschoben, décaler, reporter, cambiar,
        mover, spostare, remarcar, adiar, verzetten, flytta, przełożyć, přesunout, перенести""",
    # Finding a time, calendars, assistants.
    "plan": """
        schedule, scheduling, set up, setup, setting up, arrange, arranging, arranged, calendar,
        calendars, organize, organise, organizing, book, booking, find a time, find time,
        pick a, work out, coordinate, line up, on the books, put on, pencil, appointment with,
        time on, on my, on your, on his, on her, assistant, set a, mark your, save the,
        save the date, availability, poll, slot, slots, diary, diaries, xxbook, vereinbaren,
        ausmachen, einplanen, fixer, caler, organiser, agendar, programar, concertar,
        organizzare, fissare, marcar, inplannen, boka, booke, umówić, umówmy, naplánovat""",
    "refuse": """
        not, can't, cannot, cant, won't, wont, unable, unfortunately, cancel, canceled, cancelled,
        cancels, canx, cancellation, decline, declined, declining, regret, rain check, no longer,
        sorry, pass on, won't be, don't, didn't, isn't, wouldn't, couldn't, never, no need,
        without, neither, nicht, kein, leider, absagen, abgesagt, pas, désolé, annulé, no puedo,
        cancelado, purtroppo, annullato, não, niet, helaas, inte, tyvärr, ikke, nie, не""",
    "past": """
        was, were, met, had, went, attended, yesterday, last week, last night, last month,
        last time, last year, last xxdate, thanks for, thank you for, enjoyed, good to see,
        great to see, nice to see, nice to meet, great seeing, good seeing, nice seeing,
        pleasure meeting, pleasure to meet, nice meeting, great meeting, good meeting, after our,
        our meeting, discussed, talked, spoke, saw, came, held, been, did, told, ago, previous,
        following our, earlier xxdate, minutes of, war, waren, gestern, hier, ayer, ieri, ontem,
        gisteren, igår, wczoraj, вчера""",
    "vague": """
        sometime, someday, some day, some time, soon, one day, next time, one of these,
        at some point, keep in touch, in the future, hopefully, eventually, in touch, one of,
        these days, would have, if ever, whenever, anytime, irgendwann, mal, bientôt, un jour,
        algún día, prossimamente, qualquer dia, binnenkort, snart, kiedyś""",
    "they": """
        he, she, they, him, her, them, his, their, he's, she's, they're, he'll, she'll, they'll,
        er, sie, il, elle, ils, él, ella, ellos, lui, lei, loro, ele, ela""",
    "you": """
        you, your, u, ur, you're, you'll, you'd, ya, y'all, yall, yourself, yours, all, everyone,
        folks, guys, both, du, dich, dir, ihr, euch, tu, te, toi, vous, usted, ustedes, vosotros,
        ti, voi, você, je, jij, jullie, dig""",
    "we": """
        we, us, our, we're, we'll, we'd, we've, together, let's, lets, ourselves, wir, uns, nous,
        nosotros, nos, noi, nós, vi, oss, мы, нас, ons, wij""",
    "i": """
        i, i'm, i'll, i'd, i've, me, my, mine, myself, ich, mir, mich, moi, yo, mi, io, eu,
        ik, jag""",
    # Words for places: said of a place, whether or not it is the one to meet at.
    "premises": """
        xxoffice, xxroom, room, office, offices, floor, building, lobby, hotel, restaurant, cafe,
        bar, street, house, home, place, desk, station, church, park, hall, theater, theatre,
        airport, school, library, stadium, field, gym, campus, center, centre, plaza, mall, apartment, condo,
        ranch, cube, cafeteria, kitchen, boardroom, auditorium, studio, store, shop, market,
        beach, lake, court, courts, clubhouse, pub, grill, museum, zoo, garage, warehouse, plant,
        site, headquarters, hq, downstairs, upstairs, next door, front desk, gate, door, parking,
        entrance, address, suite, club, clinic, hospital, branch, depot, yard,
        terrace, garden, backyard, booth, porch, bakery, diner, café, shed, dock, marina, büro,
        raum, zimmer, haus, hause, bahnhof, straße, platz, bureau, salle, maison, chez, rue,
        gare, oficina, casa, sala, calle, despacho, plaza, ufficio, aula, via, piazza,
        escritório, kantoor, zaal, huis, thuis, kontor, kontoret, hemma, biuro, kancelář""",
    # Small signs that the place is understood.
    "known": """
        xxoffice, come by, stop by, drop by, swing by,
        swing round, pop by, pop in, pop round, pop over, drop in, come over, come up, come down,
        come around, come round, come in, come to, come on, here, over here, at mine, at yours,
        the usual, usual place, usual spot, same place, same spot, pick you up, pick me up,
        pick up, downstairs, bring you, come see me, by your, by my, bei mir, bei dir,
        bei uns, chez moi, chez toi, chez nous, mi casa, tu casa, casa mia, da me, da te,
        bij mij, bij ons, hos mig, hos dig, u mnie, у меня, у нас""",
    # Words before a place, and before much else.
    "at": """
        over to, to my, to your, at my, at your, at our, in my, in your, in our, at the, to the,
        in the, at a, in a, im, am, beim, zum, zur, ins, au, aux, dans, en el, en la, al, nel,
        op""",
    # Something that can be gone to by its name.
    "named": """
        at xxname, @ xxname, at xxemail, to xxname, in xxname, from xxname, at the xxname,
        in the xxname, @ the xxname, xxname restaurant, xxroom, xxmap, at xxabbr, @ xxabbr,
        im xxname, chez xxname, en xxname, al xxname, no xxname, bij xxname""",
    "where": """
        where, place, location, venue, tba, tbd, locations, spot, directions, map, wo, wohin, ort,
        où, lieu, endroit, dónde, lugar, sitio, dove, posto, luogo, onde, local, waar, plek,
        plats, var, hvor, sted, gdzie, miejsce, kde, hol, unde, nerede, где, де, πού, どこ, 场所,
        哪里, 어디, איפה, أين, đâu""",
    "call": """
        xxcall, call, calls, phone, telephone, dial, link, ring, teams, video,
        online, virtual, virtually, remote, remotely, cell, speak, talk, chat,
        call me, give me, bell, screen share, anruf, telefonieren, telefonat, anrufen, appel,
        appeler, visio, llamada, llamar, videollamada, chiamata, chiamare, ligar, chamada,
        bellen, belletje, ringa, samtal, ringe, zadzwoń, zavolat, hívás, apel, arama, звонок,
        созвон, позвонить, 電話, 电话, 视频, 线上, オンラ, 전화, 화상""",
    "day": """xxdate, 曜日, 明日, 今日, 明天, 今天, 后天, 周一, 周二, 周三, 周四, 周五, 周六, 周日,
        週末, 周末, 星期, 요일, 내일, 오늘, 주말, יום, מחר, غدا, الخميس, الأحد""",
    "hour": "xxtime, 時, 点, 點, 시",
    "week": """
        next week, this week, the week, week of, next month, next few, coming weeks, end of,
        early next, afternoon, morning, evening, night, arvo, nächste woche,
        semaine, la semana, settimana, semana, volgende week, nästa vecka, tydzień""",
    "question": "?",
    # Mail to many, and what machines write.
    "mass": """
        unsubscribe, click, register, registration, rsvp, agenda, minutes, newsletter,
        please visit, website, online at, tickets, ticket, order, offer, free trial, sponsor,
        attendees, members, speakers, xxurl, subscribe, view, download, abmelden, inscription,
        inscripción""",
    # Business that needs no meeting.
    "business": """
        deadline, due, by xxdate, invoice, invoices, payment, ship, shipment, delivery, deliver,
        expires, renew, password, code, account, report, attached, attachment, contract, price,
        prices, deal, deals, trade, trades, file, version, draft, comments, update""",
}
#: Frames of coming together.
GATHERINGS = ("meal", "meet", "event")
#: Frames that say how, when, who and where beside a gathering.
CIRCUMSTANCES = (
    *("ask", "agree", "plan", "move", "known", "named", "at", "premises", "call", "refuse", "past"),
    *("vague", "they", "day", "hour", "week", "where", "question", "you", "we", "i", "mass"),
)
BIT: Mapping[str, int] = {name: 1 << place for place, name in enumerate(FRAMES)}


#: Two tokens that begin a phrase of three; no frame.
OPENS = 1 << len(BIT)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The lexicon as it is looked up: masks of ``BIT`` by token, by two and by three tokens."""

    ones: Mapping[str, int]
    #: With ``OPENS`` where the two begin a phrase of three.
    twos: Mapping[tuple[str, str], int]
    threes: Mapping[tuple[str, str, str], int]
    #: The same from left to right: of a token its mask and, by the one after it, the mask of both
    #: and, by the third, that of all three.
    begins: Mapping[str, tuple[int, Mapping[str, tuple[int, Mapping[str, int]]]]]
    #: Every token that stands in a phrase: known words are not taken for names.
    words: frozenset[str]


@cache
def phrases() -> Phrases:
    """The lexicon, made once."""
    ones: Counter[str] = Counter()
    twos: Counter[tuple[str, str]] = Counter()
    threes: Counter[tuple[str, str, str]] = Counter()
    words: set[str] = set()
    for bit, phrase in _all():
        tokens = phrase.split()
        words.update(tokens)
        match tokens:
            case [one]:
                ones[one] |= bit
            case [one, two]:
                twos[one, two] |= bit
            case [one, two, three]:
                threes[one, two, three] |= bit
                twos[one, two] |= OPENS
            case _:
                raise ValueError(f"{phrase!r} holds more than three tokens")
    begins: dict[str, tuple[int, dict[str, tuple[int, dict[str, int]]]]] = {
        token: (ones[token], {}) for token in (*ones, *(one for one, _ in twos))
    }
    for (one, two), mask in twos.items():
        begins[one][1][two] = mask & ~OPENS, {}
    for (one, two, three), mask in threes.items():
        begins[one][1][two][1][three] = mask
    return Phrases(dict(ones), dict(twos), dict(threes), begins, frozenset(words))


def _all() -> Iterator[tuple[int, str]]:
    for name, written in FRAMES.items():
        for phrase in written.split(","):
            words = phrase.split()
            # Where words are not parted, each character is a token.
            spread = [" ".join(one) if _is_unparted(one[0]) else one for one in words]
            yield BIT[name], " ".join(spread)


def _is_unparted(character: str) -> bool:
    return any(first <= character <= last for first, last in UNPARTED)

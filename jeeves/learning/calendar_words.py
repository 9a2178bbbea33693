"""Words for days, months and hours, in the languages of many mailboxes."""

from __future__ import annotations

#: Days of the week and words such as "tomorrow": each names a day.
DAYS = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs
    fri sat sun mondays tuesdays wednesdays thursdays fridays saturdays sundays
    tomorrow tomorow tommorow tommorrow tmrw tmw tmrow tonight tonite today weekend
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag montags heute übermorgen
    wochenende freitagabend samstagabend
    lundi mardi mercredi jeudi vendredi samedi dimanche demain aujourd'hui week-end
    lunes martes miércoles miercoles jueves viernes sábado sabado domingo mañana finde
    lunedì lunedi martedì martedi mercoledì mercoledi giovedì giovedi venerdì venerdi sabato
    domenica domani oggi stasera
    segunda terça quarta quinta sexta amanhã hoje segunda-feira terça-feira quarta-feira
    quinta-feira sexta-feira
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag vanavond overmorgen vandaag
    måndag tisdag onsdag torsdag fredag lördag söndag imorgon idag ikväll mandag tirsdag lørdag
    søndag maanantaina tiistaina keskiviikkona torstaina perjantaina lauantaina sunnuntaina
    huomenna tänään
    poniedziałek wtorek środa środę czwartek piątek sobota sobotę niedziela niedzielę jutro dzisiaj
    pondělí úterý středa středu čtvrtek pátek neděle neděli dnes zítra
    hétfő hétfőn kedd kedden szerda szerdán csütörtök csütörtökön péntek pénteken szombat szombaton
    vasárnap holnap luni marți miercuri joi vineri sâmbătă duminică mâine azi
    pazartesi salı çarşamba perşembe cuma cumartesi pazar yarın bugün
    понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье завтра
    сегодня понеділок вівторок середу п'ятницю суботу неділю сьогодні
    δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή αύριο σήμερα
    """.split()
)
#: Months; "may" and "march" are more often verbs in lower case, and are read by their capital.
MONTHS = frozenset(
    """
    january february april june july august september october november december jan feb mar apr jun
    jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember janvier février
    mars avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo
    junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno
    luglio settembre ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro
    novembro dezembro januari februari maart augustus
    """.split()
)
#: Words that are an hour by themselves.
HOURS = frozenset("noon midday midnight o'clock oclock mittags midi mediodía mezzogiorno".split())
#: Words that make the number before them an hour.
HOUR_MARKS = frozenset("am pm a.m p.m a.m. p.m. uhr heures o'clock oclock".split())
#: Function words by which German is told, where every noun has a capital.
GERMAN = frozenset("und der die das ich nicht ist mit für auf ein wir sie zu den von dem".split())

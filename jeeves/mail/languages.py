# ruff: noqa: RUF001 - letters of other alphabets are what this file is made of.
"""The words by which mail programs mark quotes and people end letters, in many languages.

Words only: what they mean for a text is decided in ``quoting`` and ``signature``. All of them
are in lower case.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.replace("\n", "|").split("|") if word.strip())


#: Names of header fields in the blocks that Outlook, Gmail and Notes put above a quote.
FROM = _words(
    "from|von|de|van|da|fra|från|od|lähettäjä|feladó|expéditeur|remitente|mittente|afsender|"
    "от|от кого|від|kimden|gönderen|寄件者|寄件人|发件人|差出人|送信者|보낸 사람|보낸사람|"
    "de la|από|מאת|من|afzender|avsändare|nadawca|odesílatel|відправник|отправитель|보낸이"
)
SENT = _words(
    "sent|gesendet|envoyé|enviado|enviado el|enviado em|enviada em|inviato|verzonden|sendt|skickat|"
    "wysłano|odesláno|odoslané|lähetetty|elküldve|отправлено|надіслано|gönderildi|送信日時|"
    "发送时间|發送時間|傳送日期|傳送時間|寄件日期|보낸 날짜|보낸 시간|보낸날짜|trimis|στάλθηκε|"
    "εστάλη|αποστολή|נשלח|تم الإرسال|إرسال|تاريخ الإرسال|envoyé le|küldve|відправлено|"
    "wysłane|gönderme"
)
DATE = _words(
    "date|datum|fecha|data|dato|päivämäärä|dátum|дата|gönderme tarihi|tarih|日時|日付|日期|날짜|"
    "ημερομηνία|תאריך|تاريخ|التاريخ|fecha|päiväys"
)
TO = _words(
    "to|an|à|a|al|aan|para|per|til|till|do|komu|vastaanottaja|címzett|кому|kime|alıcı|宛先|"
    "收件人|收件者|받는 사람|받는사람|către|προς|אל|إلى|pour|destinataire|destinatario|kenelle|до"
)
SUBJECT = _words(
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat|předmět|predmet|"
    "aihe|tárgy|тема|konu|件名|主题|主旨|主題|제목|subiect|θέμα|נושא|الموضوع|re"
)
OTHER_FIELDS = _words(
    "cc|bcc|kopie|copie|copia|kopi|kopia|kopio|dw|копия|копія|bilgi|抄送|副本|참조|importance|priority|"
    "másolat|másolatot kap|κοιν.|κοινοποίηση|נסה|עותק|نسخة|"
    "reply-to|reply to|please respond to|organization|attachments|attachment|anlagen"
)

#: What stands, alone or between dashes, above a quoted or forwarded mail.
SEPARATORS = _words(
    """original message|original appointment|reply message|forwarded message|begin forwarded message
    forwarded mail|forward message|forwarded email|message forwarded|start of forwarded message
    ursprüngliche nachricht|originalnachricht|original-nachricht|weitergeleitete nachricht
    anfang der weitergeleiteten nachricht|antwort nachricht|ursprünglicher termin
    message d'origine|message original|message transféré|début du message réexpédié|message initial
    début du message transféré|mensaje original|mensaje reenviado|inicio del mensaje reenviado
    mensagem original|mensagem encaminhada|mensagem reencaminhada|início da mensagem reencaminhada
    messaggio originale|messaggio inoltrato|inizio messaggio inoltrato|oorspronkelijk bericht
    origineel bericht|doorgestuurd bericht|begin doorgestuurd bericht|oprindelig meddelelse
    oprindelig besked|videresendt meddelelse|videresendt besked|opprinnelig melding
    videresendt melding|ursprungligt meddelande|vidarebefordrat meddelande|originalmeddelande
    alkuperäinen viesti|välitetty viesti|wiadomość oryginalna|oryginalna wiadomość
    wiadomość przekazana dalej|wiadomość przekazana|původní zpráva|přeposlaná zpráva
    pôvodná správa|eredeti üzenet|továbbított üzenet|исходное сообщение|пересылаемое сообщение
    пересланное сообщение|оригінальне повідомлення|переслане повідомлення|orijinal mesaj
    özgün ileti|iletilen mesaj|yönlendirilen ileti|mesaj original|mesaj redirecționat
    αρχικό μήνυμα|προωθημένο μήνυμα|הודעה מקורית|הודעה שהועברה|الرسالة الأصلية
    原始邮件|原始郵件|原邮件|转发的邮件|轉寄郵件
    転送メッセージ|元のメッセージ|원본 메시지|전달된 메시지
    mail original|rendez-vous d'origine|cita original|inicio de mensaje reenviado
    inizio del messaggio inoltrato|início da mensagem encaminhada|início da mensagem reencaminhada
    vidarebefordrat brev|början på vidarebefordrat meddelande|start på videresendt besked
    start på videresendt meddelelse|start på videresendt melding|begynnelse på videresendt melding
    välitetty viesti alkaa|edelleenlähetetty viesti alkaa|lähetetty edelleen
    treść przekazanej wiadomości|przekazana wiadomość|przesłana dalej wiadomość
    początek przekazywanej wiadomości|początek przekazanej wiadomości
    začátek přeposílané zprávy|začátek přeposlané zprávy|původní e-mail
    továbbított levél kezdete|továbbított üzenet kezdete|továbbított levél
    începutul mesajului redirecționat|început mesaj redirecționat|mesajul original|mesaj înaintat
    mesaj transmis|özgün i̇leti|yönlendirilmiş ileti|yönlendirilmiş i̇leti|iletilmiş ileti
    i̇letilmiş i̇leti|i̇letilen mesaj|iletilen mesaj|i̇letilen ileti|i̇letilen ileti başlangıcı
    i̇letilen e-posta başlangıcı|iletilen e-posta başlangıcı|αρχή προωθημένου μηνύματος
    перенаправленное сообщение|начало переадресованного сообщения|исходное письмо
    начало пересылаемого сообщения|конец пересылаемого сообщения|пересылаемое письмо
    вихідне повідомлення|початкове повідомлення|пересланий лист|переслана пошта
    початок переадресованого повідомлення|початок листа, що пересилається
    転送されたメッセージ|元の予定|邮件原件|原始郵件|转发的消息|轉寄訊息|轉寄的郵件|已转发邮件
    开始转发的邮件|开始转发邮件|開始轉寄郵件|원본 이메일|원본 메일|전달된 메시지 시작|전달된 메일
    رسالة أصلية|الرسالة المعاد توجيهها|الرسالة المُعاد توجيهها|رسالة معاد توجيهها
    الرسالة الممررة|رسالة مُعاد توجيهها|بدء الرسالة التي تمت إعادة توجيهها
    بداية الرسالة المعاد توجيهها|بدء الرسالة المعاد توجيهها|بدء الرسالة المُعاد توجيهها
    הודעה מועברת|תחילת ההודעה שהועברה|תחילת הודעה שהועברה"""
)
#: A separator that goes on with a name and a date.
SEPARATOR_STARTS = ("forwarded by ", "forwarded message from ", "weitergeleitet von ")
#: The same where dashes stand before it; without them, it could begin a sentence.
DASHED_STARTS = (
    *("transféré par ", "réacheminé par ", "reenviado por ", "remitido por ", "inoltrato da "),
    *("encaminhado por ", "reencaminhado por ", "doorgestuurd door ", "vidarebefordrat av "),
    *("videresendt af ", "videresendt av ", "välittänyt ", "przesłane przez ", "przekazane przez "),
    *("přeposlal ", "továbbította ", "redirecționat de ", "переслано "),
)

#: "wrote", as it ends the line above a quote (before the colon).
WROTE_LAST = _words(
    """wrote|writes|a écrit|pisze|şunları yazdı|쓴 글|כתב/ה|написав(-ла)
    schrieb|escribió|escribio|ha scritto|scrive|escreveu
    schreef|het volgende geschreven|geschreven|skrev|skrev följande|napisał|napisała|napisał(a)
    napisal|napisal(a)|napísal|napísal(a)|napsal|napsal(a)|kirjoitti|написал|написала|написал(а)
    пишет|пише|написав|написала|написав(ла)|şunu yazdı|yazdı|írta|ezt írta|a scris|έγραψε|写道
    寫道|のメール|さんは書きました|님이 작성|작성|كتب|כתב|כתבה|đã viết|menulis|va escriure
    je napisao|je napisao/la|je napisala|je napisal|rašė|rakstīja|kirjutas|написа"""
)
#: "wrote" in languages that put the writer's name behind it.
WROTE_FIRST = _words(
    "schrieb|schreef|skrev|ezt írta|wrote on|wrote at|kirjoitti|şunları yazdı|escreveu|كتب|كتب/كتبت"
)

#: With what the line above a quote begins, unless with a date or the writer's name.
ATTRIBUTION_STARTS = _words(
    "on|at|le|el|am|il|em|no dia|op|den|på|w dniu|dnia|dne|dňa|dana|în|pe|στις|vào|pada|в|a|kl|在|"
    "于|於|wiadomość napisana|في|בתאריך|ב-"
)

#: With what the line begins that a telephone or a mail program adds.
SENT_FROM = tuple(
    _words(
        """sent from|sent via|sent with|get outlook for|get bluemail for|von meinem|gesendet von
        gesendet mit|gesendet über|outlook für|envoyé de mon|envoyé depuis|envoyé à partir
        télécharger outlook|obtenez outlook|enviado desde|enviado de mi|enviado do meu
        enviado a partir|obtener outlook|inviato da|inviato dal|ottieni outlook|verzonden vanaf
        verstuurd vanaf|skickat från|sendt fra|hent outlook|wysłane z|wysłano z|odesláno z
        lähetetty|отправлено с|отправлено из|надіслано з|trimis de pe|στάλθηκε από|נשלח מה
        iphoneから送信|从我的|發自我的|发自我的|從我的|أُرسلت من|أرسلت من|مُرسل من|مرسل من
        verzonden vanuit|diese nachricht wurde von meinem|diese nachricht wurde mit
        yahoo mail: search, organize
        please excuse my brevity|please excuse any typos|please excuse typos|excuse my brevity
        bitte entschuldigen sie die kürze|scarica outlook|obter o outlook|download outlook
        skaffa outlook|hämta outlook|hanki outlook|pobierz aplikację outlook|pobierz outlook
        získejte outlook|získat outlook|outlook voor|obțineți outlook|αποκτήστε το outlook
        скачать outlook|загрузить outlook|получить outlook|отримати outlook|отримайте outlook
        获取 outlook|下载 outlook|取得 ios 版|取得 android 版|احصل على outlook|קבל את outlook"""
    )
)
#: With what such a line ends where the verb comes last.
SENT_FROM_ENDS = tuple(
    _words("küldve|gönderildi|outlook'u edinin|outlook を入手|outlook 받기|에서 보냄|から送信")
)

#: Lines that end a letter and say nothing else.
COURTESIES = _words(
    """regards|best regards|kind regards|kindest regards|warm regards|warmest regards|best
    rgds|brgds|br|kr|all the best|best wishes|many regards|with regards|with best regards
    with kind regards|sincerely|sincerely yours|yours sincerely|yours truly|yours faithfully|yours
    respectfully|cordially|cheers|take care|love|xoxo|warmly|ciao
    mit freundlichen grüßen|mit freundlichen grüssen|freundliche grüße|freundliche grüsse
    beste grüße|viele grüße|liebe grüße|herzliche grüße|schöne grüße|gruß|grüße|mfg|lg|vg
    cordialement|bien cordialement|bien à vous|bien à toi|sincères salutations|salutations|amitiés
    saludos|un saludo|saludos cordiales|atentamente|un abrazo|abrazos|cordialmente|atenciosamente
    abraço|abraços|cumprimentos|cordiali saluti|distinti saluti|saluti|un saluto
    met vriendelijke groet|met vriendelijke groeten|vriendelijke groeten|groeten|groetjes|mvg
    med vänliga hälsningar|vänliga hälsningar|hälsningar|med vänlig hälsning
    vänlig hälsning|bästa hälsningar|med vennlig hilsen|vennlig hilsen
    med venlig hilsen|venlig hilsen|hilsen|mvh|ystävällisin terveisin|terveisin|pozdrawiam
    z poważaniem|s pozdravem|s pozdravom|üdvözlettel|üdv|с уважением|з повагою|saygılarımla
    cu stimă|με εκτίμηση|בברכה|مع تحياتي|مع التحية|تحياتي|よろしくお願いします
    よろしくお願いいたします|敬具|此致|祝好|감사합니다"""
)
#: Lines that end a letter and are still an answer: they stay when the name below goes.
THANKS = _words(
    """thanks|thank you|many thanks|thanks again|thanks so much|thanks in advance|thx|tia|ty
    thank you very much|thanks a lot|thanks and regards|thanks & regards|thanks!|thank you!
    danke|vielen dank|besten dank|dank im voraus|merci|merci d'avance|gracias|muchas gracias
    obrigado|obrigada|grazie|grazie mille|dank je|bedankt|alvast bedankt|tack|tak|takk|kiitos
    dziękuję|děkuji|ďakujem|köszönöm|спасибо|дякую|teşekkürler|mulțumesc|ευχαριστώ|תודה"""
)

#: What a legal disclaimer says: a group for each thing.
DISCLAIMER_SIGNS = (
    (
        *("confiden", "vertraulich", "riservat", "vertrouwelijk", "konfiden", "fortrolig", "poufn"),
        *("luottamuksel", "důvěrn", "bizalmas", "gizli", "конфиденц", "конфіденц", "εμπιστευτικ"),
    ),
    ("privileg", "proprietary", "legally protected", "geheim"),
    (
        *("intended", "addressee", "recipient", "destinata", "empfänger", "bestimmt"),
        *(
            "geadresseerde",
            "mottagare",
            "modtager",
            "mottaker",
            "vastaanottaj",
            "adresat",
            "adresát",
        ),
        *("címzett", "destinatar", "alıcı", "адресат", "παραλήπτη"),
    ),
    (
        *("in error", "par erreur", "por error", "per errore", "por engano", "irrtümlich"),
        *(
            "ten onrecht",
            "av misstag",
            "ved en fejl",
            "ved en feil",
            "erehdyks",
            "pomyłk",
            "omylem",
        ),
        *("tévedés", "din greșeală", "yanlışlıkla", "по ошибке", "помилково", "κατά λάθος"),
    ),
    (
        *("delete", "destroy", "détruire", "detruire", "supprim", "löschen", "vernicht", "elimin"),
        *("borr", "radera", "slette", "poista", "usunięci", "smaz", "töröl", "șterge", "siliniz"),
        *("удалит", "видал", "διαγρά"),
    ),
    ("notify", "inform the", "contact the sender", "avert", "verständig", "benachricht", "avis"),
    (
        *("disclos", "disseminat", "distribut", "copying", "prohibit", "unauthori", "interdit"),
        "untersagt",
    ),
    ("virus", "monitor", "liabilit", "does not create", "not constitute", "binding", "enforceable"),
    (
        *("outside of the organi", "outside your organi", "from outside", "do not click"),
        "external sender",
    ),
)

#: What stands beside the name of a video conference without naming a place.
BESIDE_CONFERENCE = _words(
    """meeting|call|video|conference|link|via|on|in|the|a|see|below|online|description|details
    invite|invitation|to|follow|passcode|password|pwd|id|code|pin|join|from|over|by|with|here|click
    or|dial|phone|besprechung|termin|réunion|reunión|de|di|do|per|sur|riunione|reunião|vergadering
    möte|møde|møte|kokous|spotkanie|aplikacji|w|schůzka|értekezlet|toplantısı|собрание|会议|會議|会議
    모임"""
)

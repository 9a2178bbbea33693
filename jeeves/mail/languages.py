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
    "de la|από|מאת|من|afzender|avsändare|nadawca|odesílatel"
)
SENT = _words(
    "sent|gesendet|envoyé|enviado|enviado el|enviado em|enviada em|inviato|verzonden|sendt|skickat|"
    "wysłano|odesláno|odoslané|lähetetty|elküldve|отправлено|надіслано|gönderildi|送信日時|"
    "发送时间|發送時間|傳送日期|보낸 날짜|trimis|στάλθηκε|נשלח"
)
DATE = _words(
    "date|datum|fecha|data|dato|päivämäärä|dátum|дата|gönderme tarihi|tarih|日時|日付|日期|날짜|"
    "ημερομηνία|תאריך|تاريخ"
)
TO = _words(
    "to|an|à|a|al|aan|para|per|til|till|do|komu|vastaanottaja|címzett|кому|kime|alıcı|宛先|"
    "收件人|收件者|받는 사람|받는사람|către|προς|אל|إلى|pour|destinataire|destinatario"
)
SUBJECT = _words(
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat|předmět|predmet|"
    "aihe|tárgy|тема|konu|件名|主题|主旨|主題|제목|subiect|θέμα|נושא|الموضوع|re"
)
OTHER_FIELDS = _words(
    "cc|bcc|kopie|copie|copia|kopi|kopia|dw|копия|копія|bilgi|抄送|副本|참조|importance|priority|"
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
    mensagem original|mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada
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
    転送メッセージ|元のメッセージ|원본 메시지|전달된 메시지"""
)
#: A separator that goes on with a name and a date.
SEPARATOR_STARTS = ("forwarded by ", "forwarded message from ", "weitergeleitet von ")

#: "wrote", as it ends the line above a quote (before the colon).
WROTE_LAST = _words(
    """wrote|writes|a écrit|schrieb|escribió|escribio|ha scritto|scrive|escreveu
    schreef|het volgende geschreven|geschreven|skrev|skrev följande|napisał|napisała|napisał(a)
    napisal|napisal(a)|napísal|napísal(a)|napsal|napsal(a)|kirjoitti|написал|написала|написал(а)
    пишет|пише|написав|написала|написав(ла)|şunu yazdı|yazdı|írta|ezt írta|a scris|έγραψε|写道
    寫道|のメール|さんは書きました|님이 작성|작성|كتب|כתב|כתבה|đã viết|menulis|va escriure
    je napisao|je napisao/la|je napisala|je napisal|rašė|rakstīja|kirjutas|написа"""
)
#: "wrote" in languages that put the writer's name behind it.
WROTE_FIRST = _words("schrieb|schreef|skrev|ezt írta")

#: With what the line above a quote begins, unless with a date or the writer's name.
ATTRIBUTION_STARTS = _words(
    "on|at|le|el|am|il|em|op|den|på|w dniu|dnia|dne|dňa|dana|în|pe|στις|vào|pada|в|a|kl|在|于|於"
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
        iphoneから送信|从我的|發自我的|发自我的|從我的"""
    )
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
    med vänliga hälsningar|vänliga hälsningar|hälsningar|med vennlig hilsen|vennlig hilsen
    med venlig hilsen|venlig hilsen|hilsen|mvh|ystävällisin terveisin|terveisin|pozdrawiam
    z poważaniem|s pozdravem|s pozdravom|üdvözlettel|üdv|с уважением|з повагою|saygılarımla
    cu stimă|με εκτίμηση|בברכה|مع تحياتي|よろしくお願いします|敬具|此致|祝好|감사합니다"""
)
#: Lines that end a letter and are still an answer: they stay when the name below goes.
THANKS = _words(
    """thanks|thank you|many thanks|thanks again|thanks so much|thanks in advance|thx|tia|ty
    thank you very much|thanks a lot|thanks and regards|thanks & regards|thanks!|thank you!
    danke|vielen dank|besten dank|dank im voraus|merci|merci d'avance|gracias|muchas gracias
    obrigado|obrigada|grazie|grazie mille|dank je|bedankt|alvast bedankt|tack|tak|takk|kiitos
    dziękuję|děkuji|ďakujem|köszönöm|спасибо|дякую|teşekkürler|mulțumesc|ευχαριστώ|תודה"""
)

# ruff: noqa: RUF001 - letters of other alphabets are what this file is made of.
"""Heads of quotes and forwards, and last lines, as today's mail programs write them."""

from __future__ import annotations

import pytest

from jeeves.mail.quoting import own_words

SAM = "Sam Reader <sam@example.org>"

#: "%A" is the writer with the address.
REPLIES = {
    "en": [
        "On Mon, Mar 2, 2026 at 6:02 PM %A wrote:",
        "On Mar 2, 2026, at 6:02 PM, %A wrote:",
        "On 2 Mar 2026, at 18:02, %A wrote:",
        "On 3/2/26 6:02 PM, Sam Reader wrote:",
        "On Monday, March 2nd, 2026 at 6:02 PM, %A wrote:",
        "On Monday, March 2, 2026 at 06:02:11 PM GMT+1, %A wrote:",
        "On Monday, March 2, 2026, 6:02 PM, %A wrote:",
        "\u201cSam Reader\u201d <sam@example.org> wrote:",
        "Sam Reader wrote on 3/2/26 6:02 PM:",
        "On 2026-03-02 18:02, Sam Reader wrote:",
        "Sam Reader <sam@example.org> wrote on 02/03/2026 18:02:11:",
        "On Mon, 2 Mar 2026, 18:02 Sam Reader, <sam@example.org> wrote:",
    ],
    "de": [
        "Am Mo., 2. März 2026 um 18:02 Uhr schrieb %A:",
        "Am 02.03.2026 um 18:02 schrieb %A:",
        "Am 02.03.26 um 18:02 schrieb Sam Reader:",
        "Am Montag, 2. März 2026 um 18:02:11 MEZ hat %A Folgendes geschrieben:",
        "Am Montag, 2. März 2026, 18:02:11 MEZ hat %A Folgendes geschrieben:",
        "Sam Reader <sam@example.org> schrieb am Mo., 2. März 2026, 18:02:",
        "Sam Reader schrieb am 02.03.2026 um 18:02:",
        "Am 2. März 2026 18:02:11 MEZ schrieb %A:",
        "Sam Reader/HAM/DE schrieb am 02.03.2026 18:02:11:",
    ],
    "fr": [
        "Le lun. 2 mars 2026 à 18:02, %A a écrit :",
        "Le 2 mars 2026 à 18:02, %A a écrit :",
        "Le 02/03/2026 à 18:02, Sam Reader a écrit :",
        "Le lundi 2 mars 2026 à 18:02:11 UTC+1, %A a écrit :",
        "Le lun. 2 mars 2026, 18 h 02, %A a écrit :",
    ],
    "es": [
        "El lun, 2 mar 2026 a las 18:02, Sam Reader (<sam@example.org>) escribió:",
        "El 2 mar 2026, a las 18:02, %A escribió:",
        "El 2/3/26 a las 18:02, Sam Reader escribió:",
        "El lunes, 2 de marzo de 2026, 18:02:11 CET, %A escribió:",
        "El lun., 2 mar. 2026 18:02, Sam Reader <sam@example.org> escribió:",
    ],
    "it": [
        "Il giorno lun 2 mar 2026 alle ore 18:02 %A ha scritto:",
        "Il giorno 2 mar 2026, alle ore 18:02, %A ha scritto:",
        "Il 02/03/26 18:02, Sam Reader ha scritto:",
        "Il lunedì 2 marzo 2026 alle ore 18:02:11 CET, %A ha scritto:",
        "Il Lun 2 Mar 2026, 18:02 %A ha scritto:",
    ],
    "pt": [
        "Em seg., 2 de mar. de 2026 às 18:02, %A escreveu:",
        "No dia 2 de mar. de 2026, às 18:02, %A escreveu:",
        "Em 2 de mar. de 2026, à(s) 18:02, %A escreveu:",
        "Em 02/03/2026 18:02, Sam Reader escreveu:",
        "Em segunda-feira, 2 de março de 2026 às 18:02:11 BRT, %A escreveu:",
        "A segunda, 2/03/2026, 18:02, %A escreveu:",
        "%A escreveu (segunda, 2/03/2026 à(s) 18:02):",
    ],
    "nl": [
        "Op ma 2 mrt 2026 om 18:02 schreef %A:",
        "Op 2 mrt. 2026 om 18:02 heeft %A het volgende geschreven:",
        "Op 02-03-2026 om 18:02 schreef Sam Reader:",
        "Op maandag 2 maart 2026 om 18:02:11 CET schreef %A:",
    ],
    "sv": [
        "Den mån 2 mars 2026 kl 18:02 skrev %A:",
        "2 mars 2026 kl. 18:02 skrev %A:",
        "Den 2026-03-02 kl. 18:02, skrev Sam Reader:",
        "Den måndag 2 mars 2026 18:02:11 CET skrev %A:",
    ],
    "da": [
        "Den man. 2. mar. 2026 kl. 18.02 skrev %A:",
        "Den 2. mar. 2026 kl. 18.02 skrev %A:",
        "Den 02.03.2026 kl. 18.02 skrev Sam Reader:",
    ],
    "no": [
        "man. 2. mars 2026 kl. 18:02 skrev %A:",
        "2. mars 2026 kl. 18:02 skrev %A:",
        "Den 02.03.2026 18:02, skrev Sam Reader:",
        "På 02.03.2026 18:02, skrev Sam Reader:",
    ],
    "fi": [
        "ma 2. maaliskuuta 2026 klo 18.02 Sam Reader (sam@example.org) kirjoitti:",
        "Sam Reader <sam@example.org> kirjoitti 2.3.2026 kello 18.02:",
        "Sam Reader kirjoitti 2.3.2026 klo 18.02:",
        "maanantai 2. maaliskuuta 2026 klo 18.02.11 UTC+2 %A kirjoitti:",
    ],
    "pl": [
        "pon., 2 mar 2026 o 18:02 %A napisał(a):",
        "W dniu 2.03.2026 o 18:02, Sam Reader pisze:",
        "W dniu poniedziałek, 2 marca 2026 18:02:11 CET %A napisał(a):",
        "Dnia 2 marca 2026 18:02 Sam Reader <sam@example.org> napisał(a):",
    ],
    "cs": [
        "po 2. 3. 2026 v 18:02 odesílatel %A napsal:",
        "2. 3. 2026 v 18:02, %A:",
        "Dne 02. 03. 26 v 18:02 Sam Reader napsal(a):",
        "Dne pondělí 2. března 2026 18:02:11 SEČ, %A napsal(a):",
    ],
    "hu": [
        "%A ezt írta (időpont: 2026. márc. 2., H, 18:02):",
        "2026. márc. 2. dátummal, 18:02 időpontban %A írta:",
        "2026. 03. 02. 18:02 keltezéssel, Sam Reader írta:",
    ],
    "ro": [
        "În lun., 2 mar. 2026 la 18:02, %A a scris:",
        "Pe 2 mar. 2026, la 18:02, %A a scris:",
        "Pe 02.03.2026 18:02, Sam Reader a scris:",
    ],
    "tr": [
        "%A, 2 Mar 2026 Pzt, 18:02 tarihinde şunu yazdı:",
        "%A şunları yazdı (2 Mar 2026 18:02):",
        "2.03.2026 18:02 tarihinde Sam Reader yazdı:",
    ],
    "el": [
        "Στις Δευ 2 Μαρ 2026 στις 6:02 μ.μ., ο χρήστης %A έγραψε:",
        "Στις 2 Μαρ 2026, στις 18:02, ο/η %A έγραψε:",
        "Στις 2/3/26 18:02, ο/η Sam Reader έγραψε:",
    ],
    "ru": [
        "пн, 2 мар. 2026 г. в 18:02, %A:",
        "2 марта 2026 г., в 18:02, %A написал(а):",
        "02.03.2026 18:02, Sam Reader пишет:",
        "понедельник, 2 марта 2026 г., 18:02 +03:00 от %A:",
        "Понедельник, 2 марта 2026, 18:02 +03:00 от Sam Reader <sam@example.org>:",
        '02.03.2026, 18:02, "Sam Reader" <sam@example.org>:',
    ],
    "uk": [
        "пн, 2 бер. 2026 р. о 18:02 %A пише:",
        "02.03.26 18:02, Sam Reader пише:",
        "2 бер. 2026 р., о 18:02, %A написав(-ла):",
    ],
    "ja": [
        "2026年3月2日(月) 18:02 %A:",
        "2026/03/02 18:02、%Aのメール：",
        "2026/03/02 18:02、Sam Readerのメール:",
        "On 2026/03/02 18:02, Sam Reader wrote:",
        "2026年3月2日(月) 18:02 Sam Reader さんは書きました:",
        "Sam Reader wrote on 2026/03/02 18:02:",
    ],
    "zh": [
        "%A 于2026年3月2日周一 18:02写道：",
        "%A 於 2026年3月2日 週一 下午6:02寫道：",
        "在 2026年3月2日，18:02，%A 写道：",
        "2026年3月2日 18:02，%A 写道：",
        "在 2026/3/2 18:02, Sam Reader 写道:",
        "Sam Reader 於 2026/3/2 下午 06:02 寫道:",
        "在 2026年3月2日星期一 GMT+8 18:02:11，%A 写道：",
    ],
    "ko": [
        "2026년 3월 2일 (월) 오후 6:02, %A님이 작성:",
        "2026. 3. 2. 오후 6:02, %A 작성:",
        "2026-03-02 오후 6:02에 Sam Reader 이(가) 쓴 글:",
        "26. 3. 2. 18:02에 Sam Reader 이(가) 쓴 글:",
        "2026년 3월 2일 월요일 오후 06:02:11 GMT+9, %A님이 작성:",
    ],
    "ar": [
        "في ٢ مارس ٢٠٢٦، الساعة ٦:٠٢ م، كتب/كتبت Sam Reader <sam@example.org>:",
        "في 2\u200f/3\u200f/2026 6:02 م، كتب Sam Reader:",
    ],
    "he": [
        "\u202bבתאריך יום ב׳, 2 במרץ 2026 ב-18:02 מאת Sam <sam@example.org>:\u202c",
        "\u200fב-2 במרץ 2026, בשעה 18:02, \u200fSam Reader \u200f<sam@example.org> כתב/ה:",
        "\u200fבתאריך 02/03/2026 18:02, Sam Reader כתב:",
    ],
}

#: Fields are parted by "|".
BLOCKS = {
    "en": [
        "From: %A|Sent: Monday, March 2, 2026 6:02 PM|To: Ana|Cc: Bob|Subject: Lunch",
        "From: %A|Date: Monday, March 2, 2026 at 6:02 PM|To: Ana|Subject: Lunch",
        "*From: *Sam Reader <sam@example.org>|*Date: *Monday|*To: *Ana|*Subject: *Lunch",
    ],
    "de": [
        "Von: %A|Gesendet: Montag, 2. März 2026 18:02|An: Ana|Betreff: Mittag",
        "Von: Sam Reader|Datum: Montag, 2. März 2026 um 18:02|An: Ana|Cc: Bob|Betreff: Mittag",
        "Von: Sam Reader|Gesendet: Montag|An: Ana|Betreff: Mittag",
    ],
    "fr": [
        "De : Sam Reader|Envoyé : lundi 2 mars 2026 18:02|À : Ana|Objet : Midi",
        "De : %A|Date : lundi 2 mars 2026 à 18:02|À : Ana|Objet : Midi",
        "De: Sam Reader|Envoyé: lundi|À: Ana|Objet: Midi",
        "De : Sam Reader|Envoyé le : lundi 2 mars|À : Ana|Objet : Midi",
    ],
    "es": [
        "De: Sam Reader|Enviado: lunes, 2 de marzo|Para: Ana|Asunto: Comida",
        "De: Sam|Enviado el: lunes|Para: Ana|CC: Bob|Asunto: Comida",
        "De: %A|Fecha: lunes|Para: Ana|Asunto: Comida",
    ],
    "it": [
        "Da: Sam Reader|Inviato: lunedì 2 marzo 2026 18:02|A: Ana|Oggetto: Pranzo",
        "Da: %A|Data: lunedì|A: Ana|Oggetto: Pranzo",
    ],
    "pt": [
        "De: Sam Reader|Enviado: segunda-feira|Para: Ana|Assunto: Almoço",
        "De: Sam|Enviada em: segunda|Para: Ana|Assunto: Almoço",
        "De: Sam|Enviado: segunda|Para: Ana|Cc: B|Assunto: A",
        "De: Sam|Data: segunda|Para: Ana|Assunto: A",
    ],
    "nl": [
        "Van: Sam Reader|Verzonden: maandag 2 maart 2026 18:02|Aan: Ana|Onderwerp: Lunch",
        "Van: %A|Datum: maandag|Aan: Ana|Onderwerp: Lunch",
    ],
    "sv": [
        "Från: Sam Reader|Skickat: den 2 mars 2026 18:02|Till: Ana|Ämne: Lunch",
        "Från: %A|Datum: måndag|Till: Ana|Kopia: B|Ämne: Lunch",
    ],
    "da": [
        "Fra: Sam Reader|Sendt: 2. marts 2026 18:02|Til: Ana|Emne: Frokost",
        "Fra: %A|Dato: mandag|Til: Ana|Emne: F",
    ],
    "no": [
        "Fra: Sam Reader|Sendt: mandag 2. mars 2026 18:02|Til: Ana|Emne: Lunsj",
        "Fra: %A|Dato: mandag|Til: Ana|Emne: F",
    ],
    "fi": [
        "Lähettäjä: %A|Päivämäärä: maanantai|Vastaanottaja: Ana|Kopio: Bob|Aihe: L",
        "Lähettäjä: Sam|Päiväys: maanantai|Kenelle: Ana|Aihe: L",
    ],
    "pl": [
        "Od: Sam Reader|Wysłane: poniedziałek, 2 marca 2026 18:02|Do: Ana|Temat: Obiad",
        "Od: Sam|Wysłano: poniedziałek|Do: Ana|DW: Bob|Temat: O",
        "Od: Sam|Data: poniedziałek|Do: Ana|Temat: O",
    ],
    "cs": [
        "Od: Sam Reader|Odesláno: pondělí 2. března 2026 18:02|Komu: Ana|Předmět: Oběd",
        "Od: Sam|Datum: pondělí|Komu: Ana|Kopie: Bob|Předmět: O",
    ],
    "hu": [
        "Feladó: Sam Reader|Elküldve: 2026. március 2., hétfő 18:02|Címzett: Ana|Tárgy: Ebéd",
        "Feladó: Sam|Dátum: hétfő|Címzett: Ana|Másolatot kap: B|Tárgy: E",
        "Feladó: Sam|Küldve: hétfő|Címzett: Ana|Másolat: B|Tárgy: E",
    ],
    "ro": [
        "De la: Sam Reader|Trimis: luni, 2 martie 2026 18:02|Către: Ana|Subiect: Prânz",
        "De la: Sam|Data: luni|Către: Ana|Subiect: P",
        "De: Sam|Trimis: luni|Către: Ana|Subiect: P",
    ],
    "tr": [
        "Kimden: Sam Reader|Gönderildi: 2 Mart 2026 Pazartesi 18:02|Kime: Ana|Konu: Yemek",
        "Gönderen: Sam|Tarih: 2 Mart|Alıcı: Ana|Konu: Y",
        "Kimden: Sam|Gönderme: 2 Mart|Kime: Ana|Bilgi: B|Konu: Y",
    ],
    "el": [
        "Από: Sam Reader|Στάλθηκε: Δευτέρα, 2 Μαρτίου 2026 18:02|Προς: Ana|Θέμα: Γεύμα",
        "Από: Sam|Ημερομηνία: Δευτέρα|Προς: Ana|Θέμα: Γ",
        "Από: Sam|Αποστολή: Δευτέρα|Προς: Ana|Κοιν.: B|Θέμα: Γ",
    ],
    "ru": [
        "От: Sam Reader|Отправлено: 2 марта 2026 г. 18:02|Кому: Ana|Тема: Обед",
        "От кого: Sam|Дата: 2 марта|Кому: Ana|Тема: О",
        "От: Sam|Дата: 2|Кому: A|Копия: B|Тема: О",
    ],
    "uk": [
        "Від: Sam Reader|Надіслано: 2 березня 2026 р. 18:02|Кому: Ana|Тема: Обід",
        "Від: Sam|Дата: 2|Кому: A|Копія: B|Тема: О",
        "Від: Sam|Відправлено: 2|До: A|Тема: О",
    ],
    "ja": [
        "差出人: Sam Reader|送信日時: 2026年3月2日 18:02|宛先: Ana|件名: 昼食",
        "差出人：Sam|日付：2026年3月2日|宛先：Ana|件名：昼食",
        "From: Sam|Date: 2026年3月2日|To: Ana|Subject: 昼食",
    ],
    "zh": [
        "发件人: Sam Reader|发送时间: 2026年3月2日 18:02|收件人: Ana|主题: 午饭",
        "寄件者: Sam|寄件日期: 2026年3月2日|收件者: Ana|主旨: 午餐",
        "寄件人: Sam|日期: 2026年3月2日|收件人: Ana|主旨: 午餐",
        "发件人：Sam|日期：2026年|收件人：Ana|抄送：B|主题：午饭",
        "寄件者: Sam|傳送時間: 2026年3月2日|收件者: Ana|副本: B|主旨: 午餐",
    ],
    "ko": [
        "보낸 사람: Sam Reader|보낸 날짜: 2026년 3월 2일|받는 사람: Ana|제목: 점심",
        "보낸 사람: Sam|날짜: 2026년|받는 사람: A|제목: 점심",
        "보낸사람: Sam|보낸 시간: 2026년|받는사람: A|참조: B|제목: 점심",
    ],
    "ar": [
        "من: Sam Reader|تم الإرسال: 2 مارس 2026|إلى: Ana|الموضوع: غداء",
        "من: Sam|إرسال: 2 مارس|إلى: Ana|نسخة: B|الموضوع: غ",
        "من: Sam|التاريخ: 2|إلى: A|الموضوع: غ",
        "من: Sam|تاريخ الإرسال: 2|إلى: A|الموضوع: غ",
    ],
    "he": [
        "מאת: Sam Reader|נשלח: יום שני 02 מרץ 2026 18:02|אל: Ana|נושא: צהריים",
        "מאת: Sam|תאריך: יום|אל: A|עותק: B|נושא: צ",
        "\u200fמאת:\u200f Sam|\u200fתאריך:\u200f יום|\u200fאל:\u200f A|\u200fנושא:\u200f צ",
    ],
}

#: Alone on a line.
SEPARATORS = {
    "en": [
        "-----Original Message-----",
        "-------- Original message --------",
        "---------- Forwarded message ---------",
        "-------- Forwarded Message --------",
        "Begin forwarded message:",
        "------- Forwarded Message -------",
        "------- Original Message -------",
        "----- Forwarded by Sam Reader/HOU on 03/02/2026 06:02 PM -----",
        "----- Original Message -----",
        "-----Original Appointment-----",
        "----- Forwarded Message -----",
        "--- Original Message ---",
        "-------- Original Message --------",
    ],
    "de": [
        "-----Ursprüngliche Nachricht-----",
        "-------- Ursprüngliche Nachricht --------",
        "-------- Originalnachricht --------",
        "---------- Weitergeleitete Nachricht ---------",
        "Anfang der weitergeleiteten Nachricht:",
        "----- Weitergeleitet von Sam Reader/HAM am 02.03.2026 18:02 -----",
        "-----Ursprünglicher Termin-----",
        "-------- Original-Nachricht --------",
        "Von meinem iPhone gesendet\n\nAnfang der weitergeleiteten Nachricht:",
    ],
    "fr": [
        "-----Message d'origine-----",
        "-----Message d\u2019origine-----",
        "-------- Message d'origine --------",
        "-------- Message transféré --------",
        "---------- Message transféré ---------",
        "Début du message réexpédié :",
        "Début du message transféré :",
        "----- Transféré par Sam Reader/PAR le 02/03/2026 18:02 -----",
        "----- Réacheminé par Sam Reader/PAR le 02/03/2026 18:02 -----",
        "-------- Message original --------",
        "----- Mail original -----",
        "-----Rendez-vous d'origine-----",
    ],
    "es": [
        "-----Mensaje original-----",
        "-------- Mensaje original --------",
        "---------- Mensaje reenviado ---------",
        "-------- Mensaje reenviado --------",
        "Inicio del mensaje reenviado:",
        "----- Remitido por Sam Reader/MAD con fecha 02/03/2026 -----",
        "----- Reenviado por Sam Reader/MAD el 02/03/2026 18:02 -----",
        "-----Cita original-----",
    ],
    "it": [
        "-----Messaggio originale-----",
        "-------- Messaggio originale --------",
        "---------- Messaggio inoltrato ---------",
        "-------- Messaggio Inoltrato --------",
        "Inizio messaggio inoltrato:",
        "----- Inoltrato da Sam Reader/ROM il 02/03/2026 18:02 -----",
        "Inizio del messaggio inoltrato:",
    ],
    "pt": [
        "-----Mensagem original-----",
        "-------- Mensagem original --------",
        "---------- Mensagem encaminhada ---------",
        "-------- Mensagem encaminhada --------",
        "Início da mensagem encaminhada:",
        "Início da mensagem reencaminhada:",
        "---------- Mensagem reencaminhada ---------",
        "----- Encaminhado por Sam Reader/SAO em 02/03/2026 18:02 -----",
    ],
    "nl": [
        "-----Oorspronkelijk bericht-----",
        "-------- Oorspronkelijk bericht --------",
        "---------- Doorgestuurd bericht ---------",
        "-------- Doorgestuurd bericht --------",
        "Begin doorgestuurd bericht:",
        "----- Doorgestuurd door Sam Reader/AMS op 02-03-2026 18:02 -----",
        "-------- Origineel bericht --------",
    ],
    "sv": [
        "-----Ursprungligt meddelande-----",
        "-------- Originalmeddelande --------",
        "---------- Vidarebefordrat meddelande ---------",
        "-------- Vidarebefordrat meddelande --------",
        "Vidarebefordrat brev:",
        "Vidarebefordrat meddelande:",
        "----- Vidarebefordrat av Sam Reader/STO den 2026-03-02 18:02 -----",
        "Början på vidarebefordrat meddelande:",
    ],
    "da": [
        "-----Oprindelig meddelelse-----",
        "-------- Oprindelig besked --------",
        "---------- Videresendt meddelelse ---------",
        "Start på videresendt besked:",
        "Start på videresendt meddelelse:",
        "----- Videresendt af Sam Reader/CPH den 02-03-2026 18:02 -----",
        "---------- Videresendt besked ---------",
    ],
    "no": [
        "-----Opprinnelig melding-----",
        "-------- Opprinnelig melding --------",
        "---------- Videresendt melding ---------",
        "Videresendt melding:",
        "Start på videresendt melding:",
        "Begynnelse på videresendt melding:",
        "----- Videresendt av Sam Reader/OSL den 02.03.2026 18:02 -----",
    ],
    "fi": [
        "-----Alkuperäinen viesti-----",
        "-------- Alkuperäinen viesti --------",
        "---------- Välitetty viesti ---------",
        "-------- Välitetty viesti --------",
        "Välitetty viesti alkaa:",
        "Edelleenlähetetty viesti alkaa:",
        "Lähetetty edelleen:",
    ],
    "pl": [
        "-----Oryginalna wiadomość-----",
        "-----Wiadomość oryginalna-----",
        "-------- Oryginalna wiadomość --------",
        "---------- Wiadomość przekazana dalej ---------",
        "---------- Forwarded message ---------",
        "-------- Treść przekazanej wiadomości --------",
        "-------- Przekazana wiadomość --------",
        "Początek przekazywanej wiadomości:",
        "Początek przekazanej wiadomości:",
        "-------- Wiadomość oryginalna --------",
    ],
    "cs": [
        "-----Původní zpráva-----",
        "-------- Původní zpráva --------",
        "---------- Přeposlaná zpráva ---------",
        "-------- Přeposlaná zpráva --------",
        "Začátek přeposílané zprávy:",
        "Začátek přeposlané zprávy:",
        "---------- Původní e-mail ----------",
    ],
    "hu": [
        "-----Eredeti üzenet-----",
        "-------- Eredeti üzenet --------",
        "---------- Továbbított üzenet ---------",
        "-------- Továbbított üzenet --------",
        "Továbbított levél kezdete:",
        "Továbbított üzenet kezdete:",
    ],
    "ro": [
        "-----Mesaj original-----",
        "-------- Mesaj original --------",
        "---------- Mesaj redirecționat ---------",
        "-------- Mesaj redirecționat --------",
        "Începutul mesajului redirecționat:",
        "Început mesaj redirecționat:",
        "-----Mesajul original-----",
        "-------- Mesaj înaintat --------",
        "---------- Mesaj transmis ---------",
    ],
    "tr": [
        "-----Özgün İleti-----",
        "-----Orijinal Mesaj-----",
        "-------- Orijinal mesaj --------",
        "---------- Yönlendirilen ileti ---------",
        "-------- Yönlendirilmiş İleti --------",
        "---------- İletilen mesaj ---------",
        "İletilen ileti başlangıcı:",
        "İletilen e-posta başlangıcı:",
        "-------- İletilmiş İleti --------",
    ],
    "el": [
        "-----Αρχικό μήνυμα-----",
        "-------- Αρχικό μήνυμα --------",
        "---------- Προωθημένο μήνυμα ---------",
        "-------- Προωθημένο μήνυμα --------",
        "-------- Προωθημένο Μήνυμα --------",
        "Αρχή προωθημένου μηνύματος:",
        "-----Original Message-----",
    ],
    "ru": [
        "-----Исходное сообщение-----",
        "-------- Исходное сообщение --------",
        "---------- Пересылаемое сообщение ---------",
        "-------- Пересланное сообщение --------",
        "-------- Перенаправленное сообщение --------",
        "Начало переадресованного сообщения:",
        "Начало пересылаемого сообщения:",
        "-------- Пересылаемое сообщение --------",
        "-------- Конец пересылаемого сообщения --------",
    ],
    "uk": [
        "-----Оригінальне повідомлення-----",
        "-----Вихідне повідомлення-----",
        "-------- Вихідне повідомлення --------",
        "-------- Переслане повідомлення --------",
        "---------- Пересланий лист ---------",
        "---------- Переслане повідомлення ---------",
        "Початок переадресованого повідомлення:",
        "Початок листа, що пересилається:",
        "-----Початкове повідомлення-----",
    ],
    "ja": [
        "-----Original Message-----",
        "-------- 元のメッセージ --------",
        "---------- 転送されたメッセージ ---------",
        "---------- Forwarded message ---------",
        "転送されたメッセージ：",
        "-------- 転送メッセージ --------",
        "-----元のメッセージ-----",
        "-----元の予定-----",
    ],
    "zh": [
        "-----邮件原件-----",
        "-------- 原始邮件 --------",
        "-----原始邮件-----",
        "-----原始郵件-----",
        "---------- 转发的邮件 ---------",
        "---------- 轉寄郵件 ---------",
        "---------- Forwarded message ---------",
        "-------- 转发的消息 --------",
        "-------- 轉寄訊息 --------",
        "开始转发的邮件：",
        "开始转发邮件：",
        "開始轉寄郵件：",
        "------------------ 原始邮件 ------------------",
        "---------- 已转发邮件 ----------",
        "-------- 轉寄的郵件 --------",
    ],
    "ko": [
        "-----원본 메시지-----",
        "-----Original Message-----",
        "-------- 원본 이메일 --------",
        "-------- 원본 메시지 --------",
        "---------- 전달된 메시지 ---------",
        "전달된 메시지 시작:",
        "-------- 전달된 메시지 --------",
        "--------- 원본 메일 ---------",
        "---------- Forwarded message ---------",
    ],
    "ar": [
        "-----الرسالة الأصلية-----",
        "-------- رسالة أصلية --------",
        "---------- الرسالة المعاد توجيهها ---------",
        "---------- رسالة معاد توجيهها ---------",
        "-------- الرسالة الممررة --------",
        "بدء الرسالة التي تمت إعادة توجيهها:",
        "بداية الرسالة المعاد توجيهها:",
        "بدء الرسالة المُعاد توجيهها:",
    ],
    "he": [
        "-----הודעה מקורית-----",
        "-------- הודעה מקורית --------",
        "---------- הודעה שהועברה ---------",
        "---------- Forwarded message ---------",
        "-------- הודעה מועברת --------",
        "תחילת ההודעה שהועברה:",
        "תחילת הודעה שהועברה:",
    ],
}

SENT_FROM = [
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Inviato dal mio iPhone",
    "Enviado do meu iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "Az iPhone-omról küldve",
    "iPhone-ról küldve",
    "Trimis de pe iPhone",
    "iPhone'umdan gönderildi",
    "Στάλθηκε από το iPhone μου",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "iPhoneから送信",
    "从我的iPhone发送",
    "发自我的iPhone",
    "從我的 iPhone 傳送",
    "나의 iPhone에서 보냄",
    "أُرسلت من الـ iPhone",
    "مُرسل من الـ iPhone",
    "נשלח מה-iPhone שלי",
    "Get Outlook for iOS",
    "Outlook für iOS beziehen",
    "Télécharger Outlook pour iOS",
    "Obtener Outlook para iOS",
    "Ottieni Outlook per iOS",
    "Scarica Outlook per iOS",
    "Obter o Outlook para iOS",
    "Outlook voor iOS downloaden",
    "Download Outlook voor iOS",
    "Skaffa Outlook för iOS",
    "Hämta Outlook för iOS",
    "Hent Outlook til iOS",
    "Hanki Outlook iOS:lle",
    "Pobierz aplikację Outlook dla systemu iOS",
    "Získejte Outlook pro iOS",
    "Obțineți Outlook pentru iOS",
    "iOS için Outlook'u edinin",
    "Αποκτήστε το Outlook για iOS",
    "Скачать Outlook для iOS",
    "Отримати Outlook для iOS",
    "iOS 用 Outlook を入手",
    "获取 Outlook for iOS",
    "取得 iOS 版 Outlook",
    "iOS용 Outlook 받기",
    "احصل على Outlook لـ iOS",
    "קבל את Outlook עבור iOS",
    "Sent from Yahoo Mail for iPhone",
    "Sent from Yahoo Mail on Android",
    "Yahoo Mail: Search, Organize, Conquer",
    "Sent with Proton Mail secure email.",
    "Sent from Proton Mail for iOS",
    "Sent from Proton Mail for iOS.",
    "Sent from Outlook for Android",
    "Sent from my Galaxy",
    "Von meinem Samsung Gerät gesendet",
    "Gesendet mit der GMX iPhone App",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Sent from Mail for Windows",
    "Envoyé à partir de Courrier pour Windows",
    "Envoyé depuis mon appareil Galaxy",
    "Enviado desde mi Galaxy",
    "Enviado desde Outlook para Android",
    "Gesendet von Outlook für Android",
    "Gesendet von Mail für Windows",
    "Sent from my T-Mobile 5G Device",
    "Sent via the Samsung Galaxy S24, an AT&T 5G smartphone",
    "Sent from Samsung Mobile",
    "Please excuse my brevity.",
    "Sent from my mobile. Please excuse typos.",
    "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    "Odesláno z mobilního zařízení",
    "Sendt fra Outlook til iOS",
    "Verzonden vanuit Outlook voor Android",
    "Wysłane z aplikacji Outlook dla systemu Android",
    "Get BlueMail for Android",
    "Sent from Gmail Mobile",
]

CLOSINGS = [
    "Best regards,\nSam",
    "Viele Grüße\nSam",
    "Cordialement,\nSam",
    "Un saludo,\nSam",
    "Cordiali saluti\nSam",
    "Atenciosamente,\nSam",
    "Met vriendelijke groet,\nSam",
    "Med vänlig hälsning\nSam",
    "Med venlig hilsen\nSam",
    "Vennlig hilsen\nSam",
    "Terveisin\nSam",
    "Pozdrawiam\nSam",
    "S pozdravem\nSam",
    "Üdvözlettel\nSam",
    "Cu stimă,\nSam",
    "Saygılarımla,\nSam",
    "Με εκτίμηση\nSam",
    "С уважением,\nСэм",
    "З повагою\nСем",
    "よろしくお願いします。\n田中",
    "此致\n敬礼\n王",
    "감사합니다.\n김",
    "مع التحية\nسام",
    "בברכה,\nסם",
]

DISCLAIMERS = {
    "en": (
        "This email and any attachments are confidential and intended solely for the "
        "addressee. If you have received it in error, please delete it."
    ),
    "de": (
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige "
        "Adressat sind, vernichten Sie diese Mail."
    ),
    "fr": (
        "Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention "
        "exclusive de ses destinataires. Si vous recevez ce message par erreur, merci de le "
        "détruire et d'en avertir l'expéditeur."
    ),
    "es": (
        "Este mensaje y sus archivos adjuntos son confidenciales y van dirigidos "
        "exclusivamente a su destinatario. Si lo ha recibido por error, le rogamos que lo "
        "elimine y avise al remitente."
    ),
    "it": (
        "Questo messaggio è riservato ed è destinato esclusivamente al destinatario. Se lo ha "
        "ricevuto per errore, La preghiamo di eliminarlo e di avvisare il mittente."
    ),
    "pt": (
        "Esta mensagem é confidencial e destina-se exclusivamente ao destinatário. Se a "
        "recebeu por engano, por favor elimine-a e avise o remetente."
    ),
    "nl": (
        "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Als u dit "
        "bericht ten onrechte heeft ontvangen, verzoeken wij u het te vernietigen."
    ),
    "sv": (
        "Detta meddelande är konfidentiellt och avsett endast för mottagaren. Om du har fått "
        "det av misstag, vänligen radera det och meddela avsändaren."
    ),
    "da": (
        "Denne e-mail er fortrolig og kun beregnet til modtageren. Hvis du har modtaget den "
        "ved en fejl, bedes du slette den og underrette afsenderen."
    ),
    "no": (
        "Denne e-posten er konfidensiell og kun ment for mottakeren. Hvis du har mottatt den "
        "ved en feil, vennligst slett den og varsle avsenderen."
    ),
    "fi": (
        "Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Jos olet "
        "saanut viestin erehdyksessä, poista se ja ilmoita lähettäjälle."
    ),
    "pl": (
        "Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeśli otrzymali ją "
        "Państwo przez pomyłkę, prosimy o jej usunięcie i powiadomienie nadawcy."
    ),
    "cs": (
        "Tato zpráva je důvěrná a určena výhradně adresátovi. Pokud jste ji obdrželi omylem, "
        "prosíme o její smazání a informujte odesílatele."
    ),
    "hu": (
        "Ez az üzenet bizalmas, és kizárólag a címzettnek szól. Ha tévedésből kapta, kérjük "
        "törölje, és értesítse a feladót."
    ),
    "ro": (
        "Acest mesaj este confidențial și destinat exclusiv destinatarului. Dacă l-ați primit "
        "din greșeală, vă rugăm să îl ștergeți și să anunțați expeditorul."
    ),
    "tr": (
        "Bu e-posta gizlidir ve yalnızca alıcısı içindir. Yanlışlıkla aldıysanız lütfen "
        "siliniz ve göndereni bilgilendiriniz."
    ),
    "ru": (
        "Это сообщение является конфиденциальным и предназначено только для адресата. Если вы "
        "получили его по ошибке, пожалуйста, удалите его и уведомите отправителя."
    ),
    "uk": (
        "Це повідомлення є конфіденційним і призначене лише для адресата. Якщо ви отримали "
        "його помилково, будь ласка, видаліть його та повідомте відправника."
    ),
}


def flat(table: dict[str, list[str]]) -> list[object]:
    """Each string of ``table`` with an id that names its language."""
    return [
        pytest.param(text, id=f"{language}-{number}")
        for language, texts in table.items()
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("head", flat(REPLIES))
def test_a_reply_ends_above_the_line_that_says_who_wrote(head: str) -> None:
    head = head.replace("%A", SAM)
    assert own_words(f"Gladly.\n\n{head}\n\n> Lunch?\n> Sam\n") == "Gladly."
    assert own_words(f"Gladly.\n\n{head}\n\nLunch?\n\nSam\n") == "Gladly."


@pytest.mark.parametrize("block", flat(BLOCKS))
@pytest.mark.parametrize("rule", ["", "_" * 32 + "\n"], ids=["bare", "ruled"])
def test_a_reply_ends_above_the_fields_of_the_mail_it_answers(block: str, rule: str) -> None:
    fields = block.replace("%A", SAM).split("|")
    written = "\n".join(fields)
    bold = "\n".join(f"*{field}".replace(":", ":*", 1) for field in fields)
    for head in (written, bold):
        assert own_words(f"Gladly.\n\n{rule}{head}\n\nLunch?\n\nSam\n") == "Gladly."


@pytest.mark.parametrize("separator", flat(SEPARATORS))
def test_what_stands_below_a_separator_is_another_mail(separator: str) -> None:
    assert own_words(f"Gladly.\n\n{separator}\nLunch?\n\nSam\n") == "Gladly."
    assert own_words(f"{separator}\nFrom: Sam\nSubject: Lunch\n\nLunch?\n") == ""


def test_dashes_above_the_fields_of_a_mail_belong_to_it_in_any_language() -> None:
    text = "Gladly.\n\n-------- Áframsent skeyti --------\nFrom: Sam\nSubject: Lunch\n\nLunch?"
    assert own_words(text) == "Gladly."


@pytest.mark.parametrize("line", SENT_FROM)
def test_the_line_that_a_telephone_adds_is_no_own_word(line: str) -> None:
    assert own_words(f"Gladly.\n\n{line}\n") == "Gladly."


@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_name_below_a_closing_is_no_own_word(closing: str) -> None:
    assert own_words(f"Gladly.\n\n{closing}\n") == "Gladly."


@pytest.mark.parametrize("text", DISCLAIMERS.values(), ids=DISCLAIMERS.keys())
def test_a_disclaimer_is_no_own_word(text: str) -> None:
    assert own_words(f"Gladly.\n\n{text}\n") == "Gladly."


@pytest.mark.parametrize(
    "text",
    [
        "He wrote on the board:\n\nlunch at noon.",
        "Er schrieb 3 Punkte:\n\nOrt, Zeit, Anlass.",
        "--- important ---\nCan we meet on Friday?",
        "Reenviado por error, lo siento.",
        "I use Outlook on my iPhone, do you?\nWhere shall we meet?",
        "Diese Nachricht ist vertraulich. Treffen wir uns am Freitag?",
        "Это письмо для тебя. Где встретимся?",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert own_words(text) == text


def test_the_armour_of_a_signed_mail_is_no_own_word() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nLunch on Friday?\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    assert own_words(text) == "Lunch on Friday?"

# ruff: noqa: RUF001 - letters of other alphabets are what some tests are about.
"""What the sender wrote, without quotes, signature and disclaimer."""

from __future__ import annotations

import email
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.mail.quoting import own_words


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, Mar 2, 2026 at 6:02 PM Sam Reader <sam@example.org> wrote:",
        "On 2 Mar 2026, at 18:02, Sam Reader wrote:",
        "On Mon, Mar 2, 2026 at 6:02 PM Sam Reader\n<sam.reader@long.name.example.org> wrote:",
        "On Mon, Mar 2, 2026 at 6:02 PM, Sam <\nsam@example.org>\nwrote:",
        "At 09:57 AM 1/26/01 -0600, you wrote:",
        "sam@example.org wrote:",
        "--- Sam Reader <sam@example.org> wrote:",
        "Am Mo., 2. März 2026 um 18:02 Uhr schrieb Sam Reader <sam@example.org>:",
        "Am 02.03.2026 um 18:02 schrieb Sam\n<sam@example.org>:",
        "Am 02.03.2026 schrieb Max Mustermann:",
        "Le lun. 2 mars 2026 à 18:02, Sam Reader <sam@example.org> a écrit :",
        "El lun, 2 mar 2026 a las 18:02, Sam Reader (<sam@example.org>) escribió:",
        "Il giorno lun 2 mar 2026 alle ore 18:02 Sam Reader <sam@example.org>\nha scritto:",
        "Em seg., 2 de mar. de 2026 às 18:02, Sam <sam@example.org> escreveu:",
        "Op ma 2 mrt 2026 om 18:02 schreef Sam Reader <sam@example.org>:",
        "Den mån 2 mars 2026 kl 18:02 skrev Sam Reader <sam@example.org>:",
        "pon., 2 mar 2026 o 18:02 Sam Reader <sam@example.org> napisał(a):",
        "po 2. 3. 2026 v 18:02 odesílatel Sam <sam@example.org> napsal:",
        "пн, 2 мар. 2026 г. в 18:02, Сэм <sam@example.org>:",
        "Sam Reader <sam@example.org>, 2 Mar 2026 Pzt, 18:02 tarihinde şunu yazdı:",
        "Sam Reader <sam@example.org> ezt írta (időpont: 2026. márc. 2., H, 18:02):",
        "2026年3月2日(月) 18:02 Sam Reader <sam@example.org>:",
        "Sam <sam@example.org> 于2026年3月2日周一 18:02写道\uff1a",
        "2026년 3월 2일 (월) 18:02, Sam <sam@example.org>님이 작성:",
        "2026-03-02 18:02 GMT+01:00 Sam Reader <sam@example.org>:",
    ],
)
def test_the_line_above_a_quote_is_known_in_many_languages(attribution: str) -> None:
    assert own_words(f"Gladly.\n\n{attribution}\n\n> Lunch?\n> Sam\n") == "Gladly."


def test_text_below_marked_quotes_is_own() -> None:
    body = "On 2 Mar 2026, Sam <sam@example.org> wrote:\n> Lunch?\n> Sam\n\nGladly, where?\n"
    assert own_words(body) == "Gladly, where?"


def test_text_below_a_quote_without_marks_belongs_to_it() -> None:
    body = "Gladly.\n\nOn 2 Mar 2026 at 18:02, Sam <sam@example.org> wrote:\n\nLunch?\n\nSam\n"
    assert own_words(body) == "Gladly."


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Sam\nSent: Monday\nTo: Ana\nSubject: Lunch",
        " -----Original Message-----\nFrom: \tReader, Sam  \nSent:\tMonday, March 02, 2026 6:02 PM",
        "     Original Message\nFrom: Sam\nTo: Ana\nSent: Mon Mar 2 2026\nSubject: Lunch",
        "________________________________\nFrom: Sam\nSent: Monday\nTo: Ana\nSubject: Lunch",
        "*From:* Sam [mailto:\nsam@example.org]\n*Sent:* Monday\n*To:* Ana\n*Subject:* Lunch",
        "From: Sam\nSent: Monday, March 2, 2026\nTo: Ana; Bob;\nCarla; Dan\nSubject: Lunch",
        "From: Sam\nTo: A;\nB;\nC;\nD;\nE;\nF;\nG;\nH\nSent: Monday",
        "To: Ana/HOU\ncc:  \n\nSubject: Lunch",
        "Von: Sam\nGesendet: Montag, 2. März 2026\nAn: Ana\nBetreff: Mittag",
        "De : Sam\nEnvoyé : lundi 2 mars 2026\nÀ : Ana\nObjet : Midi",
        "De: Sam\nEnviado el: lunes\nPara: Ana\nAsunto: Comida",
        "Från: Sam\nSkickat: den 2 mars 2026\nTill: Ana\nÄmne: Lunch",
        "От: Сэм\nОтправлено: 2 марта 2026 г.\nКому: Ана\nТема: Обед",
        "发件人\uff1a Sam\n发送时间\uff1a 2026年3月2日\n收件人\uff1a Ana\n主题\uff1a 午饭",
        "---------------------- Forwarded by Sam Reader/HOU/ECT on 05/14/2001 \n04:37 PM ------",
        "---------- Forwarded message ---------\nFrom: Sam <sam@example.org>\nDate: Monday",
        "-------- Weitergeleitete Nachricht --------\nBetreff: Mittag\nVon: Sam",
        "Begin forwarded message:\n\nFrom: Sam\nSubject: Lunch",
        "Sam Reader on 05/14/2001 10:00:00 AM\nTo: Ana/HOU/ECT@ECT\ncc:  \nSubject: Lunch",
        "Sam Reader@ENRON\n05/14/2001 10:00 AM\nTo: Ana/HOU/ECT@ECT\ncc:  \nSubject: Lunch",
        "Sam Reader@ENRON\nSent by: Ina Noon@ENRON\n05/14/2001 10:00 AM\nTo: A\ncc:  \nSubject: L",
        '"Sam" <sam@example.org> on 05/14/2001 \n10:00:00 AM\nTo: ana@example.org\ncc: ',
        '\t"Sam Reader" <sam@example.org>\n\t05/14/2001 10:00 AM\n\t\t \n\t\t To: Ana\n\t\t cc: ',
        "          Sam Reader\n          <sam@ex          To:     ana@example.org\n"
        "          ample.org>           cc:\n                               Subject:     Lunch",
    ],
)
def test_the_head_of_an_unmarked_quote_ends_the_own_words(block: str) -> None:
    assert own_words(f"Gladly.\n\n\n{block}\n\nLunch on Thursday?\n\nSam\n") == "Gladly."


@pytest.mark.parametrize(
    "forward",
    [
        "---------- Forwarded message ---------\nFrom: Sam\nSubject: Lunch\n\nLunch?",
        "\n\n -----Original Message-----\nFrom: Sam\nSent: Monday\n\nLunch?",
        "> Lunch?\n> Sam",
        "-- \nAna\n\n-----Original Message-----\nFrom: Sam\n\nLunch?",
        "",
    ],
)
def test_a_sender_who_added_nothing_has_no_own_words(forward: str) -> None:
    assert own_words(forward) == ""


@pytest.mark.parametrize(
    "text",
    [
        "From: Houston\nTo: London\nDate: 5/14\n\nThat is my flight. When shall we meet?",
        "To: everybody who wants to come\n\nWe start at noon.",
        "On Tuesday Sam told me that he wrote to you.\nDid you get it?",
        "On your desk you will find\n\nthe following:\na plan.",
        "On 5/14 I rewrote:\n\nthe plan.",
        "Date: Thursday\nTime: 10\nPlace: open\n\nCan you come?",
        "Meeting on 05/14/2001 10:00 AM\nWhere: room 12",
        "Options:\n- Monday\n- Tuesday",
        "Thanks,\nTuesday at noon works.",
        "Sent from my desk, which is much easier.",
        "Sent from the office where I sit every day of this week",
        "Note: this is confidential. Lunch on Thursday?",
        "Can we meet?\n\nBest,\nThursday Noon",
        "Regards, and see you at noon",
        "Will they come?\n\nAna Smith\nBob Stone",
        "Please treat this as confidential. Lunch on Thursday?",
        "The price -- as discussed -- is fine.",
        ">From now on we meet on Mondays.",
        "Agenda:\n    To: be decided together",
        "Plan:\n          Ana          To: come along\nIs that fine?",
        "These come:\n" + "Ana Smith\n" * 14 + "Bob Stone",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAna Smith\nExample Inc.\n+49 30 123456",
        "--\nAna Smith\nanything goes here, even a sentence",
        "Sent from my iPhone",
        "Sent from my Verizon Wireless BlackBerry",
        "Get Outlook for iOS <https://example.org>",
        "Von meinem iPhone gesendet",
        "Best regards,\nAna Smith\nDirector, Product Management\n(555) 346-9947\nwww.example.com",
        "Mit freundlichen Grüßen\nAna Smith",
        "Regards, Ana",
        "Regards,\nAna Smith\nAssistant to Sam Reader\nx3-6711",
        "Ana Smith\nExample Corporation\n(713) 345-6541",
        "-Ana",
        "_______________________________________________\nclub mailing list\nclub@example.org",
        "This e-mail is the property of Example Corp. and may contain confidential and privileged\n"
        "material for the sole use of the intended recipient. Any review, use or disclosure is\n"
        "strictly prohibited. If you are not the intended recipient, contact the sender.",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat\n"
        "sind oder diese E-Mail irrtümlich erhalten haben, vernichten Sie diese Mail.",
    ],
)
def test_what_stands_below_a_letter_is_no_own_word(signature: str) -> None:
    assert own_words(f"Lunch on Thursday?\n\n{signature}\n") == "Lunch on Thursday?"


def test_only_what_is_indented_belongs_to_a_head_in_columns() -> None:
    head = "          Sam          To:     Ana\n                       Subject:     Lunch"
    assert own_words(f"Gladly.\n{head}\n\nLunch?\n") == "Gladly."


def test_a_closing_of_thanks_stays_when_the_name_goes() -> None:
    assert own_words("Lunch on Thursday?\n\nThanks,\nAna Smith\n555-123-4567") == (
        "Lunch on Thursday?\n\nThanks,"
    )


def test_a_place_below_the_closing_is_kept() -> None:
    text = "Works for me.\n\nCheers,\nAna\n\nPS: lunch at Nino's, Main Street 5"
    assert "Nino's" in own_words(text)


@pytest.mark.parametrize(
    "line",
    [
        "> quoted\n",
        "On Monday we met\n",
        "On Monday 5/14 he wrote:\n",
        "abc:\n",
        "\n",
        " ",
        "From: a@example.org\n",
        "To: a@example.org,\n",
        "--\n",
        "on 05/14/2001 10:00 AM\n",
        "> quoted\nreply\n",
        "        Sam    To:  Ana\n",
        "confidential, intended recipient, in error\n",
        "Ana Smith\n",
        "Thanks,\n",
    ],
)
@pytest.mark.timeout(60)
def test_a_long_mail_of_any_line_is_read(line: str) -> None:
    # Backtracking expressions would not come back; there is no other assertion on time.
    own_words(line * (200_000 // len(line)))


@pytest.mark.parametrize("line", ["> quoted text\n", "On Monday we met and he wrote\n"])
@pytest.mark.timeout(60)
def test_a_megabyte_of_quotes_or_of_what_looks_like_their_heads_is_read(line: str) -> None:
    own_words(line * (1_000_000 // len(line)))


PIECES = st.sampled_from(
    [
        "> Lunch?",
        "Yes.",
        "",
        "-- ",
        "Ana Smith",
        "Thanks,",
        "On 2 Mar 2026 Sam wrote:",
        "From: Sam <sam@example.org>",
        "To: Ana",
        "Subject: Lunch",
        "-----Original Message-----",
        "05/14/2001 10:00 AM",
        "Sent from my iPhone",
        "_" * 40,
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=14))
def test_every_own_line_is_a_line_of_the_body(lines: list[str]) -> None:
    body = "\n".join(lines)
    rest = iter(body.split("\n"))
    own = own_words(body)
    assert own == "" or all(line in rest for line in own.split("\n"))


def test_replies_of_many_mail_programs_are_cut(shared_data: Path) -> None:
    folder = shared_data / "data" / "mime" / "mailgun_talon" / "tests" / "fixtures"
    for path in sorted((folder / "standard_replies").glob("*.eml")):
        root = email.message_from_bytes(path.read_bytes())
        part = next(p for p in root.walk() if p.get_content_type() == "text/plain")
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        text = payload.decode("utf-8", "replace").replace("\r\n", "\n")
        assert own_words(text).strip() == "Hello", path.name

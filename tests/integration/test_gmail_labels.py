"""X-GM-EXT-1 of the demo's mail server: threads, labels, search."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imapclient.exceptions import IMAPClientError

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.gmail_client import ALL_MAIL, connected, holds, uid_of

LABELS = [
    "Jeeves",
    "Muy Importante",
    'a "quoted" word',
    "back\\slash",
    "with (parentheses)",
    "star *",
    "100 %",
    "[brackets]",
    "Größe",
    "会議",
    "🎉 party",
    "Clients/Lumen Textiles/Autumn",
    "R&D",
    "\\Important",
    "x" * 100,
]


@pytest.fixture(scope="module")
def gmail() -> Iterator[GmailServer]:
    with GmailServer() as server:
        yield server


class TestThreads:
    def test_replies_share_the_thread_whatever_their_subject(self, gmail: GmailServer) -> None:
        first = gmail.deliver(raw_mail("Lunch", Message_ID="<t1@example.org>"))
        reply = gmail.deliver(raw_mail("AW: Mittagessen", In_Reply_To="<t1@example.org>"))
        third = gmail.deliver(raw_mail("Re: Lunch", References="<t0@example.org> <t1@example.org>"))
        other = gmail.deliver(raw_mail("Lunch"))
        assert reply.thread_id == third.thread_id == first.thread_id == first.gmail_id
        assert other.thread_id == other.gmail_id

    def test_a_reply_that_comes_first_is_joined_by_what_it_answers(
        self, gmail: GmailServer
    ) -> None:
        reply = gmail.deliver(raw_mail(References="<late@example.org>"))
        late = gmail.deliver(raw_mail(Message_ID="<late@example.org>"))
        assert late.thread_id == reply.thread_id

    def test_ids_grow_and_fit_into_64_bits(self, gmail: GmailServer) -> None:
        ids = [int(gmail.deliver(raw_mail()).gmail_id) for _ in range(3)]
        assert ids == sorted(set(ids))
        assert 2**60 < ids[0] < ids[-1] < 2**64


class TestLabels:
    @pytest.mark.parametrize("label", LABELS)
    def test_a_label_is_added_read_searched_and_removed(
        self, gmail: GmailServer, label: str
    ) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, ALL_MAIL, write=True) as client:
            uid = uid_of(client, mail)
            assert label in client.add_gmail_labels([uid], [label])[uid]
            assert set(client.get_gmail_labels([uid])[uid]) == {"\\Inbox", label}
            assert uid in client.search(["X-GM-LABELS", label], "UTF-8")
            if not label.startswith("\\"):
                assert holds(gmail, label, mail)
            assert label not in client.remove_gmail_labels([uid], [label])[uid]
            assert client.get_gmail_labels([uid])[uid] == ["\\Inbox"]

    def test_all_labels_fit_into_one_answer(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=LABELS)
        with connected(gmail, ALL_MAIL) as client:
            uid = uid_of(client, mail)
            assert sorted(client.get_gmail_labels([uid])[uid]) == sorted(LABELS)

    def test_setting_labels_replaces_them_and_moves_the_mail(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            client.set_gmail_labels([uid], ["Archive"], silent=True)
            assert client.search(["X-GM-MSGID", mail.gmail_id]) == []
        assert holds(gmail, "Archive", mail)
        assert holds(gmail, ALL_MAIL, mail)

    def test_the_label_of_the_selected_mailbox_is_left_out(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Left out"])
        left = {"INBOX": ["Left out"], "Left out": ["\\Inbox"], ALL_MAIL: ["Left out", "\\Inbox"]}
        for mailbox, labels in left.items():
            with connected(gmail, mailbox) as client:
                uid = uid_of(client, mail)
                assert client.get_gmail_labels([uid])[uid] == labels

    def test_starred_is_flagged_and_flagged_is_starred(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "\\Starred"])
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            assert b"\\Flagged" in client.get_flags([uid])[uid]
            client.remove_flags([uid], [b"\\Flagged"])
            assert client.get_gmail_labels([uid])[uid] == []
            client.add_flags([uid], [b"\\Flagged"])
            assert client.get_gmail_labels([uid])[uid] == ["\\Starred"]
        assert holds(gmail, "[Gmail]/Starred", mail)

    def test_a_label_that_is_deleted_is_on_no_mail(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Short-lived"])
        with connected(gmail, ALL_MAIL) as client:
            client.delete_folder("Short-lived")
            uid = uid_of(client, mail)
            assert client.get_gmail_labels([uid])[uid] == ["\\Inbox"]

    def test_copy_adds_a_label_and_move_exchanges_it(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            client.create_folder("Copied")
            client.copy([uid_of(client, mail)], "Copied")
            assert holds(gmail, "INBOX", mail)
            assert holds(gmail, "Copied", mail)
            client.move([uid_of(client, mail)], "[Gmail]/Trash")
        assert not holds(gmail, ALL_MAIL, mail)
        assert holds(gmail, "[Gmail]/Trash", mail)

    def test_append_puts_a_mail_under_the_mailboxs_label(self, gmail: GmailServer) -> None:
        raw = raw_mail("Appended", Message_ID="<appended@example.org>")
        with connected(gmail) as client:
            client.append("[Gmail]/Sent Mail", raw, flags=[b"\\Seen"])
            client.select_folder(ALL_MAIL, readonly=True)
            (uid,) = client.gmail_search("rfc822msgid:appended@example.org")
            assert client.get_gmail_labels([uid])[uid] == ["\\Sent"]
            assert b"\\Seen" in client.get_flags([uid])[uid]


class TestReading:
    def test_an_examined_mailbox_cannot_be_changed(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            for change in (client.add_gmail_labels, client.add_flags):
                with pytest.raises(IMAPClientError, match="READ-ONLY"):
                    change([uid], [b"Changed"])
            client.fetch([uid], ["BODY[]"])
            assert b"\\Seen" not in client.get_flags([uid])[uid]

    def test_body_marks_as_read_everywhere_and_peek_does_not(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            client.fetch([uid], ["BODY.PEEK[]"])
            assert b"\\Seen" not in client.get_flags([uid])[uid]
            client.fetch([uid], ["BODY[]"])
            client.select_folder(ALL_MAIL, readonly=True)
            uid = uid_of(client, mail)
            assert b"\\Seen" in client.get_flags([uid])[uid]

    def test_keywords_are_kept(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            client.add_flags([uid_of(client, mail)], ["$Forwarded", "Jeeves"])
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            assert {b"$Forwarded", b"Jeeves"} <= set(client.get_flags([uid])[uid])
            assert uid in client.search(["KEYWORD", "Jeeves"])

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("marzipan", True),
            ("marzi", False),
            ('"café in the park"', True),
            ('"park in the café"', False),
            ("marzipan -café", False),
            ("from:lopez subject:raw", True),
            ("subject:marzipan", False),
            ("label:muy-importante in:inbox", True),
            ("in:sent", False),
            ("is:unread", True),
            ("is:starred", False),
            ("in:anywhere to:reader", True),
        ],
    )
    def test_gmails_search_words_find_what_they_say(
        self, gmail: GmailServer, query: str, found: bool
    ) -> None:
        mail = gmail.deliver(
            raw_mail("Raw search", "Cake of marzipan at the café in the park, 3 pm"),
            labels=["\\Inbox", "Muy Importante"],
        )
        with connected(gmail, ALL_MAIL) as client:
            assert (uid_of(client, mail) in client.gmail_search(query)) is found

    def test_ids_can_be_searched_and_combined(self, gmail: GmailServer) -> None:
        one, two = gmail.deliver(raw_mail()), gmail.deliver(raw_mail())
        with connected(gmail, ALL_MAIL) as client:
            uids = [uid_of(client, one), uid_of(client, two)]
            either = ["OR", "X-GM-MSGID", one.gmail_id, "X-GM-THRID", two.thread_id]
            assert client.search(either) == uids
            assert client.search([either, "NOT", "X-GM-MSGID", one.gmail_id]) == uids[1:]

    def test_a_command_line_of_many_uids_is_taken(self, gmail: GmailServer) -> None:
        with connected(gmail, "INBOX") as client:
            assert client.fetch(range(10**8, 10**8 + 40_000, 2), ["UID"]) == {}

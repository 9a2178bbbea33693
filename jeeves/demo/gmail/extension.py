"""X-GM-EXT-1 for pymap 0.36.7: FETCH, SEARCH and STORE of Gmail's ids and labels.

https://developers.google.com/workspace/gmail/imap/imap-extensions. Where pymap lets a part be
exchanged a subclass is handed to it; `patch_pymap` changes what it names itself.
"""

from __future__ import annotations

import re
from typing import ClassVar

from pymap.backend import session
from pymap.fetch import DynamicFetchValue, MessageAttributes
from pymap.flags import FlagOp
from pymap.interfaces.message import LoadedMessageInterface, MessageInterface
from pymap.parsing import EndLine, Params
from pymap.parsing.command.select import StoreCommand
from pymap.parsing.modutf7 import modutf7_decode, modutf7_encode
from pymap.parsing.primitives import List, LiteralString, QuotedString
from pymap.parsing.specials import AString, FetchAttribute, SearchKey, SequenceSet
from pymap.parsing.specials.flag import Seen
from pymap.search import SearchCriteria, SearchParams

from jeeves.demo.gmail.account import SYSTEM_LABELS
from jeeves.demo.gmail.condstore import GmailSelected, ModSequenceValue
from jeeves.demo.gmail.mailbox import INBOX
from jeeves.demo.gmail.message import mail_of
from jeeves.demo.gmail.search import Searched, matches

FETCH_ITEM = re.compile(rb" *(X-GM-(?:LABELS|MSGID|THRID)|MODSEQ)(?=[\s)])", re.IGNORECASE)
SEARCH_KEY = re.compile(rb" *(NOT +)?(X-GM-(?:RAW|LABELS|MSGID|THRID)) +", re.IGNORECASE)
STORE_ITEM = re.compile(rb" +(\S+) +([+-]?)X-GM-LABELS(\.SILENT)? +", re.IGNORECASE)
#: Labels from this length on are sent as literals: legal (RFC 3501, 4.3), so clients must cope.
LITERAL_LENGTH = 60
MODES = {b"": FlagOp.REPLACE, b"+": FlagOp.ADD, b"-": FlagOp.DELETE}


def encode_label(label: str) -> bytes:
    r"""A label as it goes over the wire.

    Gmail is seen to send its own labels as quoted strings with a doubled backslash
    ("\\Inbox"), others as atoms where they can be, quoted or in modified UTF-7 where not.
    """
    if label in SYSTEM_LABELS:
        return bytes(QuotedString(label.encode()))
    raw = modutf7_encode(label)
    return bytes(AString(raw) if len(raw) < LITERAL_LENGTH else LiteralString(raw))


def decode_label(raw: bytes) -> str:
    """The label that came over the wire, in modified UTF-7 or (in a SEARCH) UTF-8."""
    if not raw.isascii():
        return raw.decode("utf-8", "replace")
    # pymap never returns from decoding a shift that is not ended
    return modutf7_decode(re.sub(rb"&(?![A-Za-z0-9+,]*-)", b"&-", raw))


class Label(AString):
    r"""A label in a STORE: an astring, or one of Gmail's own such as ``\Inbox`` bare."""

    @classmethod
    def parse(cls, buf: memoryview, params: Params) -> tuple[AString, memoryview]:
        """Read one label."""
        bare = re.match(rb" *(\\\w+)", buf)
        return (cls(bare[1]), buf[bare.end() :]) if bare else AString.parse(buf, params)


class GmailIdValue(DynamicFetchValue):
    """X-GM-MSGID in a FETCH."""

    def get_value(self) -> bytes:
        """An unsigned 64-bit number in decimal."""
        return b"%d" % mail_of(self.message).gmail_id


class ThreadIdValue(DynamicFetchValue):
    """X-GM-THRID in a FETCH."""

    def get_value(self) -> bytes:
        """An unsigned 64-bit number in decimal."""
        return b"%d" % mail_of(self.message).thread_id


class LabelsValue(DynamicFetchValue):
    """X-GM-LABELS in a FETCH."""

    def get_value(self) -> bytes:
        """All labels but that of the selected mailbox, which Gmail leaves out."""
        selected = str(self.selected.lookup)
        own = INBOX if selected == "INBOX" else selected
        labels = sorted(mail_of(self.message).labels - {own})
        return b"(%b)" % b" ".join(map(encode_label, labels))


class GmailCriteria(SearchCriteria):
    """X-GM-RAW, X-GM-LABELS, X-GM-MSGID or X-GM-THRID in a SEARCH."""

    def __init__(self, key: bytes, value: bytes, params: SearchParams) -> None:
        super().__init__(params)
        self.key = key
        self.value = value

    def matches(
        self,
        msg_seq: int,  # noqa: ARG002 - pymap's signature
        msg: MessageInterface,
        loaded_msg: LoadedMessageInterface,  # noqa: ARG002 - pymap's signature
    ) -> bool:
        """Whether the message has the label or id, or what the raw search asks for."""
        mail = mail_of(msg)
        if self.key == b"X-GM-LABELS":
            return decode_label(self.value) in mail.labels
        if self.key == b"X-GM-MSGID":
            return self.value == b"%d" % mail.gmail_id
        if self.key == b"X-GM-THRID":
            return self.value == b"%d" % mail.thread_id
        searched = Searched(bytes(mail.content), mail.labels, Seen in mail.flags)
        return matches(self.value.decode("utf-8", "replace"), searched)


def patch_pymap() -> None:
    """FETCH and SEARCH of this process know Gmail's attributes, its sessions `GmailSelected`.

    FetchCommand and SearchCommand name FetchAttribute, SearchKey and SearchCriteria directly and
    nest them in lists, OR and NOT, so there is no place to hand a subclass to; nor has
    BaseSession one for SelectedMailbox.
    """
    MessageAttributes._simple_attrs = {
        **MessageAttributes._simple_attrs,
        b"X-GM-MSGID": GmailIdValue,
        b"X-GM-THRID": ThreadIdValue,
        b"X-GM-LABELS": LabelsValue,
        b"MODSEQ": ModSequenceValue,
    }
    session.SelectedMailbox = GmailSelected  # type: ignore[attr-defined]
    parse_attribute, parse_key, criteria_of = (
        FetchAttribute.parse,
        SearchKey.parse,
        SearchCriteria.of,
    )

    # pymap refuses any FETCH item it does not know.
    def attribute(
        cls: type[FetchAttribute], buf: memoryview, params: Params
    ) -> tuple[FetchAttribute, memoryview]:
        item = FETCH_ITEM.match(buf)
        return (cls(item[1]), buf[item.end() :]) if item else parse_attribute(buf, params)

    # The same for a SEARCH key. The value is kept as bytes: `decode_label` needs them.
    def key(cls: type[SearchKey], buf: memoryview, params: Params) -> tuple[SearchKey, memoryview]:
        name = SEARCH_KEY.match(buf)
        if name is None:
            return parse_key(buf, params)
        value, rest = AString.parse(buf[name.end() :], params)
        return cls(name[2].upper(), value.value.decode("latin-1"), bool(name[1])), rest

    # NOT is left to pymap, which asks again for the key without it.
    def criteria(
        _cls: type[SearchCriteria], key: SearchKey, params: SearchParams
    ) -> SearchCriteria:
        if key.value.startswith(b"X-GM-") and not key.inverse:
            return GmailCriteria(key.value, key.filter_str.encode("latin-1"), params)
        return criteria_of(key, params)

    FetchAttribute.parse = classmethod(attribute)  # type: ignore[method-assign,assignment]
    SearchKey.parse = classmethod(key)  # type: ignore[method-assign,assignment]
    SearchCriteria.of = classmethod(criteria)  # type: ignore[method-assign,assignment]


class GmailStore(StoreCommand):
    """STORE of flags or of X-GM-LABELS."""

    #: None where the command is about flags.
    labels: frozenset[str] | None = None

    @classmethod
    def parse(cls, buf: memoryview, params: Params) -> tuple[StoreCommand, memoryview]:
        """Read the command after its name."""
        item = STORE_ITEM.match(buf)
        if item is None:
            return super().parse(buf, params)
        sequence_set, _ = SequenceSet.parse(memoryview(item[1]), params)
        rest = buf[item.end() :]
        if bytes(rest[:1]) == b"(":
            found, rest = List.parse(rest, params.copy(expected=[Label]))
            values = [label.value for label in found.get_as(Label)]
        else:
            label, rest = Label.parse(rest, params)
            values = [label.value]
        _, rest = EndLine.parse(rest, params)
        command = cls(params.tag, sequence_set, [], MODES[item[2]], bool(item[3]))
        command.labels = frozenset(map(decode_label, values))
        return command, rest


class GmailUidStore(GmailStore):
    """UID STORE of flags or of X-GM-LABELS."""

    command = b"UID STORE"
    delegate = GmailStore
    uid: ClassVar[bool] = True

    @classmethod
    def parse(cls, buf: memoryview, params: Params) -> tuple[StoreCommand, memoryview]:
        """Read the command after its name."""
        return super().parse(buf, params.copy(uid=True))

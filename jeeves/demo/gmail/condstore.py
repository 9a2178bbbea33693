"""CONDSTORE for pymap 0.36.7: mod-sequences, and who is told of them (RFC 7162).

As far as clients need it that read: STORE with UNCHANGEDSINCE, SEARCH of MODSEQ and STATUS of
HIGHESTMODSEQ are not offered. That Gmail raises the mod-sequence of a mail of which only labels
have changed is what clients rely on, but has not been tried against Gmail here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymap.backend.dict.mailbox import _ModSequenceMapping
from pymap.fetch import DynamicFetchValue
from pymap.parsing import EndLine, Params, Space
from pymap.parsing.command import Command, CommandAuth
from pymap.parsing.command.select import FetchCommand
from pymap.parsing.exceptions import NotParseable
from pymap.parsing.primitives import Atom, List, Number
from pymap.parsing.response import UntaggedResponse
from pymap.parsing.response.specials import FetchResponse
from pymap.parsing.specials import FetchAttribute, FetchValue, SequenceSet
from pymap.selected import SelectedMailbox, _Frozen

from jeeves.demo.gmail.message import gmail_message

CHANGED_SINCE = b"CHANGEDSINCE"
FLAGS, MODSEQ, UID = (FetchAttribute(name) for name in (b"FLAGS", b"MODSEQ", b"UID"))


class ModSequences(_ModSequenceMapping):
    """The mod-sequences of one mailbox; 0 is none that a mailbox may have."""

    def __init__(self) -> None:
        super().__init__()
        self._highest = 1


class ModSequenceValue(DynamicFetchValue):
    """MODSEQ in a FETCH."""

    def get_value(self) -> bytes:
        """A number in parentheses."""
        return b"(%d)" % gmail_message(self.message).mod_sequence


class EnableCommand(CommandAuth):
    """ENABLE (RFC 5161)."""

    command = b"ENABLE"

    def __init__(self, tag: bytes, capabilities: frozenset[bytes]) -> None:
        super().__init__(tag)
        self.capabilities = capabilities

    @classmethod
    def parse(cls, buf: memoryview, params: Params) -> tuple[EnableCommand, memoryview]:
        """Read the command after its name."""
        capabilities = set()
        while True:
            _, buf = Space.parse(buf, params)
            atom, buf = Atom.parse(buf, params)
            capabilities.add(atom.value.upper())
            try:
                _, rest = EndLine.parse(buf, params)
            except NotParseable:
                continue
            return cls(params.tag, frozenset(capabilities)), rest


class GmailSelected(SelectedMailbox):
    """A selected mailbox that tells its client of other sessions' changes, as Gmail does.

    A change of labels, too, is told by a FETCH of FLAGS, with MODSEQ where CONDSTORE is enabled
    and never with X-GM-LABELS (github.com/jakartaee/mail-api/issues/210).
    """

    __slots__ = ["condstore", "silenced", "touched"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Whether the client has enabled CONDSTORE.
        self.condstore = False
        #: UIDs changed since the client was last told.
        self.touched: set[int] = set()
        #: Those that the client has changed itself and asked not to be told of.
        self.silenced: set[int] = set()

    def fork(self, command: Command) -> tuple[SelectedMailbox, Iterable[UntaggedResponse]]:
        """As pymap: what to tell, and the mailbox as it stands once that is told."""
        fresh, untagged = super().fork(command)
        gmail_selected(fresh).condstore = self.condstore
        return fresh, untagged

    def _compare(
        self, before: _Frozen, after: _Frozen, with_uid: bool
    ) -> Iterable[UntaggedResponse]:
        told = set() if after.is_deleted else self.touched & after.uids
        if not self.condstore:
            # To others MODSEQ is owed even after a STORE that was to be silent (RFC 7162, 3.1.3).
            told -= self.silenced
        numbers = {after.seqs_cache[uid] for uid in told}
        for response in super()._compare(before, after, with_uid):
            if not isinstance(response, FetchResponse) or response.seq not in numbers:
                yield response
        for uid in sorted(told):
            message = gmail_message(self.messages.get(uid))
            flags = List(message.get_flags(self.session_flags), sort=True)
            values = [FetchValue.of(FLAGS, flags)]
            if with_uid:
                values.append(FetchValue.of(UID, Number(uid)))
            if self.condstore:
                values.append(FetchValue.of(MODSEQ, List([Number(message.mod_sequence)])))
            yield FetchResponse(after.seqs_cache[uid], values)


def gmail_selected(selected: object) -> GmailSelected:
    """``selected``, which any session here has open, by its true class."""
    if not isinstance(selected, GmailSelected):
        raise TypeError(type(selected).__name__)
    return selected


def asks_for_mod_sequences(command: FetchCommand) -> bool:
    """Whether a FETCH can be answered only with CONDSTORE."""
    return MODSEQ in command.attributes or command.options.has(CHANGED_SINCE)


def of_the_changed(command: FetchCommand, selected: SelectedMailbox) -> FetchCommand:
    """The FETCH of those of its messages that CHANGEDSINCE leaves, with MODSEQ."""
    argument = command.options.get(CHANGED_SINCE)
    if argument is None:
        return command
    since = argument.value[0]
    if not isinstance(since, Number):
        raise TypeError(type(since).__name__)
    left = [
        (number, message.uid)
        for number, message in selected.messages.get_all(command.sequence_set)
        if gmail_message(message).mod_sequence > since.value
    ]
    attributes = [*(item for item in command.attributes if item != MODSEQ), MODSEQ]
    numbers = [uid if command.uid else number for number, uid in left]
    return type(command)(command.tag, SequenceSet(numbers, command.uid), attributes)

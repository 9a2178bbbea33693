"""A winmail.dat is read as far as it goes, and never raises."""

from __future__ import annotations

import base64
import email
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jeeves.mail import rtf, tnef

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "mail"
# Of MS-OXRTFCP, 4.1 and 4.2.
COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
    "68656c090020627705b06c647d0a800fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def winmail(name: str) -> bytes:
    mail = email.message_from_bytes((FIXTURES / f"{name}.eml").read_bytes())
    part = next(p for p in mail.walk() if p.get_content_type() == "application/ms-tnef")
    return base64.b64decode(str(part.get_payload()))


def test_the_examples_of_the_specification_are_decompressed() -> None:
    assert rtf.decompressed(COMPRESSED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.decompressed(REPEATED) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_every_beginning_of_a_winmail_dat_is_read() -> None:
    whole = winmail("winmail-meeting")
    for length in range(len(whole)):
        tnef.read(whole[:length])
    assert tnef.read(whole).text == "Please come."


@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_make_it_fail(noise: bytes, at: int) -> None:
    whole = winmail("winmail-rich-text")
    tnef.read(whole[:at] + noise + whole[at + len(noise) :])
    tnef.read(b"\x78\x9f\x3e\x22\x01\x00" + noise)
    rtf.to_text(noise)
    rtf.decompressed(COMPRESSED[:16] + noise)


@given(st.text(alphabet=st.sampled_from("{}\\'*u1a8 par\n"), max_size=100))
def test_no_rich_text_makes_it_fail(text: str) -> None:
    rtf.to_text(("{\\rtf1" + text).encode()).encode("utf-8")

"""One mail, from IMAP to one text message and one spoken sentence, through the program."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jeeves.adapters.embedded import running
from jeeves.demo.gmail_server import GmailServer, logged_commands
from tests.builders import raw_mail
from tests.e2e.conftest import PHONE, Jeeves
from tests.read_only import those_that_change, verb
from tests.twilio_standin import Fault, TwilioStandIn

SECRET_WORDS = ("zanzibar", "quokka", "Xanthippe", "xanthippe@example.org")
NEEDS_PLACE = (
    "Hi Sam,\n\nwant to grab lunch on Thursday at 12:30? Let me know what suits you. "
    "Would love to meet and talk about the quokka.\n\nXanthippe\n"
)


def until(condition: Callable[[], object], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def needs_place() -> bytes:
    return raw_mail(
        subject="Lunch on Thursday? (zanzibar)",
        text=NEEDS_PLACE,
        sender="Xanthippe Smith <xanthippe@example.org>",
    )


def status_of(jeeves: Jeeves) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jeeves("status", "--json", code=None).stdout)
    return found


def was_read(jeeves: Jeeves) -> bool:
    """Whether every account was read; null stands for one that never was."""
    ages = status_of(jeeves)["seconds_since_read"]
    return bool(ages) and None not in ages


def left_over(jeeves: Jeeves) -> list[str]:
    """Command lines of the processes that mention this test's home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # a process may end while its folder is looked at
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if any(str(jeeves.home).encode() in argument for argument in arguments):
                found.append(b" ".join(arguments).decode(errors="replace"))
    return found


def children(parent: int) -> list[int]:
    """Processes that a process started and that run (proc(5))."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # a process may end while its folder is looked at
        with suppress(OSError):
            state, ppid = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found.append(int(folder.name))
    return found


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[str, float]:
    """Stop the program; what it wrote to standard error, and seconds it took."""
    started = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    return err, time.monotonic() - started


def test_a_mail_becomes_one_text_and_one_spoken_sentence(
    jeeves: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    """All of it, on the embedded database; and promise 5 over everything that was logged."""
    jeeves.watch(gmail)
    jeeves.text_through(twilio)
    jeeves.configure(SPEECH="file")
    process = jeeves.start("run")
    # what is in the mailbox before the first look is history
    until(lambda: was_read(jeeves), "mail was never read")
    gmail.deliver(needs_place())
    until(lambda: twilio.messages, "no text message")
    wavs = jeeves.home / "speech"
    until(lambda: list(wavs.glob("*.wav")), "no wav")
    until(lambda: status_of(jeeves)["alerts_open"] == 0, "alerts stay open")
    gmail.deliver(raw_mail("Your invoice", "Please find the invoice attached."))
    status = jeeves("status", "--json")
    err, seconds = end(process)

    assert process.returncode == 0
    assert seconds < 5
    assert len(twilio.messages) == 1
    text = twilio.messages[0]["body"]
    assert text.startswith("Xanthippe Smith: lunch Thu 12:30? No place yet.")
    assert twilio.messages[0]["to"] == PHONE
    [wav] = wavs.glob("*.wav")
    with wave.open(str(wav)) as sound:
        assert sound.getnframes() / sound.getframerate() > 1
    assert json.loads(status.stdout)["healthy"]
    for word in (*SECRET_WORDS, PHONE, gmail.address, gmail.password):
        assert word.lower() not in err.lower(), "mail or a secret was logged"
        assert word.lower() not in status.stdout.lower()
    assert err.count('"event"') >= 4, "nothing was logged"

    shown = jeeves("show", "1").stdout
    assert "needs a place" in shown
    assert "quokka" in shown
    assert "Lunch on Thursday?" in jeeves("list", "--needs-location").stdout
    assert left_over(jeeves) == []
    assert not running(jeeves.home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_while_a_text_hangs(
    number: int, jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    jeeves_on_postgres("check")
    twilio.script([Fault.HANG])
    gmail.deliver(needs_place())
    process = jeeves_on_postgres.start("run")
    until(lambda: any(r.method == "POST" for r in twilio.requests), "no request")
    _, seconds = end(process, number)
    assert process.returncode == 0
    assert seconds < 5
    assert left_over(jeeves_on_postgres) == []


def test_an_impatient_owner_leaves_no_process_either(jeeves: Jeeves, gmail: GmailServer) -> None:
    jeeves.watch(gmail)
    process = jeeves.start("run")
    until(lambda: was_read(jeeves), "mail was never read")
    assert running(jeeves.home)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert '"crashed"' not in err
    assert process.returncode == 0
    assert not running(jeeves.home)


def test_two_daemons_and_cron_send_one_text(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    """Promise 3."""
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    jeeves_on_postgres("check")
    daemons = [jeeves_on_postgres.start("run") for _ in range(2)]
    for n in range(5):
        gmail.deliver(raw_mail(f"Lunch {n}?", NEEDS_PLACE))
        jeeves_on_postgres("check")
    until(lambda: len({m["body"] for m in twilio.messages}) >= 5, "not every mail was told")
    for daemon in daemons:
        end(daemon)
    assert len(twilio.messages) == 5


def test_the_whole_path_only_reads_the_mailbox(
    jeeves_on_postgres: Jeeves, tmp_path: Path, twilio: TwilioStandIn
) -> None:
    """Promise 1."""
    wire_log = tmp_path / "wire.log"
    with GmailServer(wire_log=wire_log) as server:
        jeeves_on_postgres.watch(server)
        jeeves_on_postgres.text_through(twilio)
        server.deliver(needs_place())
        jeeves_on_postgres("doctor", code=None)
        process = jeeves_on_postgres.start("run")
        until(lambda: "IDLE" in logged_commands(wire_log), "it never idled")
        server.deliver(needs_place())
        until(lambda: twilio.messages, "no text message")
        server.drop_connections()
        server.deliver(needs_place())
        until(lambda: len(twilio.messages) == 2, "no second text message")
        end(process)
    commands = logged_commands(wire_log)
    assert {"EXAMINE", "UID FETCH", "IDLE"} <= {verb(command) for command in commands}
    assert those_that_change(commands) == []


def test_message_text_never_reaches_a_shell(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, tmp_path: Path
) -> None:
    """Promise 5: what the prototype's `say` would have run."""
    trap = tmp_path / "trap"
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(SPEECH="file")
    jeeves_on_postgres("check")
    sender = f'"$(touch {trap}); `touch {trap}`" <a@example.org>'
    gmail.deliver(raw_mail(f"Lunch? $(touch {trap}); '; touch {trap}", NEEDS_PLACE, sender))
    assert "1 alerts sent" in jeeves_on_postgres("check").stdout
    assert not trap.exists()


def test_nothing_listens_and_nothing_but_mail_and_sms_is_reached(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    """Promise 7, as far as it can be seen from outside: every peer of the process is known."""
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    process = jeeves_on_postgres.start("run")
    peers: set[int] = set()
    until(lambda: was_read(jeeves_on_postgres), "mail was never read")
    gmail.deliver(needs_place())
    deadline = time.monotonic() + 40
    while not twilio.messages and time.monotonic() < deadline:
        peers |= tcp_peers(process.pid)
    end(process)
    assert twilio.messages
    known = {gmail.port, int(twilio.base_url.rsplit(":", 1)[1])}
    assert peers <= known, peers
    assert gmail.port in peers


def tcp_peers(pid: int) -> set[int]:
    """Remote ports of a process's TCP connections (proc(5)); 0 for a listening socket."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        # a machine without IPv6 has no second table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[9] in inodes:
                ports.add(int(fields[2].rsplit(":", 1)[1], 16))
    return ports


def test_a_text_that_a_carrier_drops_is_told_by_voice(
    jeeves: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    """Twilio's report makes Jeeves ask, and what it then learns is said on the other channel."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    twilio.callback_proxy = f"http://127.0.0.1:{port}"
    jeeves.watch(gmail)
    jeeves.text_through(twilio)
    jeeves.configure(
        SPEECH="file",
        TWILIO_CALLBACK_URL="https://jeeves.example/twilio",
        TWILIO_CALLBACK_PORT=str(port),
    )
    process = jeeves.start("run")
    until(lambda: was_read(jeeves), "mail was never read")
    gmail.deliver(needs_place())
    until(lambda: twilio.messages, "no text message")
    until(lambda: status_of(jeeves)["alerts_open"] == 0, "alerts stay open")
    twilio.carry(twilio.messages[0]["sid"], "undelivered", 30006)
    until(lambda: status_of(jeeves)["alerts_failed"] == 1, "nobody asked")
    wavs = jeeves.home / "speech"
    until(lambda: len(list(wavs.glob("*.wav"))) == 2, "it was not spoken of")
    end(process)
    assert set(twilio.callback_answers) == {204}
    assert len(twilio.messages) == 1

"""SpeechNotifier with a real voice, without a sound card."""

from __future__ import annotations

import importlib.util
import inspect
import os
import stat
import struct
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ctypes.util import find_library
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jeeves.adapters.speech import (
    LONGEST_SOUND,
    TURN_FILE,
    TURN_SECONDS,
    Mode,
    SpeechNotifier,
    speakable,
    wav_measures,
)
from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.ports import Notifier
from jeeves.errors import DeliveryDelayed, DeliveryRefused
from jeeves.service.delivery import SEND_SECONDS
from tests.conftest import ROOT

TEXT = "Ana Smith wants to meet. Where do you want to meet?"

#: A pyttsx3 that does as its ``runAndWait`` is told.
FAKE_PYTTSX3 = """
import os, struct, subprocess, sys, time, wave

class Engine:
    def connect(self, topic, call):
        self.call = call

    def setProperty(self, name, value):
        pass

    def save_to_file(self, text, path):
        self.text, self.path = text, path

    def runAndWait(self):
        {body}
        self.call(name=None, completed=True)

def init():
    return Engine()

def write(path, samples, rate=8000):
    with wave.open(path, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack("<%dh" % len(samples), *samples))
"""

Fake = Callable[[str], None]
Player = Callable[..., Path]


@pytest.fixture(scope="session")
def voice() -> None:
    """A voice is installed, or skip."""
    if sys.platform == "linux" and not (
        importlib.util.find_spec("espeakng_loader") or find_library("espeak-ng")
    ):
        pytest.skip("there is no voice; install it with: pip install espeakng-loader")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs on PATH; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def player(programs: Path) -> Player:
    """Installs a sound player that is a shell script; returns the log of its arguments."""

    def install(name: str, body: str = "exit 0") -> Path:
        log = programs / f"{name}.log"
        script = programs / name
        script.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n{body}\n')
        script.chmod(0o755)
        return log

    return install


@pytest.fixture
def fake_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a pyttsx3 of ours before the real one, for child processes only."""

    def install(body: str) -> None:
        folder = tmp_path / "fakes"
        folder.mkdir(exist_ok=True)
        (folder / "pyttsx3.py").write_text(FAKE_PYTTSX3.format(body=body), "utf-8")
        monkeypatch.setenv("PYTHONPATH", str(folder))

    return install


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sounds"


def an_alert(text: str = TEXT, reference: str = "jv-8K2M4QXZ") -> Alert:
    return Alert(
        reference=reference,
        account="me@example.org",
        thread_key="t1",
        message_id=1,
        channel=Channel.SPEECH,
        text=text,
        created_at=datetime.now(UTC),
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and ") Z " in state.read_text())


def gone(pids: list[int]) -> bool:
    """Whether all these processes end within a few seconds."""
    end = time.monotonic() + 5
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.usefixtures("voice", "programs")
def test_an_alert_becomes_an_audible_wav_file_named_by_its_reference(sounds: Path) -> None:
    notifier: Notifier = SpeechNotifier("file", sounds)
    receipt = notifier.send(an_alert())
    assert receipt.id == str(sounds / "jv-8K2M4QXZ.wav")
    assert receipt.note == "written to a file"
    seconds, loudness = wav_measures(Path(receipt.id))
    assert 1.5 < seconds < 6
    assert 0.02 < loudness < 0.5


@pytest.mark.usefixtures("voice", "programs")
def test_a_long_text_is_said_to_its_end_and_cut_at_400_characters(sounds: Path) -> None:
    notifier = SpeechNotifier("file", sounds)
    half, full, too_long = (
        wav_measures(Path(notifier.send(an_alert("word " * n, f"jv-{n:08d}")).id))[0]
        for n in (40, 79, 2000)
    )
    # The tempo varies: pyttsx3 cancels settings that espeak-ng has not applied in time.
    assert half > 6
    assert full > 1.4 * half
    assert too_long < 1.4 * full


@pytest.mark.usefixtures("voice", "programs")
@pytest.mark.parametrize(
    "text",
    [
        "Олег хочет встретиться",
        "見面好嗎",
        "مرحبا",
        "Zoë \N{HOT BEVERAGE}\N{ZERO WIDTH JOINER}\N{SLIGHTLY SMILING FACE}",
        "",
        " \n\t",
        "\x00\x1b[31m\x07",
        "\N{RIGHT-TO-LEFT OVERRIDE}ab\ud800c",
        "?!…",
        "<speak>&amp;[[h@'loU]]",
    ],
)
def test_any_text_is_said_or_replaced_by_a_plain_sentence(sounds: Path, text: str) -> None:
    receipt = SpeechNotifier("file", sounds).send(an_alert(text))
    assert wav_measures(Path(receipt.id))[1] > 0.01


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x00b\r\nc\x1b[1m", "a b c [1m"),
        ("so\N{SOFT HYPHEN}on \N{RIGHT-TO-LEFT OVERRIDE}x\ud800", "soon x"),
        ("", "A mail asks where to meet."),
        ("?!…", "A mail asks where to meet."),
    ],
)
def test_what_is_said_is_one_line_without_control_characters(text: str, said: str) -> None:
    assert speakable(text) == said
    assert len(speakable("x y" * 1000)) <= 400


@pytest.mark.usefixtures("voice")
def test_the_first_player_found_gets_the_finished_file(sounds: Path, player: Player) -> None:
    unused = player("aplay")
    log = player("paplay")
    receipt = SpeechNotifier("on", sounds).send(an_alert())
    assert receipt.note == "spoken through paplay"
    assert log.read_text() == f"{receipt.id}\n"
    assert not unused.exists()


@pytest.mark.usefixtures("voice")
def test_a_player_that_fails_is_followed_by_the_next(sounds: Path, player: Player) -> None:
    player("pw-play", "exit 1")
    (player("paplay").parent / "paplay").write_text("not a program")
    log = player("aplay")
    receipt = SpeechNotifier("on", sounds).send(an_alert())
    assert receipt.note == "spoken through aplay"
    assert log.read_text() == f"-q {receipt.id}\n"


@pytest.mark.usefixtures("voice")
def test_without_a_sound_card_the_receipt_says_that_only_a_file_was_written(
    sounds: Path, player: Player
) -> None:
    player("aplay", "exit 1")
    receipt = SpeechNotifier("on", sounds).send(an_alert())
    assert receipt.note == "synthesised, not played: the player failed (no sound card?)"
    assert Path(receipt.id).exists()


@pytest.mark.usefixtures("voice", "programs")
def test_without_a_player_the_receipt_says_so(sounds: Path) -> None:
    receipt = SpeechNotifier("on", sounds).send(an_alert())
    assert receipt.note == "synthesised, not played: no sound player found"


@pytest.mark.usefixtures("voice")
def test_in_file_mode_nothing_is_played(sounds: Path, player: Player) -> None:
    log = player("aplay")
    SpeechNotifier("file", sounds).send(an_alert())
    assert not log.exists()


@pytest.mark.usefixtures("voice")
def test_a_player_that_hangs_is_killed_with_all_it_started(
    sounds: Path, player: Player, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    player("aplay", f'/bin/sleep 300 &\necho $$ $! > "{pids}"\nwait')
    receipt = SpeechNotifier("on", sounds, deadline=3).send(an_alert("Hi"))
    assert receipt.note.startswith("synthesised, not played: aplay was stopped after")
    assert gone([int(pid) for pid in pids.read_text().split()])


def test_a_voice_that_hangs_is_killed_with_all_it_started(
    sounds: Path, fake_voice: Fake, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    fake_voice(
        "other = subprocess.Popen(['/bin/sleep', '300']);"
        f"print(os.getpid(), other.pid, file=open({str(pids)!r}, 'w'), flush=True);"
        "time.sleep(300)"
    )
    with pytest.raises(DeliveryDelayed, match="within 3 s"):
        SpeechNotifier("file", sounds, deadline=3).send(an_alert())
    assert gone([int(pid) for pid in pids.read_text().split()])
    assert list(sounds.iterdir()) == []


def test_a_voice_left_alone_ends_by_itself(tmp_path: Path, fake_voice: Fake) -> None:
    fake_voice("time.sleep(300)")
    child = Path(__file__).parents[2] / "jeeves" / "adapters" / "speech_child.py"
    order = b'{"text": "a", "path": "%s/a.wav", "seconds": 0.1}' % os.fsencode(tmp_path)
    ended = subprocess.run([sys.executable, "-P", child], input=order, timeout=30, check=False)
    assert ended.returncode < 0


@pytest.mark.usefixtures("voice")
def test_what_looks_like_a_command_arrives_as_text_and_runs_nothing(
    sounds: Path, player: Player, fake_voice: Fake, tmp_path: Path
) -> None:
    trap, seen = tmp_path / "trap", tmp_path / "seen"
    text = f"""$(touch {trap}) `touch {trap}` "; touch {trap}; ' | touch {trap} wants to meet."""
    log = player("aplay")
    SpeechNotifier("on", sounds).send(an_alert(text))
    fake_voice(
        f"open({str(seen)!r}, 'w').write(self.text + chr(10) + repr(sys.argv));"
        "write(self.path, [9000, -9000] * 4000)"
    )
    SpeechNotifier("on", sounds).send(an_alert(text, "jv-22222222"))
    assert not trap.exists()
    heard, arguments = seen.read_text().split("\n")
    assert heard == text
    assert "touch" not in arguments
    assert "touch" not in log.read_text()


def test_a_reference_cannot_name_a_file_elsewhere(sounds: Path, fake_voice: Fake) -> None:
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    receipt = SpeechNotifier("file", sounds).send(an_alert(reference="../../jv-x/y"))
    assert Path(receipt.id).parent == sounds


@pytest.mark.usefixtures("voice")
def test_two_at_once_are_both_written_and_not_said_over_each_other(
    sounds: Path, player: Player, tmp_path: Path
) -> None:
    turns = tmp_path / "turns"
    player("aplay", f'echo on >> "{turns}"\n/bin/sleep 0.3\necho off >> "{turns}"')
    notifier = SpeechNotifier("on", sounds)
    alerts = [an_alert(reference="jv-22222222"), an_alert("Bo wants to meet.", "jv-33333333")]
    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(notifier.send, alerts))
    lengths = [wav_measures(Path(receipt.id))[0] for receipt in receipts]
    assert lengths[0] > 1.3 * lengths[1]
    assert turns.read_text().split() == ["on", "off", "on", "off"]


#: Another process that says one alert; its arguments are the folder and the reference.
SPEAKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from jeeves.adapters.speech import SpeechNotifier
from jeeves.domain.alert import Alert, Channel
print(SpeechNotifier("on", Path(sys.argv[1])).send(Alert(
    sys.argv[2], "me@example.org", "t1", 1, Channel.SPEECH, "Hi", datetime.now(UTC))).note)
"""


def test_processes_speak_one_after_the_other_too(
    sounds: Path, player: Player, fake_voice: Fake, tmp_path: Path
) -> None:
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    turns = tmp_path / "turns"
    player("aplay", f'echo on >> "{turns}"\n/bin/sleep 0.4\necho off >> "{turns}"')
    environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{ROOT}"}
    speakers = [
        subprocess.Popen(
            [sys.executable, "-c", SPEAKER, sounds, f"jv-2222222{number}"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    assert {speaker.communicate(timeout=60)[0] for speaker in speakers} == {
        "spoken through aplay\n"
    }
    assert turns.read_text().split() == ["on", "off"] * 3
    assert stat.S_IMODE((sounds / TURN_FILE).stat().st_mode) == 0o600


def test_an_alert_does_not_wait_for_ever_until_others_were_said(
    sounds: Path, player: Player, fake_voice: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    monkeypatch.setattr("jeeves.adapters.speech.TURN_SECONDS", 0.3)
    log = player("aplay", "/bin/sleep 4")
    notifier, other = SpeechNotifier("on", sounds), SpeechNotifier("on", sounds)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(notifier.send, an_alert())
        while not log.exists():
            assert not first.done()
            time.sleep(0.01)
        for waiting in (notifier, other):
            with pytest.raises(DeliveryDelayed, match="later"):
                waiting.send(an_alert(reference="jv-22222222"))
        assert first.result().note == "spoken through aplay"
    assert notifier.send(an_alert(reference="jv-22222222")).note == "spoken through aplay"


def test_the_turn_of_a_process_that_was_killed_is_free_again(
    sounds: Path, player: Player, fake_voice: Fake
) -> None:
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    log = player("aplay", "/bin/sleep 2")
    environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{ROOT}"}
    killed = subprocess.Popen(
        [sys.executable, "-c", SPEAKER, sounds, "jv-22222222"], env=environment
    )
    while not log.exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    assert SpeechNotifier("on", sounds).send(an_alert()).note == "spoken through aplay"


def test_all_that_an_alert_may_wait_for_fits_into_the_time_for_sending() -> None:
    deadline = inspect.signature(SpeechNotifier).parameters["deadline"].default
    assert deadline + TURN_SECONDS + LONGEST_SOUND + deadline < SEND_SECONDS


@pytest.mark.usefixtures("programs")
def test_a_voice_installed_under_a_long_path_speaks(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = importlib.util.find_spec("espeakng_loader")
    if loader is None or loader.origin is None:
        pytest.skip("espeakng_loader is not there; install it with: pip install espeakng-loader")
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    (deep / "espeakng_loader").symlink_to(Path(loader.origin).parent)
    monkeypatch.setenv("PYTHONPATH", str(deep))
    receipt = SpeechNotifier("file", sounds).send(an_alert())
    assert wav_measures(Path(receipt.id))[0] > 1.5
    assert [path.name for path in sounds.iterdir()] == ["jv-8K2M4QXZ.wav"]


@pytest.mark.parametrize(
    "body", ["raise ImportError('pyttsx3')", "def init():\n    raise RuntimeError('no eSpeak')"]
)
def test_without_a_voice_the_refusal_names_what_mends_it(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    (tmp_path / "pyttsx3.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(DeliveryRefused, match=r"espeakng-loader.*espeak-ng"):
        SpeechNotifier("on", sounds).send(an_alert())


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        ("write(self.path, [0] * 8000)", DeliveryRefused, "no sound"),
        ("write(self.path, [90, -90] * 4000)", DeliveryRefused, "no sound"),
        ("write(self.path, [9000, -9000] * 500)", DeliveryRefused, "no sound"),
        ("open(self.path, 'wb').write(b'FORM' + bytes(100))", DeliveryRefused, "no sound"),
        ("open(self.path, 'wb').write(b'RIFF')", DeliveryDelayed, "no whole sound file"),
        ("open(self.path, 'wb')", DeliveryDelayed, "no whole sound file"),
        ("pass", DeliveryDelayed, "no whole sound file"),
        ("os.abort()", DeliveryDelayed, "voice failed"),
        ("sys.exit(1)", DeliveryDelayed, "exit code 1"),
    ],
)
def test_a_file_that_nobody_could_hear_is_not_a_delivery(
    sounds: Path, fake_voice: Fake, body: str, error: type[Exception], sentence: str
) -> None:
    fake_voice(body)
    with pytest.raises(error, match=sentence):
        SpeechNotifier("file", sounds).send(an_alert())
    assert list(sounds.iterdir()) == []


def test_the_sound_files_of_macos_are_taken_by_their_size(sounds: Path, fake_voice: Fake) -> None:
    fake_voice("open(self.path, 'wb').write(b'FORM' + bytes(44100))")
    assert SpeechNotifier("file", sounds).send(an_alert()).note == "written to a file"


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("voice", "programs", "open_umask")
def test_folder_and_files_are_for_the_owner_only(sounds: Path) -> None:
    receipt = SpeechNotifier("file", sounds).send(an_alert())
    assert stat.S_IMODE(sounds.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(receipt.id).stat().st_mode) == 0o600


def test_only_the_newest_files_are_kept_and_only_our_own_are_removed(
    sounds: Path, fake_voice: Fake
) -> None:
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    sounds.mkdir(parents=True)
    now = time.time()
    for age in range(1, 6):
        old = sounds / f"jv-0000000{age}.wav"
        old.write_bytes(b"")
        os.utime(old, (now - 60 * age, now - 60 * age))
    foreign = sounds / "my-song.wav"
    foreign.write_bytes(b"")
    os.utime(foreign, (0, 0))
    for name, age in ((".jv-left", 7200), (".jv-at-work", 10)):
        (sounds / name).mkdir()
        os.utime(sounds / name, (now - age, now - age))
    SpeechNotifier("file", sounds, keep=3).send(an_alert())
    assert {path.name for path in sounds.iterdir()} == {
        "jv-8K2M4QXZ.wav",
        "jv-00000001.wav",
        "jv-00000002.wav",
        "my-song.wav",
        ".jv-at-work",
    }


def test_a_folder_that_cannot_be_is_named(tmp_path: Path, fake_voice: Fake) -> None:
    fake_voice("pass")
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryRefused, match="file/sounds"):
        SpeechNotifier("file", tmp_path / "file" / "sounds").send(an_alert())
    (tmp_path / "jv-8K2M4QXZ.wav").mkdir()
    fake_voice("write(self.path, [9000, -9000] * 4000)")
    with pytest.raises(DeliveryRefused, match="cannot be written"):
        SpeechNotifier("file", tmp_path).send(an_alert())


def test_an_uncertain_alert_is_said_again(sounds: Path) -> None:
    assert SpeechNotifier("file", sounds).find(an_alert()) is None


@pytest.mark.usefixtures("voice")
@pytest.mark.parametrize(
    ("mode", "installed", "told"),
    [
        ("on", True, "speaks through aplay"),
        ("on", False, "writes wav files to {}: no sound player found"),
        ("file", True, "writes wav files to {}"),
    ],
)
def test_check_says_where_speech_would_go_and_leaves_nothing(
    sounds: Path, player: Player, programs: Path, mode: Mode, installed: bool, told: str
) -> None:
    log = player("aplay") if installed else programs / "none"
    assert SpeechNotifier(mode, sounds).check() == told.format(sounds)
    assert list(sounds.iterdir()) == []
    assert not log.exists()


def test_levels_are_measured_in_16_bit_samples(tmp_path: Path) -> None:
    path = tmp_path / "square.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(1000)
        sound.writeframes(struct.pack("<4000h", *([16384, -16384] * 2000)))
    assert wav_measures(path) == (2.0, 0.5)


def test_closing_ends_the_voice_at_once_and_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "started"
    players = tmp_path / "bin"
    players.mkdir()
    player = players / "pw-play"
    player.write_text(f"#!/bin/sh\ntouch '{marker}'\nsleep 60\n", encoding="utf-8")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{players}:{os.environ['PATH']}")
    notifier = SpeechNotifier("on", tmp_path / "wavs")
    receipts: list[Receipt] = []
    thread = threading.Thread(target=lambda: receipts.append(notifier.send(an_alert())))
    thread.start()
    while not marker.exists():
        assert thread.is_alive()
        time.sleep(0.01)
    notifier.close()
    thread.join(5)
    assert not thread.is_alive()
    assert "player failed" in receipts[0].note

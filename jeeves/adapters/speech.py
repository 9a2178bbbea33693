"""Alerts said aloud: pyttsx3 in a child process, then a sound player."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import wave
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.ports import Delivery
from jeeves.domain.sms import shortened
from jeeves.errors import DeliveryDelayed, DeliveryRefused

Mode = Literal["on", "file"]

CHILD = Path(__file__).with_name("speech_child.py")
#: Exit code of the child where there is no speech engine.
NO_ENGINE = 3
#: Asked in this order: PipeWire, PulseAudio, ALSA, macOS.
PLAYERS = (("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",))
#: Longer sounds are cut off, so that a delivery stays within its lease. In seconds.
LONGEST_SOUND = 60.0
#: How long an alert waits for another to be said to its end, in seconds; then it comes later.
TURN_SECONDS = 15.0
#: Held, in the folder of the sounds, by whoever speaks.
TURN_FILE = "speaking.lock"
LONGEST_TEXT = 400
SHORTEST_SOUND = 0.2
#: Root mean square of the samples, full scale being 1.
QUIETEST_SOUND = 0.01
#: Said where a text holds nothing that can be pronounced.
WORDLESS = "A mail asks where to meet."
#: Where a voice writes before the file gets its name; a remnant after this many seconds.
WORK_PREFIX = ".jv-"
REMNANT_AFTER = 3600.0


class SpeechNotifier:
    """`jeeves.domain.ports.Notifier` for the ears within reach. Safe to share between threads.

    Every alert is written to ``folder`` as a wav file named by its reference (for the owner's
    eyes only; the newest ``keep`` stay). With mode "on" it is then played, one at a time among
    all processes that share the folder. A machine without sound keeps the file and says so in
    the receipt. ``deadline`` is the time in seconds that the voice may take, and a player on top
    of the length of the sound.
    """

    channel = Channel.SPEECH

    def __init__(self, mode: Mode, folder: Path, deadline: float = 20.0, keep: int = 20) -> None:
        self._mode = mode
        self._folder = folder.absolute()
        self._deadline = deadline
        self._keep = keep
        self._playing = threading.Lock()
        self._commands = Commands()

    def close(self) -> None:
        """Fall silent at once: end the voice and the player if they run. Never raises."""
        self._commands.end()

    def send(self, alert: Alert) -> Receipt:
        """Say ``alert``; the receipt holds the path of the sound file.

        Raises:
            DeliveryDelayed: the voice did not finish in time or crashed, the disk is full, or
                other alerts are being said.
            DeliveryRefused: there is no voice, or the folder cannot be written.
        """
        name = re.sub(r"[^A-Za-z0-9_-]", "_", alert.reference) or "alert"
        path = self._folder / f"{name}.wav"
        with self._synthesised(speakable(alert.text)) as (sound, seconds):
            sound.replace(path)
        note = self._play(path, seconds) if self._mode == "on" else "written to a file"
        self._prune()
        return Receipt(id=str(path), note=note)

    def find(self, alert: Alert) -> Receipt | None:  # noqa: ARG002  # see below
        """None: nobody can look up whether a sentence was heard.

        So an alert whose outcome is unknown is said again: to hear it twice costs less than to
        miss a meeting.
        """
        return None

    def follow(self, alert: Alert) -> Delivery | None:  # noqa: ARG002  # see below
        """None: the receipt says whether it was spoken, and nothing is known later."""
        return None

    def check(self) -> str:
        """Where an alert would go, such as "speaks through aplay"; says nothing aloud.

        Raises: as `send`.
        """
        with self._synthesised("Jeeves"):
            players = found_players()
        if self._mode == "on" and players:
            return f"speaks through {players[0][0]}"
        why = ": no sound player found" if self._mode == "on" else ""
        return f"writes wav files to {self._folder}{why}"

    @contextmanager
    def _synthesised(self, text: str) -> Iterator[tuple[Path, float]]:
        """A new sound file that says ``text``, and its seconds; removed unless it is moved."""
        with self._folder_errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=self._folder) as work:
                sound = Path(work, "sound.wav")
                self._synthesise(text, sound)
                yield sound, measured(sound)

    def _synthesise(self, text: str, sound: Path) -> None:
        order = {"text": text, "path": str(sound), "seconds": self._deadline}
        # -P: the child's own folder must not shadow what it imports.
        command = [sys.executable, "-P", str(CHILD)]
        code = self._commands.run(command, self._deadline, json.dumps(order).encode())
        if code is None:
            raise DeliveryDelayed(f"The voice did not finish within {self._deadline:g} s")
        if code == NO_ENGINE:
            raise DeliveryRefused(
                "No voice is installed: install Jeeves with its extra 'voice' "
                "(pip install espeakng-loader), or the system's package espeak-ng"
            )
        if code != 0:
            raise DeliveryDelayed(f"The voice failed (exit code {code}): try `jeeves doctor`")

    def _play(self, path: Path, seconds: float) -> str:
        """Play the sound with the first player that can; what came of it, in words."""
        players = found_players()
        if not players:
            return "synthesised, not played: no sound player found"
        with self._turn():
            allowed = min(seconds, LONGEST_SOUND) + self._deadline
            end = time.monotonic() + allowed
            for player in players:
                code = self._commands.run([*player, str(path)], max(end - time.monotonic(), 0.1))
                if code == 0:
                    return f"spoken through {player[0]}"
                if code is None:
                    return f"synthesised, not played: {player[0]} was stopped after {allowed:.0f} s"
        return "synthesised, not played: the player failed (no sound card?)"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """While this lasts no other thread speaks, nor another process that shares the folder.

        Raises:
            DeliveryDelayed: others have been speaking for `TURN_SECONDS`.
        """
        end = time.monotonic() + TURN_SECONDS
        if not self._playing.acquire(timeout=TURN_SECONDS):
            raise DeliveryDelayed("Other alerts are being said: this one is said later")
        try:
            with (
                self._folder_errors(),
                open(self._folder / TURN_FILE, "ab", opener=private) as turn,
            ):
                while not locked(turn.fileno()):
                    if time.monotonic() > end:
                        raise DeliveryDelayed("Another Jeeves is speaking: this is said later")
                    time.sleep(0.05)
                yield
        finally:
            self._playing.release()

    def _prune(self) -> None:
        """Keep the newest sound files only. What this class has not named is not touched."""
        remnants = time.time() - REMNANT_AFTER
        with suppress(OSError):  # another process prunes too, or took write permission away
            sounds = sorted(self._folder.glob("jv-*.wav"), key=lambda p: p.stat().st_mtime)
            for old in sounds[: -self._keep] if self._keep else sounds:
                old.unlink(missing_ok=True)
            for left in self._folder.glob(f"{WORK_PREFIX}*"):
                if left.stat().st_mtime < remnants:
                    shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _folder_errors(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as exc:
            raise DeliveryRefused(
                f"Sound files cannot be written to {self._folder} ({exc.strerror}): "
                "make it a folder that Jeeves may write, or choose another"
            ) from exc
        except OSError as exc:
            raise DeliveryDelayed(
                f"Sound files cannot be written to {self._folder} ({exc.strerror})"
            ) from exc


def speakable(text: str) -> str:
    """``text`` on one line, without control characters, in at most 400 characters."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc":
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(character)
    line = " ".join("".join(kept).split())
    return shortened(line, LONGEST_TEXT) if any(c.isalnum() for c in line) else WORDLESS


def measured(sound: Path) -> float:
    """The length of a sound file in seconds.

    Raises:
        DeliveryDelayed: it is not a whole sound file.
        DeliveryRefused: it is silent or next to nothing.
    """
    try:
        if sound.read_bytes()[:4] == b"FORM":
            # The voice of macOS writes AIFF, by default with 22050 samples of 16 bits a second.
            seconds, loudness = sound.stat().st_size / 44_100, 1.0
        else:
            seconds, loudness = wav_measures(sound)
    except (OSError, EOFError, wave.Error) as exc:
        raise DeliveryDelayed("The voice wrote no whole sound file: is the disk full?") from exc
    if seconds < SHORTEST_SOUND or loudness < QUIETEST_SOUND:
        raise DeliveryRefused("The voice made no sound: try another text or another voice")
    return seconds


def wav_measures(sound: Path) -> tuple[float, float]:
    """Length in seconds and root mean square (0 to 1) of a 16-bit wav file."""
    with wave.open(str(sound), "rb") as opened:
        if opened.getsampwidth() != 2:
            raise wave.Error("not 16-bit")
        per_second = opened.getframerate() * opened.getnchannels()
        samples = array("h", opened.readframes(opened.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    power = sum(sample * sample for sample in samples) / max(len(samples), 1)
    return len(samples) / per_second, math.sqrt(power) / 32768


def found_players() -> list[tuple[str, ...]]:
    """The commands of `PLAYERS` that are installed."""
    return [player for player in PLAYERS if shutil.which(player[0])]


def private(path: str, flags: int) -> int:
    """Opens a file that, if it is new, is the owner's only."""
    return os.open(path, flags, 0o600)


def locked(file: int) -> bool:
    """Take the lock of an open file, if nobody has it; it ends with the file or the process."""
    if sys.platform == "win32":
        return True  # there is no flock(2): processes may speak at once
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Commands:
    """Runs commands without a shell, and can end all that run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def run(self, command: Sequence[str], timeout: float, stdin: bytes = b"") -> int | None:
        """Exit code of a command; None if it took too long and was killed with all it started.

        127 stands for a command that cannot be started, or not any more. Files it makes are the
        owner's only.
        """
        try:
            with self._lock:
                if self._ended:
                    return 127
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    umask=0o077 if os.name == "posix" else -1,
                )
                self._running.add(process)
        except OSError:
            return 127
        try:
            process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with self._lock:
                self._running.discard(process)
            if process.poll() is None:
                kill_group(process)
        return process.returncode

    def end(self) -> None:
        """Kill what runs; nothing is started any more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a session, and everything in it."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()

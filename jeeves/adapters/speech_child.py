"""The child process of speech.py: one utterance becomes one sound file.

Run by its path, with ``{"text", "path", "seconds"}`` as JSON on stdin. It imports
nothing of Jeeves. espeak-ng may exit, crash or hang in C, and is under the GPL: both are reasons
for a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from pathlib import Path

#: Exit code: there is no speech engine. speech.py knows it by the same number.
NO_ENGINE = 3
#: Slower than the 200 of pyttsx3, for a sentence that is heard once.
WORDS_PER_MINUTE = 170
#: Platforms that have voices of their own.
SYSTEM_VOICES = ("darwin", "win32")
#: espeak-ng keeps its data path in 160 bytes, and ends the process where it does not fit.
LONGEST_DATA_PATH = 150


def main() -> int:
    """Write the sound file that stdin asks for; the exit code."""
    order = json.loads(sys.stdin.buffer.read())
    if sys.platform != "win32":
        # Should the parent be killed: the signal's default action ends even a hanging C library.
        signal.alarm(int(order["seconds"]) + 2)
    find_espeak(Path(order["path"]).parent)
    try:
        import pyttsx3

        engine = pyttsx3.init()
    except (ImportError, RuntimeError, OSError):
        return NO_ENGINE
    finished = threading.Event()
    engine.connect("finished-utterance", lambda **_: finished.set())
    engine.setProperty("rate", WORDS_PER_MINUTE)
    engine.save_to_file(order["text"], order["path"])
    engine.runAndWait()
    if sys.platform not in SYSTEM_VOICES:
        # pyttsx3 2.99 does not wait, whatever its name says: espeak-ng is at work in a thread of
        # its own, and the file is written at its end.
        finished.wait(order["seconds"])
    return 0


def find_espeak(folder: Path) -> None:
    """Let pyttsx3 find the espeak-ng of espeakng_loader; ``folder`` may get a symbolic link."""
    if sys.platform in SYSTEM_VOICES:
        return
    try:
        import espeakng_loader

        # Its SONAME is the name that pyttsx3 asks for, which is then already loaded.
        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError):
        return  # absent, or built for another C library: the system may have espeak-ng
    voices = espeakng_loader.get_data_path()
    if len(os.fsencode(voices)) > LONGEST_DATA_PATH:
        os.chdir(folder)
        Path("voices").symlink_to(voices)
        voices = "voices"
    os.environ["ESPEAK_DATA_PATH"] = voices


if __name__ == "__main__":
    sys.exit(main())

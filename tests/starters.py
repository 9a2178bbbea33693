"""Stand-ins for what starts programs, to be found on a PATH: systemctl, launchctl, crontab."""

from __future__ import annotations

from pathlib import Path

#: Notes what it is asked; STATE holds the answer to how the unit is.
SYSTEMCTL = """\
#!/bin/sh
here=$(dirname -- "$0")
echo "systemctl $*" >>"$here/asked"
case "$*" in
*show*Version*) [ ! -e "$here/no-bus" ] || { echo "Failed to connect to bus" >&2; exit 1; } ;;
*show*) cat "$here/state" ;;
esac
"""
LOGINCTL = """\
#!/bin/sh
echo "loginctl $*" >>"$(dirname -- "$0")/asked"
[ ! -e "$(dirname -- "$0")/no-linger" ]
"""
#: Knows what is loaded; bootstrap of what is loaded fails, as the real one's does.
LAUNCHCTL = """\
#!/bin/sh
here=$(dirname -- "$0")
echo "launchctl $*" >>"$here/asked"
case $1 in
print) [ -e "$here/loaded" ] ;;
bootstrap) [ ! -e "$here/loaded" ] || { echo "Bootstrap failed: 5" >&2; exit 5; }
    cp "$3" "$here/loaded" ;;
bootout) rm "$here/loaded" ;;
esac
"""
#: As Debian's: says so where there is none, takes a new one whole, from standard input.
CRONTAB = """\
#!/bin/sh
table=$(dirname -- "$0")/table
echo "crontab $*" >>"$(dirname -- "$0")/asked"
case $1 in
-l) [ -e "$table" ] || { echo "no crontab for $USER" >&2; exit 1; }
    [ ! -e "$table.locked" ] || { echo "you are not allowed to use this program" >&2; exit 1; }
    cat "$table" ;;
-r) rm "$table" ;;
-) cat >"$table.new"
    [ ! -e "$table.full" ] || { echo "No space left on device" >&2; exit 1; }
    mv "$table.new" "$table" ;;
esac
"""
PROGRAMS = {
    "systemctl": SYSTEMCTL,
    "loginctl": LOGINCTL,
    "launchctl": LAUNCHCTL,
    "crontab": CRONTAB,
}


class Starters:
    """The folder of the stand-ins, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        for name, text in PROGRAMS.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        (folder / "state").write_text("ActiveState=active\nStatusText=Mail was read at 12:00:00.\n")

    @property
    def table(self) -> Path:
        """The crontab."""
        return self.folder / "table"

    def set(self, flag: str) -> None:
        """Let something go wrong from now on."""
        (self.folder / flag).touch()

    def asked(self) -> list[str]:
        """What was asked since the last call."""
        log = self.folder / "asked"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

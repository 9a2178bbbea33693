"""The text of the unit: what systemd starts, restarts and watches, and what it keeps from it."""

from __future__ import annotations

from pathlib import Path

from jeeves.domain.installation import MARK, Installation

#: What StateDirectory=jeeves stands for.
STATE = Path("/var/lib/jeeves")
#: Under one of these ProtectHome=yes would hide what is needed.
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))

HEAD = """\
# {mark}
[Unit]
Description=Jeeves, who says when somebody wants to meet and nobody said where
{after}
[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WorkingDirectory={folder}
Environment={home}
{whose}\
# 2: the settings or the password are wrong, and trying again would lock the account.
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=2
# READY=1 comes when mail was read; as long as the first read goes on, it asks for more time.
TimeoutStartSec=15min
# WATCHDOG=1 comes from each step of the loop; an IMAP command has at most 120 seconds.
WatchdogSec=5min
# The embedded Postgres is stopped by Jeeves, not beside it.
KillMode=mixed
TimeoutStopSec=60
# A core would hold mail.
LimitCORE=0
UMask=0077
"""

#: What every service manager grants, a user's own too.
EVERYWHERE = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""

#: What takes a mount namespace or a capability, which a user's service manager may not have.
#: Not among them: PrivateTmp, for commands beside the daemon find its Postgres in /tmp, and
#: MemoryDenyWriteExecute, for the voice calls back through libffi.
SYSTEM = """\
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ReadWritePaths=/tmp /var/tmp {writes}
ProtectHome={homes}
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
KeyringMode=private
# Nothing but the sound card.
DevicePolicy=closed
DeviceAllow=char-alsa rw
"""

TAIL = """
[Install]
WantedBy={target}
"""


def unit(installation: Installation, *, sound: bool = False) -> str:
    """The unit of an installation: of the system where that has an account, else of a user.

    Args:
        installation: What to start.
        sound: Whether there is a group ``audio``, which the account joins.
    """
    system = installation.account is not None
    whose = f"User={installation.account}\n" if system else ""
    if system and sound:
        whose += "SupplementaryGroups=audio\n"
    if system and installation.home == STATE:
        whose += "StateDirectory=jeeves\nStateDirectoryMode=0700\n"
    after = "Wants=network-online.target\nAfter=network-online.target postgresql.service\n"
    first, *others = installation.program
    words = [quoted(first), *(quoted(word).replace("$", "$$") for word in (*others, "run"))]
    text = HEAD.format(
        mark=MARK,
        after=after if system else "",
        command=" ".join(words),
        folder=specified(str(installation.folder)),
        home=quoted(f"JEEVES_HOME={installation.home}"),
        whose=whose,
    )
    text += EVERYWHERE
    if system:
        writes = dict.fromkeys((installation.home, *installation.writes))
        needed = (*writes, installation.folder, Path(first), *installation.reads)
        at_home = any(path.is_relative_to(home) for path in needed for home in HOMES)
        text += SYSTEM.format(
            # The hyphen: one that is not there yet is no reason not to start.
            writes=" ".join(quoted(f"-{path}") for path in writes),
            homes="read-only" if at_home else "yes",
        )
    return text + TAIL.format(target="multi-user.target" if system else "default.target")


def specified(text: str) -> str:
    """``text`` where specifiers such as %h are expanded."""
    return text.replace("%", "%%")


def quoted(word: str) -> str:
    """One word of a list, whatever is in it (systemd.syntax(7), Quoting)."""
    escaped = specified(word).replace("\\", "\\\\").replace('"', '\\"')
    plain = escaped == word and not any(sign in word for sign in " '\t;#")
    return word if plain else f'"{escaped}"'

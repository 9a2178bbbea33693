"""Alerts through any service that apprise knows (ntfy, Telegram, e-mail ...), by its URL."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.ports import Delivery
from jeeves.errors import ConfigError, DeliveryDelayed, DeliveryRefused, DeliveryUnknown

CHILD = Path(__file__).with_name("apprise_child.py")
#: Seconds that starting the child and loading apprise may take, on top of the services' time.
START_SECONDS = 30.0
#: An alert that no service has confirmed is sent so often, and not again.
MOST_ATTEMPTS = 3
#: U+2060 after an "@": what a mail says must not call everybody in a chat room.
WORD_JOINER = "\N{WORD JOINER}"


class UrlNotifier:
    """`jeeves.domain.ports.Notifier` for the services behind apprise URLs.

    Each alert goes to all of them, from a child process: some services cannot be interrupted,
    apprise takes 1.5 s and 30 MB to load, and its log lines, which hold parts of alerts and URLs,
    end there. Safe to share between threads; no error holds a part of a URL but its scheme.

    apprise says of a service that it took the alert, or that it did not say so. Where one of
    several took it, it is delivered: sent again it would come twice there. Where none did, it
    certainly did not leave if no connection could be made; else nobody knows.

    Raises:
        ConfigError: apprise is not installed.
    """

    channel = Channel.URL

    def __init__(self, urls: Sequence[str], seconds: float = 30.0) -> None:
        if importlib.util.find_spec("apprise") is None:
            raise ConfigError(
                "ALERT_URLS needs apprise, which is not installed: pip install 'jeeves[channels]', "
                "or leave ALERT_URLS empty"
            )
        self._urls = list(urls)
        #: What all services together may take.
        self._seconds = seconds

    def send(self, alert: Alert) -> Receipt:
        """Hand the text of ``alert`` to every service.

        The receipt is the reference, which stands in the text; its note names the services.

        Raises:
            DeliveryDelayed: no service could be connected to.
            DeliveryUnknown: no service confirmed it.
            DeliveryRefused: apprise knows none of the URLs.
        """
        text = alert.text.replace("@", f"@{WORD_JOINER}")
        told = self._ask({"text": text})
        if told["sent"]:
            missing = [*told["unsent"], *told["unknown"]]
            without = f"; not through {', '.join(missing)}" if missing else ""
            return Receipt(alert.reference, f"sent through {', '.join(told['sent'])}{without}")
        if not told["unsent"]:
            raise DeliveryRefused(unknown(told["unknown"]))
        services = ", ".join(told["unsent"])
        if not told["left"]:
            raise DeliveryDelayed(f"No connection to {services}: check the network")
        raise DeliveryUnknown(
            f"No confirmation from {services}: check its URL in ALERT_URLS and what it has received"
        )

    def find(self, alert: Alert) -> Receipt | None:
        """None: apprise cannot look up what a service has received.

        So an alert whose outcome is unknown is sent again: read twice it costs less than a
        missed meeting. But not for ever, for a service may take each one and never say so.

        Raises:
            DeliveryRefused: it was sent often enough.
        """
        if alert.attempts > MOST_ATTEMPTS:
            raise DeliveryRefused(
                "No service of ALERT_URLS confirms what it is sent, so it is not sent again: "
                "`jeeves doctor` says which there are"
            )
        return None

    def follow(self, alert: Alert) -> Delivery | None:  # noqa: ARG002  # see below
        """None: once a service has taken an alert, apprise knows nothing more."""
        return None

    def check(self) -> str:
        """The services by name, such as "ntfy, Telegram"; sends nothing.

        Raises: as `send`.
        """
        told = self._ask({})
        if told["unknown"]:
            raise DeliveryRefused(unknown(told["unknown"]))
        return ", ".join(told["unsent"])

    def _ask(self, order: Mapping[str, str]) -> dict[str, Any]:
        """What the child says."""
        written = json.dumps({"urls": self._urls, "seconds": self._seconds, **order})
        # -P: the child's own folder must not shadow what it imports.
        command = [sys.executable, "-P", str(CHILD)]
        limit = self._seconds + START_SECONDS
        try:
            done = subprocess.run(
                command,
                input=written.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=limit,
                check=True,
            )
            told: dict[str, Any] = json.loads(done.stdout)
        except OSError as exc:
            raise DeliveryDelayed(f"apprise could not be started ({exc.strerror})") from exc
        except subprocess.TimeoutExpired:
            # Not `from exc`: that one holds what was written.
            raise DeliveryUnknown(f"apprise did not finish within {limit:g} s") from None
        except (subprocess.CalledProcessError, ValueError):
            raise DeliveryUnknown("apprise failed: try `jeeves doctor`") from None
        return told


def unknown(schemes: Sequence[str]) -> str:
    """One sentence about URLs that apprise does not take."""
    return (
        f"apprise cannot use {len(schemes)} of ALERT_URLS ({', '.join(schemes)}): compare with "
        "https://github.com/caronc/apprise/wiki"
    )

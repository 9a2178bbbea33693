"""/metrics and /healthz over HTTP, on 127.0.0.1 alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from jeeves.adapters.loopback import Handler, LoopbackServer

#: Whether all is well, and how things stand.
Health = Callable[[], tuple[bool, Mapping[str, Any]]]
#: All figures and their content type; is given the Accept header.
Page = Callable[[str], tuple[bytes, str]]


class MetricsServer(LoopbackServer):
    """Answers GET while the context lasts: /metrics by ``page``, /healthz by ``health``.

    /healthz is one line of JSON, with status 200 where all is well, else 503. Both callables are
    called in a thread of each request's own; where one raises, the answer is an empty 500 and the
    class of what was raised is logged. What was asked is never logged.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(self, *, port: int, page: Page, health: Health) -> None:
        super().__init__(port, _handler_of(page, health), "metrics", "METRICS_PORT")


def _handler_of(page: Page, health: Health) -> type[Handler]:
    """What answers by these."""

    class Figures(Handler):
        def do_GET(self) -> None:  # noqa: N802  # the base's name
            asked = urlsplit(self.path).path
            if asked not in {"/metrics", "/healthz"}:
                self.answer(404)
                return
            try:
                if asked == "/metrics":
                    status, (body, kind) = 200, page(self.headers.get("Accept", ""))
                else:
                    well, says = health()
                    status, kind = 200 if well else 503, "application/json"
                    body = json.dumps(says).encode() + b"\n"
            except Exception:
                self.answer(500)
                raise  # noted by the server
            self.answer(status, body, kind)

    return Figures

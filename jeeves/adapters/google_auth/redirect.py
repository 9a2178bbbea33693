"""The loopback address that the browser comes back to (RFC 8252, 7.3)."""

from __future__ import annotations

import hmac
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

#: A browser opens connections on suspicion; one that says nothing for this long is closed.
SILENT_SECONDS = 10
PAGE = b"Jeeves has your answer and goes on in the terminal. This page can be closed.\n"


class Redirect:
    """Where the browser comes back to, and with what."""

    def __init__(self, port: int, answers: queue.Queue[Mapping[str, str]]) -> None:
        self.port = port
        self.uri = f"http://127.0.0.1:{port}/"
        self._answers = answers

    def wait(self, seconds: float) -> Mapping[str, str] | None:
        """The parameters that came with the browser (RFC 6749, 4.1.2); None if none came."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            return None


@contextmanager
def listen(state: str) -> Iterator[Redirect]:
    """Listen on a free port for the answer that carries ``state``; all else gets a 404."""
    answers: queue.Queue[Mapping[str, str]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS

        def do_GET(self) -> None:  # the base's name
            fields = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            ours = hmac.compare_digest(fields.get("state", "").encode(), state.encode())
            self.send_response(200 if ours else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(PAGE) if ours else 0))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if ours:
                self.wfile.write(PAGE)
                answers.put(fields)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent: the address holds the code."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.daemon = True
    thread.start()
    try:
        yield Redirect(server.server_address[1], answers)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

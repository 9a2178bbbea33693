"""A network between client and server: every byte takes half a round trip on its way."""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 1 << 18


class Proxy:
    """Listens on a port of loopback while the ``with`` block runs; for one connection at a time.

    Args:
        port: Where the server listens on loopback.
        seconds: The round trip.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self._target = port
        self._half = seconds / 2
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        #: How often the client spoke after it had been answered: each time somebody waited.
        self.round_trips = 0
        self._answered = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the end: the listener is closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for side in (client, server):
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._carry(client, server, from_client=True)
                self._carry(server, client, from_client=False)

    def _carry(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            piece = b"begin"
            while piece:
                try:
                    piece = source.recv(_CHUNK)
                except OSError:
                    piece = b""
                self.round_trips += piece != b"" and from_client and self._answered
                self._answered = not from_client
                under_way.put((time.monotonic() + self._half, piece))

        def give() -> None:
            with suppress(OSError):
                while True:
                    due, piece = under_way.get()
                    time.sleep(max(0.0, due - time.monotonic()))
                    if not piece:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(piece)

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()

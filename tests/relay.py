"""A service address: a port that leads to another one, which can be changed under its users."""

import socket
import threading
from contextlib import suppress
from typing import Final

_CHUNK: Final = 65536


class _Connection:
    """Two sockets, and whether what comes on one is handed to the other."""

    def __init__(self, outer: socket.socket, inner: socket.socket, flows: bool) -> None:
        self.ends = (outer, inner)
        self.flows = threading.Event()
        if flows:
            self.flows.set()

    def serve(self) -> None:
        outer, inner = self.ends
        threading.Thread(target=self._pump, args=[inner, outer], daemon=True).start()
        threading.Thread(target=self._pump, args=[outer, inner], daemon=True).start()

    def close(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.flows.set()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self.flows.wait()
                sink.sendall(data)
        if self.flows.is_set():
            self.close()


class Relay:
    """Listens on `port` of 127.0.0.1 and leads to `leads_to`, until `close`."""

    def __init__(self, leads_to: int) -> None:
        self.leads_to = leads_to
        """For connections that come; those that are there stay where they are."""
        self._connections: list[_Connection] = []
        self._flows = True
        self._listen(0)

    def refuse(self) -> None:
        """Nobody listens any more; those that are connected stay so."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def accept(self) -> None:
        """Listen again."""
        self._listen(self.port)

    def silence(self, *, new: bool = False) -> None:
        """Nothing passes on the connections that are there, as if the peer had vanished; with `new`
        not on those either that come."""
        self._flows = not new
        for connection in self._connections:
            connection.flows.clear()

    def speak(self) -> None:
        """Everything passes again, what was held back first."""
        self._flows = True
        for connection in self._connections:
            connection.flows.set()

    def close(self) -> None:
        """End it all."""
        with suppress(OSError):
            self.refuse()
        for connection in self._connections:
            connection.close()

    def _listen(self, port: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listening], daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                outer, _ = listening.accept()
                try:
                    inner = socket.create_connection(("127.0.0.1", self.leads_to))
                except OSError:
                    outer.close()
                    continue
                connection = _Connection(outer, inner, self._flows)
                self._connections.append(connection)
                connection.serve()

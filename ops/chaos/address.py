"""A service address: a TCP port in front of a server that can be moved to another one, and whose
connections can go silent as if their peer had vanished."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Self

HOST: Final = "127.0.0.1"
_PIECE: Final = 65_536


class ServiceAddress:
    """Forwards connections to `port` of the loopback interface until it is closed."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._silent = False
        self._generation = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._forward, HOST, 0))
        self.port = int(self._server.sockets[0].getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def move(self, port: int) -> None:
        """New connections lead to `port`; those that are there stay where they are."""
        self._target = port

    def cut(self) -> None:
        """Close what is connected."""
        self._loop.call_soon_threadsafe(self._hang_up)

    def silence(self) -> None:
        """From now on nothing comes through, on old connections for good; none is closed."""
        self._silent = True
        self._generation += 1

    def speak(self) -> None:
        """New connections are answered again."""
        self._silent = False

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        generation = -1 if self._silent else self._generation
        self._open.add(writer)
        try:
            there = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.close()
            return
        finally:
            self._open.discard(writer)
        self._open |= {writer, there[1]}
        await asyncio.gather(
            self._pump(reader, there[1], generation), self._pump(there[0], writer, generation)
        )
        self._open -= {writer, there[1]}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, generation: int
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_PIECE):
                if generation == self._generation:
                    writer.write(data)
                    await writer.drain()
        writer.close()

    def _hang_up(self) -> None:
        for writer in self._open:
            writer.close()

    async def _close(self) -> None:
        self._server.close()
        while self._open:
            self._hang_up()
            await asyncio.sleep(0.01)

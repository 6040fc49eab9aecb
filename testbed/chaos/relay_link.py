"""Two TCP connections joined into one, as a load balancer or a service address joins them: what
comes in on one goes out on the other, with its end, its reset and its pace."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final, cast

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with zero seconds: a close is a reset."""

FILES: Final = 16_384
"""For as many sockets in a process as a run takes."""


class LinkEnd(asyncio.Protocol):
    """One of the two. `on_open` and `on_lost` are told of its beginning and its end."""

    def __init__(
        self,
        on_open: "Callable[[LinkEnd], None] | None" = None,
        on_lost: "Callable[[LinkEnd], None] | None" = None,
    ) -> None:
        self._on_open, self._on_lost = on_open, on_lost
        self._transport: asyncio.Transport | None = None
        self._other: LinkEnd | None = None
        self._early = bytearray()
        self._ended = self._silent = self._slow = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # as TCP's are
        if self._on_open:
            self._on_open(self)

    def join(self, other: "LinkEnd") -> None:
        """From now on they are one connection."""
        self._other, other._other = other, self
        if self._early:
            other.write(bytes(self._early))
            self._early.clear()
        if self._ended:
            other.end()
        if self._transport is None or self._transport.is_closing():
            other.hang_up()

    def write(self, data: bytes) -> None:
        """Send; nothing happens when it is closed."""
        if self._transport:
            self._transport.write(data)

    def end(self) -> None:
        """Send the end of the stream, and go on receiving."""
        if self._transport and not self._transport.is_closing():
            self._transport.write_eof()

    def hang_up(self) -> None:
        """Close, once everything has been sent."""
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        """Close at once, with a reset."""
        if self._transport:
            sock = self._transport.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    def mute(self) -> None:
        """Forward nothing more of what comes in here, not even its end."""
        self._silent = True
        self._set_pace()

    def resume(self) -> None:
        """Forward again, first of all what has come meanwhile."""
        self._silent = False
        self._set_pace()

    def data_received(self, data: bytes) -> None:
        if self._other:
            self._other.write(data)
        else:
            self._early += data

    def eof_received(self) -> bool:
        self._ended = True
        if self._other is None:
            return True
        if self._other._ended:
            self._other.hang_up()
            return False
        self._other.end()
        return True

    def pause_writing(self) -> None:
        if self._other:
            self._other._slow = True
            self._other._set_pace()

    def resume_writing(self) -> None:
        if self._other:
            self._other._slow = False
            self._other._set_pace()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._on_lost:
            self._on_lost(self)
        if self._other and exc is not None:
            self._other.reset()
        elif self._other:
            self._other.hang_up()

    def _set_pace(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._silent or self._slow:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

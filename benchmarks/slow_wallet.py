"""`python -m benchmarks.slow_wallet`: a wallet service that takes BENCHMARK_WALLET_MS milliseconds
a call, however many cancels are in it, and next to no CPU. It gives every bet back, and remembers
nothing: what is measured is what lies in front of it."""

import asyncio
import os
import re
from typing import Final, cast

import orjson
import uvloop

from unbet.local.services.state_files import HOST

PORT: Final = "BENCHMARK_WALLET_PORT"
MILLISECONDS: Final = "BENCHMARK_WALLET_MS"

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class SlowWallet(asyncio.Protocol):
    """One connection, with one call at a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if found and length and len(body) >= int(length[1]):
            self._received.clear()
            asyncio.get_running_loop().call_later(self._seconds, self._answer, bytes(body))

    def _answer(self, asked: bytes) -> None:
        answer = orjson.dumps(
            [
                {
                    "request_id": one["request_id"],
                    "outcome": "reversed",
                    "wallet_ref": one["reference"],
                    "replayed": False,
                    "cash": "10.00",
                }
                for one in orjson.loads(asked)
            ]
        )
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}"
        if self._transport:
            self._transport.write(head.encode() + b"\r\n\r\n" + answer)


async def _serve() -> None:
    seconds = int(os.environ[MILLISECONDS]) / 1000
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SlowWallet(seconds), HOST, int(os.environ[PORT]))
    print("ready", flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())

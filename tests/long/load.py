"""A hundred cancels a second, sent when they are due however long the others take."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from testbed.provider import Endpoint
from tests.system.processes import EXAMPLE, System
from tests.waiting import meanwhile

PER_SECOND: Final = 100
LIMIT_S: Final = 20.0
"""For an answer that does not come, which is a failure of its own."""


class Answer(NamedTuple):
    reference: str
    sent: float
    """When, by the monotonic clock."""
    code: int
    """The HTTP status where that is not 200."""
    seconds: float


class Load:
    """`PER_SECOND` cancels a second; `fields(number)` is what is changed of the example."""

    def __init__(self, system: System, fields: Callable[[int], dict[str, str]]) -> None:
        self.answers: list[Answer] = []
        self._fields = fields
        self._endpoint = Endpoint(f"{str(system.http.base_url).rstrip('/')}{system.path}")

    def send(self, over: threading.Event) -> None:
        """Until it is over, and until all are answered."""
        asyncio.run(self._send(over))

    async def _send(self, over: threading.Event) -> None:
        began, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while not over.is_set():
                group.create_task(self._one(number))
                number += 1
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        self._endpoint.close()

    async def _one(self, number: int) -> None:
        cancel = EXAMPLE | self._fields(number)
        body = json.dumps(cancel).encode()
        sent = time.monotonic()
        async with asyncio.timeout(LIMIT_S):
            response = await self._endpoint.post(body)
        seconds = time.monotonic() - sent
        code = json.loads(response.body)["error"] if response.status == 200 else response.status
        self.answers.append(Answer(cancel["reference"], sent, code, seconds))


def of_no_bet(number: int) -> dict[str, str]:
    """A cancel of a bet that never was."""
    return {"reference": f"load-{number}"}


@contextmanager
def load(system: System, fields: Callable[[int], dict[str, str]] = of_no_bet) -> Iterator[Load]:
    """Sends while the block lasts; at its end all are answered."""
    made = Load(system, fields)
    with meanwhile(made.send):
        yield made

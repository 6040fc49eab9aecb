"""So many cancels a second, sent when they are due however long the others take."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from tests.system.caller import Caller
from tests.system.processes import EXAMPLE, System
from tests.waiting import meanwhile, until

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
    """`per_second` cancels a second; `fields(number)` is what is changed of the example."""

    def __init__(
        self, system: System, fields: Callable[[int], dict[str, str]], per_second: int
    ) -> None:
        self._per_second = per_second
        self.answers: list[Answer] = []
        self._sent = 0
        self._fields = fields
        self._caller = Caller(system)

    def go_on(self, seconds: float) -> None:
        """Return when so many more have been sent as come in `seconds`."""
        enough = self._sent + seconds * self._per_second
        until(lambda: self._sent >= enough, "nothing is sent any more", seconds + LIMIT_S)

    def send(self, over: threading.Event) -> None:
        """Until it is over, and until all are answered."""
        asyncio.run(self._send(over))

    async def _send(self, over: threading.Event) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while not over.is_set():
                group.create_task(self._one(self._sent))
                self._sent += 1
                due = began + self._sent / self._per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        self._caller.close()

    async def _one(self, number: int) -> None:
        cancel = EXAMPLE | self._fields(number)
        sent = time.monotonic()
        async with asyncio.timeout(LIMIT_S):
            answer = await self._caller.post(cancel)
        seconds = time.monotonic() - sent
        self.answers.append(Answer(cancel["reference"], sent, answer.code, seconds))


def of_no_bet(number: int) -> dict[str, str]:
    """A cancel of a bet that never was."""
    return {"reference": f"load-{number}"}


@contextmanager
def load(
    system: System,
    fields: Callable[[int], dict[str, str]] = of_no_bet,
    per_second: int = PER_SECOND,
) -> Iterator[Load]:
    """Sends while the block lasts; at its end all are answered."""
    made = Load(system, fields, per_second)
    with meanwhile(made.send):
        yield made

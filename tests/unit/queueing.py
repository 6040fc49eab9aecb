"""A queue that takes groups as the broker would, and a dispatcher on it."""

import asyncio
import time
from collections.abc import Callable, Iterable

from api.dispatch import Dispatcher
from api.waits import Message
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome


class Queue:
    """Takes groups as the broker would, and keeps them for the test to look at."""

    def __init__(self, error: Exception | None = None) -> None:
        self.groups: list[tuple[Cancel, ...]] = []
        self.message_ids: list[str] = []
        self.error = error

    def submit(self, message: Message, failed: Callable[[Exception], object]) -> None:
        self.groups.append(tuple(wait.cancel for wait in message.waits))
        self.message_ids.append(message.id)
        if self.error:
            failed(self.error)
        else:
            message.published_at = time.monotonic()


def dispatcher_of(queue: Queue, *, resend_after_s: float = 9, **limits: int) -> Dispatcher:
    defaults = {"group_size": 3, "groups_in_flight": 1, "max_waiting": 100}
    return Dispatcher(queue.submit, **(defaults | limits), resend_after_s=resend_after_s)


def decide(cancels: Iterable[Cancel]) -> list[Decision]:
    return [Decision(request_id=c.request_id, outcome=Outcome.REVERSED) for c in cancels]


async def settle_down() -> None:
    for _ in range(20):
        await asyncio.sleep(0)

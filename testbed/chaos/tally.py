"""Counts a run's answers while it goes on, and how long its own event loop was held up: that time
is not Unbet's."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from testbed.provider import Attempt, Sent

LATE_S: Final = 8.0
"""Every answer is promised by then (P5); the provider waits for ten."""


def answered_in(attempt: Attempt) -> float | None:
    """Seconds from the request's last byte to the answer's; None without an answer."""
    if attempt.status is None:
        return None
    return attempt.seconds if attempt.answered_s is None else attempt.answered_s


@dataclass
class Tally:
    """What the provider has sent and heard so far."""

    requests: int = 0
    """Transmissions of Cancels."""
    cancels: int = 0
    bets: int = 0
    """Bets and wins."""
    answers: Counter[str] = field(default_factory=Counter)
    """By code; "none" for none."""
    bets_answered: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    """Requests by how the provider's client behaved."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Those of them without an answer."""
    slowest_s: float = 0.0
    late: int = 0
    """Answers after `LATE_S`."""

    def add(self, sent: Sent) -> None:
        """Count one message."""
        labels = [attempt.label for attempt in sent.attempts]
        if sent.message.kind != "cancel":
            self.bets += 1
            self.bets_answered.update(labels)
            return
        self.cancels += 1
        self.requests += len(labels)
        self.answers.update(labels)
        for attempt in sent.attempts:
            self.clients[attempt.client] += 1
            seconds = answered_in(attempt)
            if seconds is None:
                self.unanswered[attempt.client] += 1
            else:
                self.slowest_s = max(self.slowest_s, seconds)
                self.late += seconds > LATE_S


TICK_S: Final = 0.05
WORTH_NOTING_S: Final = 0.1
MAX_NOTED: Final = 2_000


class Lag:
    """Of the loop in which it watches."""

    def __init__(self) -> None:
        self.worst_s = 0.0
        self._noted: deque[tuple[datetime, float]] = deque(maxlen=MAX_NOTED)

    async def watch(self) -> None:
        """Until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            before = clock()
            await asyncio.sleep(TICK_S)
            late_s = clock() - before - TICK_S
            self.worst_s = max(self.worst_s, late_s)
            if late_s > WORTH_NOTING_S:
                self._noted.append((datetime.now(UTC), late_s))

    def within(self, since: datetime, seconds: float) -> float:
        """How much of that time the loop was held up for, as far as it is still known."""
        until = since + timedelta(seconds=seconds)
        return sum(late_s for at, late_s in tuple(self._noted) if since <= at <= until)

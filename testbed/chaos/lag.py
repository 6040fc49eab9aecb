"""Measures how long the run's own event loop was held up: that time is not Unbet's."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

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

"""A circuit breaker: it leaves alone for a moment what has just failed. Waiting for it would use up
the time of others."""

import time
from dataclasses import dataclass
from typing import Final

OPEN_S: Final = 1.0


@dataclass
class CircuitBreaker:
    """Opens with a failure, and closes by itself."""

    open_until: float = 0.0
    """Of the monotonic clock: until then nothing is to be tried."""

    def trip(self) -> bool:
        """Open it for `OPEN_S` seconds; whether it was closed, so that this is news. Failures of
        what began before it opened do not keep it open."""
        now = time.monotonic()
        was_closed = now >= self.open_until
        if was_closed:
            self.open_until = now + OPEN_S
        return was_closed

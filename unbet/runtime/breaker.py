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

    @property
    def is_open(self) -> bool:
        """Whether nothing is to be tried now."""
        return time.monotonic() < self.open_until

    def trip(self) -> None:
        """Open it until `OPEN_S` seconds from now."""
        self.open_until = time.monotonic() + OPEN_S

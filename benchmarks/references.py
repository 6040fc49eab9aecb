"""References as a provider makes them: 24 hex digits, like a Mongo ObjectId."""

import secrets
import time
from typing import Final

MACHINES: Final = 5
PER_SECOND: Final = 300
"""Bets that the provider's machines take together; references of one second are not in order."""

_COUNTERS: Final = 1 << 24


class References:
    """4 bytes of seconds, 5 bytes that tell the machine, 3 bytes of its counter: nearly ascending,
    since the machines take turns at random. No two are equal."""

    def __init__(self, begin_s: float | None = None) -> None:
        """The first is of `begin_s` (seconds since 1970), by default of now."""
        self._begin_s = int(time.time() if begin_s is None else begin_s)
        self._made = 0
        self._machines = [secrets.randbits(40) for _ in range(MACHINES)]
        self._counters = [secrets.randbits(24) for _ in range(MACHINES)]

    def take(self, count: int) -> list[str]:
        """The next `count` references."""
        return [self._next(turn) for turn in secrets.token_bytes(count)]

    def _next(self, turn: int) -> str:
        which = turn % MACHINES
        self._counters[which] = (self._counters[which] + 1) % _COUNTERS
        seconds = self._begin_s + self._made // PER_SECOND
        self._made += 1
        return f"{seconds:08x}{self._machines[which]:010x}{self._counters[which]:06x}"

"""Measures how long after a failover answers are final again, as the provider sees it."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from testbed.provider import Case, Dialect

WINDOW_S: Final = 1.0
ENOUGH: Final = 20
"""Answers in a window, to judge by it."""

SHARE: Final = 0.95
"""Of final ones: another fault may lie over the failover's end, such as a bet that is held."""


@dataclass
class Recovery:
    """One failover, and the answers after it."""

    server: str
    begun: float
    seconds: float | None = None
    """From its beginning to the first second whose answers were final; None if that never came."""
    _gone: float | None = None
    _window: deque[tuple[float, bool]] = field(default_factory=deque, repr=False)

    def gone(self, now: float | None = None) -> None:
        """From now on the old server decides nothing any more."""
        self._gone = time.monotonic() if now is None else now

    def add(self, now: float, *, final: bool) -> None:
        """An answer has come."""
        if self._gone is None or self.seconds is not None:
            return
        self._window.append((now, final))
        if now - self._window[0][0] < WINDOW_S:
            return
        good = sum(final for _, final in self._window)
        if len(self._window) >= ENOUGH and good >= SHARE * len(self._window):
            self.seconds = self._window[0][0] - self.begun
            self._window.clear()
            return
        while self._window and now - self._window[0][0] >= WINDOW_S:
            self._window.popleft()


class Recoveries:
    """All failovers of a run. They are not measured where a mismatch may be answered by a temporary
    code: those answers never become final."""

    def __init__(self, dialect: Dialect) -> None:
        self.all: list[Recovery] = []
        others = Case.OTHER_PLAYER, Case.OTHER_CURRENCY
        temporary = dialect.allowed[Case.TEMPORARY]
        self.is_measured = all(temporary.isdisjoint(dialect.allowed.get(o, ())) for o in others)

    def begin(self, server: str) -> Recovery:
        """A failover of that server begins now."""
        recovery = Recovery(server, time.monotonic())
        self.all.append(recovery)
        return recovery

    def add(self, *, final: bool) -> None:
        """An answer has come, or the provider has stopped waiting for one."""
        now = time.monotonic()
        for recovery in self.all[-3:]:
            recovery.add(now, final=final)

    def seconds(self) -> dict[str, list[float | None]]:
        """By server."""
        if not self.is_measured:
            return {}
        servers: dict[str, list[float | None]] = {}
        for recovery in self.all:
            servers.setdefault(recovery.server, []).append(recovery.seconds)
        return servers

"""How counters of other processes change between two probes, by this process's own clock."""

from collections.abc import Mapping
from typing import Final

LATELY_S: Final = 10 * 60
"""The window of the alert `UnbetRefused`."""


class Refusals:
    """What the counters said at each look of the last `LATELY_S` seconds: what was refused before
    the first of them cannot be told from what was refused long ago."""

    def __init__(self) -> None:
        self._probes: list[tuple[float, Mapping[str, int]]] = []

    def lately(self, now: float, totals: Mapping[str, int]) -> int:
        """By how much `totals`, each receiver's by its URL, have grown at `now`, in seconds."""
        self._probes = [(at, seen) for at, seen in self._probes if at >= now - LATELY_S]
        self._probes.append((now, totals))
        # Of several probes at a URL the first one wins.
        first = {url: total for _, seen in reversed(self._probes) for url, total in seen.items()}
        return sum(_growth(first[url], total) for url, total in totals.items())


class LastRise:
    """How long ago a counter was last seen to change: no other machine's clock is asked."""

    def __init__(self) -> None:
        self._value: float | None = None
        self._at = 0.0

    def seconds(self, now: float, value: float) -> float:
        """Since the first look that found `value`; `now` in seconds."""
        if value != self._value:
            self._value, self._at = value, now
        return now - self._at


def _growth(first: int, total: int) -> int:
    """A counter that has become less began anew."""
    return total - first if total >= first else total

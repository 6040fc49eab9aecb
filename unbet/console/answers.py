"""The answers of the last quarter of an hour, in steps of some seconds.

A step is read once. The newest steps are read again until the receivers have recorded all their
answers. So a reading costs what came since the last one, not what came in all that time.
"""

import time
from typing import Final, NamedTuple

from sqlalchemy import Connection

from unbet.journal.activity import Step, moment, read_steps

STEP_S: Final = 5
SPAN_S: Final = 15 * 60
SETTLE_S: Final = 15
"""Receivers note answers in batches, which may take some seconds."""
PIECE_S: Final = 60
"""Read in one statement."""
BUDGET_S: Final = 0.5
"""Spent on a look at what has not been read yet; the rest is left for the next look."""

GROUPS: Final = {
    "given_back": "Stake given back",
    "no_bet": "No such bet",
    "nothing": "Bet refused, settled or closed",
    "mismatch": "Other player, currency or stake",
    "undecided": "No decision in time",
}
"""The outcomes as they are shown, in the order of `Step`'s counts."""


class Answers(NamedTuple):
    """The steps that have been read."""

    now: float
    """The database's clock, in seconds since 1970."""
    steps: dict[int, Step]
    """By the second that they begin at; without those that have not been read yet. The last one is
    still going on."""

    @property
    def current(self) -> int:
        """When the step began that is going on."""
        return int(self.now // STEP_S) * STEP_S

    def since(self, seconds: float) -> list[Step]:
        """The steps of the last `seconds`, and the current one."""
        return [step for began, step in self.steps.items() if began >= self.current - seconds]


class AnswersReader:
    """Reads what is missing; one thread at a time."""

    def __init__(self) -> None:
        self._steps: dict[int, Step] = {}

    def read(self, connection: Connection) -> Answers:
        """The newest first; what was not read within the budget is missing."""
        began = time.monotonic()
        now = moment(connection)
        current = int(now // STEP_S) * STEP_S
        oldest = current - SPAN_S
        self._steps = {at: step for at, step in self._steps.items() if oldest <= at <= current}
        self._read(connection, current - SETTLE_S, current)
        for last in range(current - SETTLE_S - STEP_S, oldest - 1, -PIECE_S):
            first = max(oldest, last - PIECE_S + STEP_S)
            if any(at not in self._steps for at in range(first, last + 1, STEP_S)):
                if time.monotonic() - began > BUDGET_S:
                    break
                self._read(connection, first, last)
        return Answers(now, dict(sorted(self._steps.items())))

    def _read(self, connection: Connection, first: int, last: int) -> None:
        """The steps from `first` to `last`, both included."""
        rows = read_steps(connection, step_s=STEP_S, since=first, until=last + STEP_S)
        for at in range(first, last + 1, STEP_S):
            self._steps[at] = rows.get(at, Step())

"""How many cancels a call may have: fewer once one got no answer in time, more again once the
wallet is fast."""


class CallSize:
    """Of one process's calls: between 1 and `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = most

    def unanswered(self, cancels: int) -> None:
        """A call of so many got no answer in its time."""
        self.now = max(1, min(self.now, cancels // 2))

    def answered(self, cancels: int, share: float) -> None:
        """A call of so many took this share of its time: of less than half follows that one of
        twice as many has an answer in time, else one more is tried."""
        if cancels >= self.now:
            self.now = min(self._most, 2 * self.now if share < 0.5 else self.now + 1)

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
        """A call of so many took this share of its time. One of twice as many should have an answer
        in time where it was less than half."""
        if cancels >= self.now and share < 0.5:
            self.now = min(self._most, 2 * self.now)

"""The counts of a run while it goes on, from the provider's log as it is written."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ops.provider import Sent

SLOW_S: Final = 8.0
"""Every answer is promised by then (P5); what is later is told, the provider waits for ten."""


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
    slowest_s: float = 0.0
    slow: int = 0

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
            if attempt.status is not None:
                self.slowest_s = max(self.slowest_s, attempt.seconds)
                self.slow += attempt.seconds > SLOW_S

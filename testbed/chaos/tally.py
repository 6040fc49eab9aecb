"""Counts a run's answers while it goes on, from the provider's log."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from testbed.provider import Attempt, Sent

LATE_S: Final = 8.0
"""Every answer is promised by then (P5); the provider waits for ten."""


def answered_in(attempt: Attempt) -> float | None:
    """Seconds from the request's last byte to the answer's; None without an answer."""
    if attempt.status is None:
        return None
    return attempt.seconds if attempt.answered_s is None else attempt.answered_s


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
    clients: Counter[str] = field(default_factory=Counter)
    """Requests by how the provider's client behaved."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Those of them without an answer."""
    slowest_s: float = 0.0
    late: int = 0
    """Answers after `LATE_S`."""

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
            self.clients[attempt.client] += 1
            seconds = answered_in(attempt)
            if seconds is None:
                self.unanswered[attempt.client] += 1
            else:
                self.slowest_s = max(self.slowest_s, seconds)
                self.late += seconds > LATE_S

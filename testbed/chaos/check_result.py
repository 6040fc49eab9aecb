"""The result of a check: violations by kind, each with its details."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_EXAMPLES: Final = 5
MAX_KEPT: Final = 1_000


class Kind(StrEnum):
    """In the order in which they are told."""

    LOST = "lost"
    """A cancel that was answered has no outcome and is not kept as dead either (P2)."""
    DOUBLED = "doubled"
    """A stake was taken or given back more than once (P1)."""
    LATE_DEBIT = "late debits"
    """A bet stands, or was taken, after its cancel was answered 0 (P4)."""
    UNCOMMITTED = "uncommitted"
    """Code 0 was answered and the ledger knows nothing of it (P3)."""
    CONTRADICTION = "contradictions"
    """One cancel was given two different final answers, or one that the ledger contradicts."""
    UNRECORDED = "unrecorded"
    """A bet or win that the operator reported as done is not in the ledger."""
    MONEY = "money"
    """A player's balance is not what was paid in and won, less the bets that stand (P6)."""
    UNANSWERED = "unanswered"
    """No answer within the provider's ten seconds, or none at all with no receiver killed (P5)."""
    LATE_ANSWER = "answers after 8 s"
    """From the request's last byte to the answer's (P5)."""
    ENDED = "processes that ended by themselves"
    """No state of a server and no message ends a process."""
    GROWTH = "memory that grows"
    """By half and more over a long life of a process (P8)."""
    UNDRAINED = "undrained"
    """Something was still under way when everything had been well for long enough."""
    AUDIT = "audit"
    """The ledger's own audit does not hold."""


@dataclass
class CheckResult:
    """Counts by kind, and what the first ones of each kind are about."""

    violations: dict[Kind, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The first `MAX_KEPT` of each kind."""
    counts: Counter[Kind] = field(default_factory=Counter)
    dead: int = 0
    """Cancels kept for a person: no violation, but nothing to overlook."""

    @property
    def ok(self) -> bool:
        return not self.counts.total()

    def add(self, kind: Kind, what: str) -> None:
        self.counts[kind] += 1
        if len(self.violations[kind]) < MAX_KEPT:
            self.violations[kind].append(what)

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            kind.value: {
                "count": self.counts[kind],
                "examples": self.violations.get(kind, [])[:MAX_EXAMPLES],
            }
            for kind in Kind
        }

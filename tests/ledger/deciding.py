"""What came of a group that was applied."""

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome

GENEROUS_S = 5.0
"""Far above what it takes, far below what the provider waits."""


def outcomes(parts: list[list[Decision]], cancels: list[Cancel]) -> dict[str, Outcome]:
    """The outcome of each reference, each decided once."""
    decided = {d.request_id: d.outcome for part in parts for d in part}
    assert sum(map(len, parts)) == len(decided) == len(cancels)
    return {c.reference: decided[c.request_id] for c in cancels}

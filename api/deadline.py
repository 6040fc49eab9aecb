"""What happens when, as shares of the time within which a cancel is answered
(`UNBET_ANSWER_DEADLINE_S`).

A cancel without a decision is persisted before its answer is due though each call of the ledger
hangs: the question whether it is decided after all, a batch that is being parked just then, its own
batch. A write to the disk follows.
"""

from typing import Final

ASK_SHARE: Final = 0.55
"""Then the ledger itself is asked."""

CALL_SHARE: Final = 0.075
"""The limit of one call of the ledger."""

ANSWER_SHARE: Final = 0.8
"""Then the answer is due; the rest gets it out of a busy process."""

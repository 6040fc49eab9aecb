"""A rule of the wallet's contract: where it comes from, and what the wallet was asked for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from testbed import rules
from unbet.core.message import Cancel
from unbet.wallets.port import Decided, Undecided, Verdict

if TYPE_CHECKING:
    from testbed.wallet.play import Play

# The promises of docs/reliability.md, and the faults of WALLETS.
ONCE: Final = "P1, at most one reversal"
REACHES: Final = "P2, every cancel is decided"
COMMITTED: Final = "P3, only what is committed"
LATE: Final = "P4, no late debit"
EXACT: Final = "P6, money is exact"
PORT: Final = "docs/wallets.md"

MAX_SHOWN: Final = 300
"""Characters of what a wallet said."""

Rule: TypeAlias = rules.Rule["Play", None]


class Rules(rules.Rules["Play", None]):
    """Those of this kit."""


@dataclass(frozen=True)
class Exchange:
    """One cancel that the wallet was asked about, and what it said; None if nothing."""

    sent: str
    cancel: Cancel
    verdict: Verdict | None

    @property
    def decided(self) -> Decided | None:
        """The verdict, if it is a decision."""
        return self.verdict if isinstance(self.verdict, Decided) else None

    @property
    def label(self) -> str:
        """As `rules.Exchange`."""
        if self.decided:
            return self.decided.decision.outcome.value
        return self.verdict.why.value if isinstance(self.verdict, Undecided) else "none"

    @property
    def summary(self) -> str:
        """The verdict, for a person."""
        if not isinstance(self.verdict, Undecided):
            return self.label
        _, why, reason, detail = self.verdict
        return f"undecided: {why} ({reason}: {detail[:MAX_SHOWN]})"

    def as_document(self) -> dict[str, object]:
        """As `rules.Exchange`."""
        return {
            "sent": self.sent,
            "request_id": str(self.cancel.request_id),
            "reference": self.cancel.reference,
            "told": self.summary,
            "cash": self.decided and self.decided.decision.cash,
        }

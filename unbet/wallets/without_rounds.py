"""A guard around a wallet that does not take cancels of rounds: it is not asked about them."""

from collections.abc import Iterator, Sequence
from typing import Final

from unbet.core.message import Cancel
from unbet.wallets.port import Undecided, Verdict, Wallet, Why

REASON: Final = "a cancel of a round"
DETAIL: Final = (
    "the wallet does not take cancels of rounds: cancel the round's bets there, and close this"
)


class WithoutRounds:
    """`wallet`; a cancel of a round is REJECTED. It is never `no_bet`: that would be final, and the
    round may have bets."""

    def __init__(self, wallet: Wallet) -> None:
        self.abilities = wallet.abilities
        self.guarded = wallet

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        bets = [cancel for cancel in cancels if not cancel.of_round]
        if len(bets) < len(cancels):
            yield [
                Undecided(cancel, Why.REJECTED, REASON, DETAIL)
                for cancel in cancels
                if cancel.of_round
            ]
        if bets:
            yield from self.guarded.cancel(bets, deadline)

"""What a casino does with money, whichever wallet it has."""

from decimal import Decimal
from typing import Final, Protocol

STANDING: Final = frozenset({"placed", "settled"})
"""What a bet says that was taken."""


class Casino(Protocol):
    """Amounts are exact, in units of the currency. A bet is named by provider and reference."""

    def deposit(self, player: str, currency: str, cash: Decimal, bonus: Decimal) -> None:
        """For trying: yours has a reference, and a unique key on it, as a bet has."""

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        """`placed`, `settled` (it was placed before, and has its result), `refused` (the player is
        frozen, or has too little), `cancelled` (its cancel was here first) or `conflict`: another
        bet has this reference. It may be repeated."""

    def settle(self, provider: str, reference: str, win: Decimal) -> str:
        """`settled`, or what stands in the way: `refused`, `cancelled`, `unknown`. It may be
        repeated."""

    def freeze(self, player: str) -> None:
        """Refuse the player's bets from now on."""

    def balance(self, player: str, currency: str) -> tuple[Decimal, Decimal]:
        """Cash and bonus."""


def text_of(amount: Decimal) -> str:
    """Exactly, with at least two decimals. `format` does not round; `normalize` and sums do, to 28
    digits."""
    whole, _, decimals = format(amount, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"

"""A player in the casino of an example."""

from decimal import Decimal

from examples.casino.casino import STANDING, Casino
from tests.making import PROVIDER


class PlayersCasino:
    """As `contract.Casino`: one player's, in an example's casino."""

    def __init__(
        self,
        casino: Casino,
        player: str = "alice",
        currency: str = "EUR",
        provider: str = PROVIDER,
    ) -> None:
        self._casino = casino
        self._player = (player, currency)
        self._provider = provider

    def of(self, player: str) -> "PlayersCasino":
        """Another player's."""
        return PlayersCasino(self._casino, player, self._player[1], self._provider)

    def deposit(self, amount: str, *, bonus: bool = False) -> None:
        nothing, some = Decimal(0), Decimal(amount)
        self._casino.deposit(*self._player, *((nothing, some) if bonus else (some, nothing)))

    def bet(self, reference: str, amount: str) -> bool:
        return self.place(reference, amount) in STANDING

    def place(self, reference: str, amount: str) -> str:
        """What the example's Bet says."""
        return self._casino.bet(*self._player, self._provider, reference, Decimal(amount))

    def settle(self, reference: str, amount: str) -> None:
        self._casino.settle(self._provider, reference, Decimal(amount))

    def freeze(self) -> None:
        self._casino.freeze(self._player[0])

    def money(self) -> tuple[Decimal, Decimal]:
        return self._casino.balance(*self._player)

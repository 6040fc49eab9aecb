"""The bets that the rules are played with."""

import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn, Protocol

from testbed.provider import Answer, Player
from testbed.rules import NotTriedError
from unbet.wallets.ledger.operations import Balance


@dataclass(frozen=True)
class PreparedBet:
    """A bet that is there, or only its reference. Money is None where it cannot be seen."""

    player: Player
    reference: str
    stake: Decimal = Decimal(0)
    standing: Balance | None = None
    """What the player has as long as nothing is given back."""
    undone: Balance | None = None
    """What the player has after a cancel."""
    known: bool = True
    """Whether there is a bet of that reference."""


class Bets(Protocol):
    """Where bets come from. All but `any_bet`, `unknown` and `money` raise `NotTriedError` for what
    is not to be had, as here what needs the ledger; whatever uses the ledger raises `NoAnswerError`
    if that fails."""

    provider_id: str
    """As the endpoint spells it."""
    in_ledger: bool = False
    """Whether all of this is to be had: bets at any time, and the sight of money."""

    @property
    def other_player(self) -> str:
        """Another player than the bets'."""

    @property
    def other_currency(self) -> str:
        """Another one than the bets'."""

    async def any_bet(self) -> PreparedBet:
        """A bet whose cancel must succeed, of whatever kind."""
        return await self.unknown()  # the placed ones are for the rules that need one

    async def unknown(self) -> PreparedBet:
        """A reference that nobody has used."""

    async def placed(self, stake: Decimal | None = None) -> PreparedBet:
        """A bet that stands; of a given `stake` only where its money is seen."""

    async def placed_as(self, reference: str) -> PreparedBet:  # noqa: ARG002 - see below
        """A bet that stands, of that reference."""
        needs_the_ledger()

    async def refused(self) -> PreparedBet:
        """A bet that the operator has refused."""

    async def settled(self) -> PreparedBet:
        """A bet that has its result."""

    async def split(self) -> PreparedBet:
        """A bet that stands, paid in part with cash and in part with a bonus."""
        needs_the_ledger()

    async def of_two_accounts(self) -> tuple[PreparedBet, PreparedBet]:
        """A bet that stands, of a player with a second account whose currency sorts first; then the
        same as if it were that account's, which has nothing to get back."""
        needs_the_ledger()

    async def won(self, reference: str | None = None) -> PreparedBet:  # noqa: ARG002 - see below
        """A bet that has won, under its own reference or another one."""
        needs_the_ledger()

    async def other_players(self) -> PreparedBet:
        """A bet that stands, of another player than the others'."""
        needs_the_ledger()

    async def frozen(self) -> PreparedBet:
        """A bet that stands, of a player who was frozen after it."""
        needs_the_ledger()

    async def place(self, bet: PreparedBet) -> Answer:  # noqa: ARG002 - whoever can, needs it
        """The operator's answer to that bet, sent now."""
        needs_the_ledger()

    async def win(self, bet: PreparedBet) -> Answer:  # noqa: ARG002
        """The operator's answer to a win of that bet, sent now."""
        needs_the_ledger()

    async def money(self, player: Player) -> Balance | None:  # noqa: ARG002
        """What the player has; None if that cannot be seen."""
        return None


def needs_the_ledger() -> NoReturn:
    """Raises `NotTriedError`."""
    raise NotTriedError("it needs the operator's ledger")


def new_reference() -> str:
    """24 hex digits, the provider's form, some of them letters."""
    return f"c0f{secrets.token_hex(10)}e"

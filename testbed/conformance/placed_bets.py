"""Bets that the kit places itself, for players of its own."""

import secrets
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

from testbed.conformance.bets import PreparedBet, new_reference
from testbed.provider import SUCCESS, Answer, Bet, Operator, Player, Win
from testbed.rules import NotTriedError
from unbet.wallets.ledger.operations import Balance

OPENING_BALANCE: Final = Decimal("1000.00")
"""What a player is given: more than the rules' bets take."""

STAKE: Final = Decimal("1.00")

CURRENCY: Final = "EUR"

FIRST_CURRENCY: Final = "AUD"
"""Sorts before it: whoever credits a player's first account credits that one."""


class OperatorWallet(Operator, Protocol):
    """An operator who lets the kit see a player's money. Each raises `NoAnswerError`."""

    async def deposit_bonus(self, player: Player, amount: Decimal, reference: str) -> None:
        """As `deposit`, but what it gives is a bonus."""

    async def money(self, player: Player) -> Balance:
        """What the player has."""

    async def freeze(self, user_id: str) -> None:
        """Refuse the player's bets from now on."""


class PlacedBets:
    """`Bets` without an end. `open` makes them."""

    in_ledger = True
    other_currency = "USD"

    def __init__(self, wallet: OperatorWallet, provider_id: str) -> None:
        self.provider_id = provider_id
        self.other_player = _new_player().user_id
        self._wallet = wallet
        self._player = _new_player()

    @classmethod
    async def open(cls, wallet: OperatorWallet, provider_id: str) -> "PlacedBets":
        """With a player who has money."""
        bets = cls(wallet, provider_id)
        bets._player = await bets._player_with(OPENING_BALANCE)
        return bets

    async def any_bet(self) -> PreparedBet:
        return await self.placed()

    async def unknown(self) -> PreparedBet:
        money = await self.money(self._player)
        return PreparedBet(self._player, new_reference(), STAKE, money, money, known=False)

    async def placed(self, stake: Decimal | None = None) -> PreparedBet:
        if stake is None or stake <= OPENING_BALANCE:
            return await self._placed(self._player, STAKE if stake is None else stake)
        return await self._placed(await self._player_with(stake), stake)

    async def placed_as(self, reference: str) -> PreparedBet:
        return await self._placed(self._player, STAKE, reference)

    async def split(self) -> PreparedBet:
        player = await self._player_with(STAKE)
        await self._wallet.deposit_bonus(player, OPENING_BALANCE, f"{player.user_id}-bonus")
        bet = await self._placed(player, STAKE * 3)
        before, after = bet.undone, bet.standing
        if not before or not after or before.cash == after.cash or before.bonus == after.bonus:
            raise NotTriedError("the stake was not taken from cash and bonus")
        return bet

    async def of_two_accounts(self) -> tuple[PreparedBet, PreparedBet]:
        player = await self._player_with(OPENING_BALANCE)
        first = player._replace(currency=FIRST_CURRENCY)
        await self._wallet.deposit(first, STAKE, f"{player.user_id}-{FIRST_CURRENCY}")
        money = await self.money(first)
        bet = await self._placed(player, STAKE)
        return bet, replace(bet, player=first, standing=money, undone=money)

    async def refused(self) -> PreparedBet:
        money = await self.money(self._player)
        stake = money.cash + money.bonus + STAKE
        bet = PreparedBet(self._player, new_reference(), stake, money, money)
        if (await self.place(bet)).code == SUCCESS:
            raise NotTriedError("a bet of more than there is was not refused")
        return bet

    async def settled(self, win: Decimal = Decimal(0), reference: str | None = None) -> PreparedBet:
        bet = await self.placed()
        result = Win(reference=bet.reference, amount=win, own_reference=reference)
        answer = await self._wallet.settle(result)
        if answer.code != SUCCESS:
            raise NotTriedError(f"the bet's result was refused: {answer.text}")
        money = await self.money(bet.player)
        return replace(bet, standing=money, undone=money)

    async def won(self, reference: str | None = None) -> PreparedBet:
        return await self.settled(STAKE * 2, reference)

    async def other_players(self) -> PreparedBet:
        return await self._placed(await self._player_with(OPENING_BALANCE), STAKE)

    async def frozen(self) -> PreparedBet:
        bet = await self._placed(await self._player_with(OPENING_BALANCE), STAKE)
        await self._wallet.freeze(bet.player.user_id)
        return bet

    async def place(self, bet: PreparedBet) -> Answer:
        user_id, currency = bet.player
        return await self._wallet.place(
            Bet(user_id=user_id, currency=currency, amount=bet.stake, reference=bet.reference)
        )

    async def win(self, bet: PreparedBet) -> Answer:
        return await self._wallet.settle(Win(reference=bet.reference, amount=STAKE * 2))

    async def money(self, player: Player) -> Balance:
        return await self._wallet.money(player)

    async def _placed(
        self, player: Player, stake: Decimal, reference: str | None = None
    ) -> PreparedBet:
        undone = await self.money(player)
        bet = PreparedBet(player, reference or new_reference(), stake)
        answer = await self.place(bet)
        if answer.code != SUCCESS:
            raise NotTriedError(f"the bet was refused: {answer.text}")
        return replace(bet, standing=await self.money(player), undone=undone)

    async def _player_with(self, cash: Decimal) -> Player:
        player = _new_player()
        await self._wallet.deposit(player, cash, player.user_id)
        return player


def _new_player() -> Player:
    return Player(f"conformance-{secrets.token_hex(8)}", CURRENCY)

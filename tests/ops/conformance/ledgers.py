"""Operators that decide wrongly or do wrong things with money."""

import asyncio
from dataclasses import replace

from testbed.provider import Answer, Bet, Player, Win
from tests.ops.conformance.casino import Asked, Casino, Stake
from unbet.core.money import EXACT
from unbet.core.outcomes import Outcome


class GivesNothingBack(Casino):
    def give_back(self, stake: Stake) -> None:
        pass


class GivesBackAgain(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        if stake.state == "reversed" and stake.cancelled_by == asked.uuid:
            self.give_back(stake)
        return super().decide_own(stake, asked)


class GivesBackForEachUuid(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        if stake.state == "reversed" and stake.cancelled_by != asked.uuid:
            self.give_back(stake)
        return super().decide_own(stake, asked)


class Rounds(Casino):
    def give_back(self, stake: Stake) -> None:
        stake.amount = round(stake.amount, 2)
        super().give_back(stake)


class RoundsToUnits(Casino):
    def give_back(self, stake: Stake) -> None:
        if stake.amount != 1:
            stake.amount = round(stake.amount, 1)
        super().give_back(stake)


class KeepsTwentyEightDigits(Casino):
    def give_back(self, stake: Stake) -> None:
        stake.amount = +stake.amount
        super().give_back(stake)


class GivesBackCashAlone(Casino):
    def give_back(self, stake: Stake) -> None:
        self.credit(stake.player, stake.amount)


class GivesBackNoBonus(Casino):
    def give_back(self, stake: Stake) -> None:
        self.credit(stake.player, EXACT.subtract(stake.amount, stake.from_bonus))


class PaysRefused(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        if stake.state == "refused":
            self.give_back(stake)
        return super().decide_own(stake, asked)


class RefusesRefused(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        is_refused = stake.state == "refused"
        return Outcome.SETTLED if is_refused else super().decide_own(stake, asked)


class UndoesLosses(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        if stake.state == "settled" and not stake.won:
            stake.state = "placed"
        return super().decide_own(stake, asked)


class ForgetsThatItRefused(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        outcome = super().decide_own(stake, asked)
        if outcome is Outcome.SETTLED and not stake.won and stake.cancelled_by:
            return Outcome.REVERSED
        stake.cancelled_by = stake.cancelled_by or asked.uuid
        return outcome


class UndoesWinsByTheirReferences(Casino):
    def outcome_of(self, asked: Asked) -> Outcome:
        if stake := self.wins.pop(asked.reference, None):
            self.accounts[stake.player] -= stake.won
        return super().outcome_of(asked)


class RefusesWinsReferences(Casino):
    def outcome_of(self, asked: Asked) -> Outcome:
        return Outcome.MISMATCH if asked.reference in self.wins else super().outcome_of(asked)


class UndoesWins(Casino):
    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        if stake.state == "settled" and stake.won:
            self.accounts[stake.player] -= stake.won
            return Outcome.REVERSED
        return super().decide_own(stake, asked)


class PaysOtherPlayers(Casino):
    def checked(self, stake: Stake, asked: Asked) -> Outcome | None:
        outcome = super().checked(stake, asked)
        return None if outcome is Outcome.MISMATCH else outcome


class IsBoundByStrangers(Casino):
    def checked(self, stake: Stake, asked: Asked) -> Outcome | None:
        outcome = super().checked(stake, asked)
        if outcome is Outcome.MISMATCH:
            stake.state = "refused"
        return outcome


class PaysInAnyCurrency(Casino):
    def checked(self, stake: Stake, asked: Asked) -> Outcome | None:
        outcome = super().checked(stake, asked)
        return None if outcome is Outcome.CURRENCY_MISMATCH else outcome


class _Renamed:
    """The same cancel of another reference."""

    def __init__(self, asked: Asked, reference: str) -> None:
        self.reference, self.uuid = reference, asked.uuid
        self.player, self.currency = asked.player, asked.currency


class IgnoresCase(Casino):
    def outcome_of(self, asked: Asked) -> Outcome:
        lower = asked.reference.lower()
        if lower in self.bets:
            return super().outcome_of(_Renamed(asked, lower))
        return super().outcome_of(asked)


class IgnoresBlanksAtTheEnd(Casino):
    def outcome_of(self, asked: Asked) -> Outcome:
        return super().outcome_of(_Renamed(asked, asked.reference.rstrip(" ")))


class ComparesTheStart(Casino):
    """Takes the first bet whose reference begins like that."""

    kept = 35

    def outcome_of(self, asked: Asked) -> Outcome:
        start = asked.reference[: self.kept]
        found = (known for known in self.bets if known[: self.kept] == start)
        return super().outcome_of(_Renamed(asked, next(found, asked.reference)))


class ComparesFortyCharacters(ComparesTheStart):
    kept = 40


class TakesTheFirstLike(Casino):
    """As LIKE 'reference%' does."""

    def outcome_of(self, asked: Asked) -> Outcome:
        found = (known for known in self.bets if known.startswith(asked.reference))
        return super().outcome_of(_Renamed(asked, next(found, asked.reference)))


class CreditsTheFirstAccount(Casino):
    def give_back(self, stake: Stake) -> None:
        own = [each for each in self.accounts if each.user_id == stake.player.user_id]
        first = min(own, key=lambda each: each.currency)
        super().give_back(replace(stake, player=first))


class CreditsEachAccount(Casino):
    def give_back(self, stake: Stake) -> None:
        for each in [one for one in self.accounts if one.user_id == stake.player.user_id]:
            super().give_back(replace(stake, player=each))


class ForgetsATombstoneOnceItWasUsed(Casino):
    async def place(self, bet: Bet) -> Answer:
        answer = await super().place(bet)
        self.tombstones.discard(bet.reference)
        return answer


class TakesBetsAgainTheSecondTime(Casino):
    def __init__(self) -> None:
        super().__init__()
        self.refused_once: set[str] = set()

    async def place(self, bet: Bet) -> Answer:
        known = self.bets.get(bet.reference)
        if known and known.state == "reversed":
            if bet.reference in self.refused_once:
                del self.bets[bet.reference]
            self.refused_once.add(bet.reference)
        return await super().place(bet)


class TakesLateBets(Casino):
    async def place(self, bet: Bet) -> Answer:
        self.tombstones.discard(bet.reference)
        return await super().place(bet)


class TakesBetsThatItsCancelsOvertake(Casino):
    async def place(self, bet: Bet) -> Answer:
        player = Player(bet.user_id, bet.currency)
        if bet.reference not in self.bets and bet.reference not in self.tombstones:
            await asyncio.sleep(0.03)
            self.take(bet, player)
        return await super().place(bet)


class TakesRetransmittedBets(Casino):
    async def place(self, bet: Bet) -> Answer:
        known = self.bets.get(bet.reference)
        if known and known.state == "placed":
            self.accounts[known.player] -= bet.amount
        return await super().place(bet)


class RefusesRetransmittedBets(Casino):
    async def place(self, bet: Bet) -> Answer:
        return Answer(120, "known") if bet.reference in self.bets else await super().place(bet)


class TakesBetsAgain(Casino):
    async def place(self, bet: Bet) -> Answer:
        self.bets.pop(bet.reference, None)
        return await super().place(bet)


class PaysLateWins(Casino):
    async def settle(self, win: Win) -> Answer:
        self.bets[win.reference].state = "placed"
        return await super().settle(win)

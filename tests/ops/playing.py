"""An operator in memory, and a provider that is played against it or against any other handler."""

from decimal import Decimal
from typing import Any, Final

from testbed import provider
from testbed.provider import (
    DIALECTS,
    Answer,
    Bet,
    Dialect,
    Endpoint,
    Log,
    Player,
    Provider,
    Sent,
    Timing,
    Win,
)
from tests.ops.served import Handler, Served, http, serving, told

TIMING: Final = Timing(call_s=5, pause_s=0.01, later_s=0.02)


class Casino:
    """An operator that does as PROTOCOL says, but for what a test changes."""

    late, other_player, currency = 120, 7, 2
    """The codes for a bet that has its end, another player's bet, and one in another currency."""

    def __init__(self) -> None:
        self.bets: dict[str, Bet] = {}
        self.cancelled: set[str] = set()
        self.settled: set[str] = set()

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:
        pass

    async def place(self, bet: Bet) -> Answer:
        if bet.reference in self.cancelled:
            return Answer(self.late, "cancelled")
        self.bets[bet.reference] = bet
        return Answer(0, "done")

    async def settle(self, win: Win) -> Answer:
        self.settled.add(win.reference)
        return Answer(0, "done")

    def cancel(self, cancel: dict[str, Any]) -> bytes:
        return http(told(cancel, self.code_for(cancel)))

    def code_for(self, cancel: dict[str, Any]) -> int:
        bet = self.bets.get(cancel["reference"])
        if bet and bet.user_id != cancel["userId"]:
            return self.other_player
        if bet and bet.currency != cancel["currency"]:
            return self.currency
        if bet and bet.reference in self.settled:
            return self.late
        self.cancelled.add(cancel["reference"])
        return 0


async def played(
    served: Served,
    operator: provider.Operator,
    *,
    cancels: int,
    scenario: str | None = None,
    timing: Timing = TIMING,
    rate: float | None = None,
    dialect: Dialect = DIALECTS["lucky-monaco-v4"],
    key: str = "",
) -> Log:
    """What is logged of `cancels` cancels, of one scenario or of all."""
    log, endpoint = Log(), Endpoint(served.url, dialect, key)
    offered = provider.scenarios_of(dialect)
    scenarios = [each for each in offered if scenario in (None, each.name)]
    rounds = provider.plan(1, provider.players(5), cancels=cancels, scenarios=scenarios)
    await provider.play(rounds, Provider(endpoint, operator, log, timing), at_once=20, rate=rate)
    endpoint.close()
    return log


async def sent_to(
    handler: Handler,
    timing: Timing = TIMING,
    dialect: Dialect = DIALECTS["lucky-monaco-v4"],
) -> tuple[Sent, list[dict[str, Any]]]:
    """What is logged of a cancel that nobody has a bet for, and all that the server got."""
    async with serving(handler) as served:
        [sent] = await played(
            served,
            Casino(),
            scenario="unknown reference",
            cancels=1,
            timing=timing,
            dialect=dialect,
        )
    return sent, served.cancels


def codes(*given: int) -> Handler:
    """Answers with these codes in turn."""
    left = list(given)
    return lambda cancel: http(told(cancel, left.pop(0)))

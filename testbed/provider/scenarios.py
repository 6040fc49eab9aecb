"""The kinds of rounds that the provider plays, each named for its special feature."""

import asyncio
from typing import Final

from testbed.provider.dialects import SUCCESS, Case, Dialect
from testbed.provider.round import RoundInPlay, Scenario

RACE_S: Final = 0.03
"""How far apart a bet and its cancel begin at most: about what they take to the ledger."""


BACK: Final = (Case.FIRST, Case.REPEATED)
"""Of a cancel whose first transmission may have arrived though nothing was heard of it."""


async def bet_then_cancel(play: RoundInPlay) -> None:
    await play.bet(SUCCESS)
    await play.cancel(*BACK)


async def same_cancel_at_once(play: RoundInPlay) -> None:
    await play.bet(SUCCESS)
    await asyncio.gather(play.cancel(*BACK), play.cancel(*BACK))


async def same_cancel_later(play: RoundInPlay) -> None:
    await bet_then_cancel(play)
    await play.later()
    await play.cancel(*BACK)


async def another_cancel_of_the_bet(play: RoundInPlay) -> None:
    await bet_then_cancel(play)
    await play.cancel(*BACK, uuid=play.new_uuid())


async def unknown_reference(play: RoundInPlay) -> None:
    await play.cancel(Case.UNKNOWN)


async def cancel_before_its_bet(play: RoundInPlay) -> None:
    cancelled = await play.cancel(Case.UNKNOWN)
    await play.later()
    await _bet_late(play, cancelled)


async def bet_again_after_its_cancel(play: RoundInPlay) -> None:
    await play.bet(SUCCESS)
    cancelled = await play.cancel(*BACK)
    await _bet_late(play, cancelled)


async def _bet_late(play: RoundInPlay, cancelled: bool) -> None:
    late = SUCCESS if play.dialect.late_bet_accepted else play.dialect.refused
    if cancelled:
        await play.bet(late)
    else:
        await play.bet(SUCCESS, late)  # whether the cancel arrived is not known


async def bet_racing_its_cancel(play: RoundInPlay) -> None:
    async def bet() -> None:
        await play.at_most(RACE_S)
        await play.bet(SUCCESS, play.dialect.refused)

    async def cancel() -> None:
        await play.at_most(RACE_S)
        await play.cancel(*BACK, Case.UNKNOWN)

    await asyncio.gather(bet(), cancel())


async def settled_bet(play: RoundInPlay) -> None:
    if await play.bet(SUCCESS) and await play.settle(SUCCESS):
        await play.cancel(Case.SETTLED)
    else:
        await play.cancel(*BACK, Case.SETTLED)  # whether it was settled is not known


async def wrong_player(play: RoundInPlay) -> None:
    # Of a bet that is not there, another player's cancel would be a good one.
    if await play.bet(SUCCESS):
        named = play.planned.other_player, play.planned.player.currency
        await play.cancel_as(*named, Case.OTHER_PLAYER)
    await play.cancel(*BACK)


async def wrong_currency(play: RoundInPlay) -> None:
    if await play.bet(SUCCESS):
        named = play.planned.player.user_id, play.planned.other_currency
        await play.cancel_as(*named, Case.OTHER_CURRENCY)
    await play.cancel(*BACK)


async def several_bets(play: RoundInPlay) -> None:
    """Two that stand and one that is not there, in one request."""
    second, third = f"{play.planned.reference}-2", f"{play.planned.reference}-3"
    await play.bet(SUCCESS)
    await play.bet(SUCCESS, reference=second)
    await play.cancel(*BACK, others=(second, third))
    await play.cancel(*BACK, others=(second, third))


SCENARIOS: Final = (
    Scenario("bet, then cancel", 1, 40, bet_then_cancel),
    Scenario("same cancel at once", 2, 10, same_cancel_at_once),
    Scenario("same cancel later", 2, 10, same_cancel_later),
    Scenario("another cancel of the bet", 2, 10, another_cancel_of_the_bet),
    Scenario("unknown reference", 1, 8, unknown_reference),
    Scenario("cancel before its bet", 1, 8, cancel_before_its_bet),
    Scenario("bet again after its cancel", 1, 5, bet_again_after_its_cancel),
    Scenario("bet racing its cancel", 1, 20, bet_racing_its_cancel),
    Scenario("settled bet", 1, 5, settled_bet),
    Scenario("wrong player", 2, 4, wrong_player),
    Scenario("wrong currency", 2, 4, wrong_currency),
)

SEVERAL: Final = Scenario("several bets", 2, 10, several_bets)


def scenarios_of(dialect: Dialect) -> tuple[Scenario, ...]:
    """Those that can be played in a dialect."""
    left_out = set()
    if dialect.player is None:
        left_out.add(wrong_player)
    if dialect.currency is None:
        left_out.add(wrong_currency)
    played = tuple(scenario for scenario in SCENARIOS if scenario.play not in left_out)
    return (*played, SEVERAL) if dialect.batches else played

"""Plays rounds: some at a time, or at a rate."""

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from testbed.provider.messages import Player
from testbed.provider.round import Operator, Provider, Round, RoundInPlay

OPENING_BALANCE: Final = Decimal("1000000.00")
"""What each player is given at the start: more than a run's bets can take."""

MAX_AT_ONCE: Final = 400
"""Rounds at a time however slow the answers are: a process has about 1,000 file descriptors."""


async def fund(operator: Operator, players: Sequence[Player], tag: str) -> None:
    """Deposit for all of them; `tag` makes the deposits' references this run's own."""
    await asyncio.gather(
        *(
            operator.deposit(player, OPENING_BALANCE, f"{tag}-{player.user_id}")
            for player in players
        )
    )


async def play(
    rounds: Iterable[Round],
    provider: Provider,
    *,
    at_once: int = MAX_AT_ONCE,
    rate: float | None = None,
) -> None:
    """Play all `rounds`, `at_once` at a time, begun at `rate` Cancels a second if one is given.

    At a rate, a round does not wait for those before it, unless there are `at_once` of them.
    """
    clock = asyncio.get_running_loop().time
    places = asyncio.Semaphore(at_once)
    started, begun = clock(), 0
    async with asyncio.TaskGroup() as playing:
        for planned in rounds:
            await places.acquire()
            if rate is not None:
                await asyncio.sleep(started + begun / rate - clock())
            begun += planned.scenario.cancels
            task = playing.create_task(_play(planned, provider))
            task.add_done_callback(lambda _: places.release())


async def _play(planned: Round, provider: Provider) -> None:
    await planned.scenario.play(RoundInPlay(planned, provider))

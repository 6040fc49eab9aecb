"""Draws rounds from a seed, so that a run can be repeated, and plays them: some at a time, or at a
rate."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Final

from testbed.provider.messages import Player
from testbed.provider.round import Operator, Provider, Round, RoundInPlay, Scenario
from testbed.provider.scenarios import SCENARIOS

CURRENCIES: Final = ("EUR", "USD", "SEK", "USDT")


def players(number: int) -> list[Player]:
    """`number` players, each with one of a few currencies."""
    return [Player(f"player-{n}", CURRENCIES[n % len(CURRENCIES)]) for n in range(1, number + 1)]


def plan(
    seed: int,
    players: Sequence[Player],
    *,
    cancels: int | None = None,
    provider_id: str = "LuckyMonaco",
    scenarios: Sequence[Scenario] = SCENARIOS,
    any_case: bool = True,
    clock: Callable[[], float] = time.time,
) -> Iterator[Round]:
    """Rounds with `cancels` Cancels in all, or without an end; one of each scenario comes first.

    Equal arguments give equal rounds, but for the seconds of `clock` in the references: a run
    that is repeated on the same ledger has bets of its own. The last round sends more than were
    asked for only if every scenario does. `any_case`: the provider's id is spelled as it comes.
    """
    lower, capital = provider_id.lower(), provider_id.capitalize()
    spellings = (provider_id, lower, capital) if any_case else (provider_id,)
    random = Random(seed)  # noqa: S311 - a game's dice, no secret
    references = _references(random, clock)
    firsts = list(scenarios)
    random.shuffle(firsts)
    number, left = 0, cancels
    while left is None or left > 0:
        choice = [s for s in scenarios if left is None or s.cancels <= left] or scenarios
        scenario = next((s for s in firsts if s in choice), None)
        if scenario:
            firsts.remove(scenario)
        else:
            [scenario] = random.choices(choice, [s.weight for s in choice])
        number += 1
        yield _round(random, number, scenario, players, next(references), spellings)
        if left is not None:
            left -= scenario.cancels


def _round(
    random: Random,
    number: int,
    scenario: Scenario,
    players: Sequence[Player],
    reference: str,
    spellings: Sequence[str],
) -> Round:
    player = random.choice(players)
    others = [other.user_id for other in players if other.user_id != player.user_id]
    return Round(
        number=number,
        scenario=scenario,
        player=player,
        other_player=random.choice(others or ["nobody"]),
        other_currency=random.choice([c for c in CURRENCIES if c != player.currency]),
        amount=_amount(random),
        reference=reference,
        session_id=f"{random.getrandbits(128):032x}",
        provider_id=random.choice(spellings),
    )


def _amount(random: Random) -> Decimal:
    """0.01 to 99.99, some of them with all the 18 decimals that the protocol allows."""
    cents = Decimal(random.randint(1, 9_999)).scaleb(-2)
    if random.random() < 0.8:
        return cents
    return cents + Decimal(random.randrange(10**16)).scaleb(-18)


def _references(random: Random, clock: Callable[[], float]) -> Iterator[str]:
    """24 hex digits in the order of time, as MongoDB's ObjectIds: seconds, process, counter."""
    process, counter = random.getrandbits(40), random.getrandbits(23)
    while True:
        yield f"{int(clock()):08x}{process:010x}{counter % 2**24:06x}"
        counter += 1


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

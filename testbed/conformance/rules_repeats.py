"""Rules about repeated cancels: answered the same, and given back once."""

import asyncio
from typing import Final

from testbed.conformance import sources
from testbed.conformance.play import Play
from testbed.conformance.rule import Rules

REPEATS: Final = Rules()

AT_ONCE: Final = 8


@REPEATS.rule("the same cancel again is answered the same", sources.BEHAVES, "a cancel three times")
async def same_cancel_again(play: Play) -> None:
    bet = await play.bets.placed()
    cancel = play.cancel_of(bet).fields()
    first = await play.send("a cancel", cancel)
    again = [await play.send("the same again", cancel) for _ in range(2)]
    for heard in (first, *again):
        play.expect_success(heard)
        play.expect_equal(first, heard)
    await play.expect_back(bet)


@REPEATS.rule(
    "another cancel of the bet is answered the same", sources.OUTCOMES, "two cancels, two uuids"
)
async def another_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    first = await play.cancel("a cancel", bet)
    other = await play.cancel("a cancel with another uuid", bet)
    play.expect_success(first)
    play.expect_success(other)
    play.expect_equal(first, other)
    await play.expect_back(bet)


@REPEATS.rule(
    "cancels at once give back once", sources.BEHAVES, f"{AT_ONCE} cancels at once, two uuids"
)
async def cancels_at_once(play: Play) -> None:
    bet = await play.bets.placed()
    same, other = play.cancel_of(bet).fields(), play.cancel_of(bet).fields()
    answers = await asyncio.gather(
        *(play.send("one of many at once", (same, other)[n % 2]) for n in range(AT_ONCE))
    )
    for heard in answers:
        play.expect_success(heard)
        play.expect_equal(answers[0], heard)
    await play.expect_back(bet)

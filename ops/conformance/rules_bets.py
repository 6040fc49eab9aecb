"""Bet and cancel together: the rules that need the operator's ledger."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final

from ops.conformance import sources
from ops.conformance.play import Play
from ops.conformance.rule import Rule
from ops.provider import SUCCESS, Answer

SMALLEST: Final = Decimal("0.000000000000000001")
"""18 decimals, the most that the protocol has."""


async def late_bet(play: Play) -> None:
    bet = await play.bets.unknown()
    play.expect_success(await play.cancel("a cancel of no bet", bet))
    _expect_refused(play, "the late bet", await play.bets.place(bet))
    await play.expect_unmoved(bet)


async def bet_again(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet, again", await play.bets.place(bet))
    await play.expect_back(bet)


async def win_after_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet's win", await play.bets.win(bet))
    await play.expect_back(bet)


async def win_is_no_bet(play: Play) -> None:
    bet = await play.bets.won()
    play.expect(await play.cancel("a cancel of a bet that won", bet), {play.dialect.refused})
    await play.expect_unmoved(bet)


async def frozen_player(play: Play) -> None:
    bet = await play.bets.frozen()
    play.expect_success(await play.cancel("a frozen player's cancel", bet))
    await play.expect_back(bet)


async def every_decimal(play: Play) -> None:
    bet = await play.bets.placed(SMALLEST)
    play.expect_success(await play.cancel("a cancel", bet))
    await play.expect_back(bet)


async def exact_reference(play: Play) -> None:
    bet = await play.bets.placed()
    wrong = play.cancel_of(bet).fields() | {"reference": bet.reference.upper()}
    play.expect_success(await play.send("a cancel of its capitals", wrong))
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("then the right one", bet))
    await play.expect_back(bet)


def _expect_refused(play: Play, what: str, answer: Answer) -> None:
    if answer.code in (SUCCESS, None):
        play.faults.append(f"{what}: {answer.code} ({answer.text}), expected a refusal")


def _rule(name: str, source: str, sent: str, play: Callable[[Play], Awaitable[None]]) -> Rule:
    return Rule(name, source, sent, play, needs_ledger=True)


BETS: Final = (
    _rule("a late bet is refused", sources.BEHAVES, "a cancel, then its bet", late_bet),
    _rule(
        "a cancelled bet is not placed again",
        sources.OUTCOMES,
        "a cancel, then its bet again",
        bet_again,
    ),
    _rule("a cancelled bet cannot win", sources.OUTCOMES, "a cancel, then a win", win_after_cancel),
    _rule("a win is never reversed", sources.BEHAVES, "a cancel of a bet that won", win_is_no_bet),
    _rule("a frozen player gets the stake back", sources.OUTCOMES, "a cancel", frozen_player),
    _rule("no decimal is lost", sources.FIELD, f"a cancel of {SMALLEST:f}", every_decimal),
    _rule(
        "references are compared exactly",
        sources.CALL,
        "a cancel of the reference in capitals",
        exact_reference,
    ),
)

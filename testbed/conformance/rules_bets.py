"""Bet and cancel together: the rules that need the operator's ledger."""

import asyncio
from decimal import Decimal
from typing import Final

from testbed.conformance import sources
from testbed.conformance.bets import PreparedBet, new_reference
from testbed.conformance.play import Play
from testbed.conformance.rule import Rules
from testbed.provider import SUCCESS, Answer

BETS: Final = Rules(needs_ledger=True)

MIN_STAKE: Final = Decimal("0.000000000000000001")
"""18 decimals, the most that the protocol has."""

MAX_STAKE: Final = Decimal("12345678901234.123456789012345678")
"""32 digits, the most as well: four more than Python's decimals have unless they are told."""

RACES: Final = 6


@BETS.rule("a late bet is refused", sources.BEHAVES, "a cancel, then its bet")
async def late_bet(play: Play) -> None:
    bet = await play.bets.unknown()
    play.expect_success(await play.cancel("a cancel of no bet", bet))
    _expect_refused(play, "the late bet", await play.bets.place(bet))
    await play.expect_unmoved(bet)


@BETS.rule(
    "a bet that races its cancel costs nothing",
    sources.BEHAVES,
    f"{RACES} cancels, each with its bet",
)
async def racing_bet(play: Play) -> None:
    took_s = 0.0
    for n in range(RACES):
        bet = await play.bets.unknown()
        # The bet sets out a little later each time, for the two to meet everywhere on the way.
        _, heard = await asyncio.gather(
            _place_after(play, bet, took_s * n / RACES), play.cancel("a cancel with its bet", bet)
        )
        took_s = heard.attempt.seconds
        play.expect_success(heard)
        await play.expect_back(bet)


@BETS.rule("a bet sent three times is given back once", sources.BEHAVES, "a cancel")
async def retransmitted_bet(play: Play) -> None:
    bet = await play.bets.placed()
    for _ in range(2):
        answer = await play.bets.place(bet)
        if answer.code != SUCCESS:
            play.faults.append(f"the bet, again: {answer.code} ({answer.text}), expected {SUCCESS}")
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("a cancel", bet))
    await play.expect_back(bet)


@BETS.rule(
    "a split stake goes back where it came from", sources.OUTCOMES, "a cancel of cash and bonus"
)
async def split_stake(play: Play) -> None:
    bet = await play.bets.split()
    play.expect_success(await play.cancel("a cancel", bet))
    await play.expect_back(bet)


@BETS.rule("a cancelled bet is not placed again", sources.OUTCOMES, "a cancel, then its bet again")
async def bet_again(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet, again", await play.bets.place(bet))
    await play.expect_back(bet)


@BETS.rule("a cancelled bet cannot win", sources.OUTCOMES, "a cancel, then a win")
async def win_after_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet's win", await play.bets.win(bet))
    await play.expect_back(bet)


@BETS.rule("a win is never reversed", sources.BEHAVES, "a cancel of a bet that won")
async def win_is_no_bet(play: Play) -> None:
    bet = await play.bets.won()
    play.expect(await play.cancel("a cancel of a bet that won", bet), {play.dialect.refused})
    await play.expect_unmoved(bet)


@BETS.rule(
    "the reference of a win cancels nothing", sources.BEHAVES, "a cancel of a win's own reference"
)
async def reference_of_a_win(play: Play) -> None:
    win = new_reference()
    bet = await play.bets.won(win)
    wrong = play.cancel_of(bet).fields() | {"reference": win}
    # Whether it is unknown or refused, the documents do not say.
    play.expect(await play.send("a cancel of a win", wrong), {SUCCESS, play.dialect.refused})
    await play.expect_unmoved(bet)


@BETS.rule("a frozen player gets the stake back", sources.OUTCOMES, "a cancel")
async def frozen_player(play: Play) -> None:
    bet = await play.bets.frozen()
    play.expect_success(await play.cancel("a frozen player's cancel", bet))
    await play.expect_back(bet)


@BETS.rule("no decimal is lost", sources.FIELD, f"a cancel of {MIN_STAKE:f}, one of 32 digits")
async def every_decimal(play: Play) -> None:
    for stake in (MIN_STAKE, MAX_STAKE):
        bet = await play.bets.placed(stake)
        play.expect_success(await play.cancel(f"a cancel of {stake:f}", bet))
        await play.expect_back(bet)


@BETS.rule("references are compared exactly", sources.CALL, "a cancel of the reference in capitals")
async def exact_reference(play: Play) -> None:
    bet = await play.bets.placed()
    wrong = play.cancel_of(bet).fields() | {"reference": bet.reference.upper()}
    play.expect_success(await play.send("a cancel of its capitals", wrong))
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("then the right one", bet))
    await play.expect_back(bet)


async def _place_after(play: Play, bet: PreparedBet, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await play.bets.place(bet)


def _expect_refused(play: Play, what: str, answer: Answer) -> None:
    if answer.code in (SUCCESS, None):
        play.faults.append(f"{what}: {answer.code} ({answer.text}), expected a refusal")

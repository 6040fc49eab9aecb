"""Bet and cancel together: the rules that need the operator's ledger."""

import asyncio
from decimal import Decimal
from typing import Final

from testbed.conformance.bets import PreparedBet, new_reference
from testbed.conformance.play import Play
from testbed.conformance.rule import BEHAVES, CALL, FIELD, OUTCOMES, Rules
from testbed.provider import SUCCESS, Answer

RULES: Final = Rules(needs_money=True)

MIN_STAKE: Final = Decimal("0.000000000000000001")
"""18 decimals, the most that the protocol has."""

MAX_STAKE: Final = Decimal("12345678901234.123456789012345678")
"""32 digits, the most as well: four more than Python's decimals have unless they are told."""

RACES: Final = 6


@RULES.rule("a late bet is refused", BEHAVES, "a cancel, then its bet")
async def late_bet(play: Play) -> None:
    bet = await play.bets.unknown()
    play.expect_success(await play.cancel("a cancel of no bet", bet))
    _expect_refused(play, "the late bet", await play.bets.place(bet))
    await play.expect_unmoved(bet)


@RULES.rule(
    "a bet that races its cancel costs nothing",
    BEHAVES,
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


@RULES.rule("a bet sent three times is given back once", BEHAVES, "a cancel")
async def retransmitted_bet(play: Play) -> None:
    bet = await play.bets.placed()
    for _ in range(2):
        answer = await play.bets.place(bet)
        if answer.code != SUCCESS:
            play.faults.append(f"the bet, again: {answer.code} ({answer.text}), expected {SUCCESS}")
    await play.expect_unmoved(bet)
    await play.give_back("a cancel", bet)


@RULES.rule("a split stake goes back where it came from", OUTCOMES, "a cancel of cash and bonus")
async def split_stake(play: Play) -> None:
    await play.give_back("a cancel", await play.bets.split())


@RULES.rule("a cancelled bet is not placed again", OUTCOMES, "a cancel, then its bet again")
async def bet_again(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet, again", await play.bets.place(bet))
    await play.expect_back(bet)


@RULES.rule("a cancelled bet cannot win", OUTCOMES, "a cancel, then a win")
async def win_after_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_success(await play.cancel("a cancel", bet))
    _expect_refused(play, "the bet's win", await play.bets.win(bet))
    await play.expect_back(bet)


@RULES.rule("a win is never reversed", BEHAVES, "a cancel of a bet that won")
async def win_is_no_bet(play: Play) -> None:
    bet = await play.bets.won()
    play.expect(await play.cancel("a cancel of a bet that won", bet), {play.dialect.refused})
    await play.expect_unmoved(bet)


@RULES.rule("the reference of a win cancels nothing", BEHAVES, "a cancel of a win's own reference")
async def reference_of_a_win(play: Play) -> None:
    win = new_reference()
    bet = await play.bets.won(win)
    wrong = play.cancel_of(bet).fields() | {"reference": win}
    # Whether it is unknown or refused, the documents do not say.
    play.expect(await play.send("a cancel of a win", wrong), {SUCCESS, play.dialect.refused})
    await play.expect_unmoved(bet)


@RULES.rule("a frozen player gets the stake back", OUTCOMES, "a cancel")
async def frozen_player(play: Play) -> None:
    await play.give_back("a frozen player's cancel", await play.bets.frozen())


@RULES.rule("no decimal is lost", FIELD, f"a cancel of {MIN_STAKE:f}, one of 32 digits")
async def every_decimal(play: Play) -> None:
    for stake in (MIN_STAKE, MAX_STAKE):
        await play.give_back(f"a cancel of {stake:f}", await play.bets.placed(stake))


@RULES.rule("references are compared exactly", CALL, "a cancel of the reference in capitals")
async def exact_reference(play: Play) -> None:
    bet = await play.bets.placed()
    wrong = play.cancel_of(bet).fields() | {"reference": bet.reference.upper()}
    play.expect_success(await play.send("a cancel of its capitals", wrong))
    await play.expect_unmoved(bet)
    await play.give_back("then the right one", bet)


async def _place_after(play: Play, bet: PreparedBet, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await play.bets.place(bet)


def _expect_refused(play: Play, what: str, answer: Answer) -> None:
    if answer.code in (SUCCESS, None):
        play.faults.append(f"{what}: {answer.code} ({answer.text}), expected a refusal")

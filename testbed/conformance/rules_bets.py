"""Bet and cancel together: the rules that need the operator's ledger."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Final

from testbed.conformance.bets import PreparedBet, new_reference
from testbed.conformance.play import Play
from testbed.conformance.rule import (
    BEHAVES,
    FIELD,
    OUTCOMES,
    Rules,
    elsewhere,
    lucky_monaco,
)
from testbed.provider import SUCCESS, Answer, Case, Dialect

RULES: Final = Rules(needs_money=True)

MAX_STAKE: Final = Decimal("12345678901234.123456789012345678")
"""32 digits, 18 of them decimals, the most that a protocol has: four more than Python's decimals
have unless they are told."""

MIN_STAKE: Final = Decimal(1).scaleb(-18)
"""The last of those decimals."""

RACES: Final = 6


@RULES.rule("a late bet is refused", BEHAVES, "a cancel, then its bet twice", lucky_monaco)
@RULES.rule("a late bet takes nothing", FIELD, "a cancel, then its bet twice", elsewhere)
async def late_bet(play: Play) -> None:
    bet = await play.bets.unknown()
    play.expect_case(await play.cancel("a cancel of no bet", bet), Case.UNKNOWN)
    for what in ("the late bet", "the late bet, again"):
        expect_late(play, what, await play.bets.place(bet))
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
        play.expect_case(heard, Case.FIRST, Case.UNKNOWN)
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


@RULES.rule("a stake goes back to its own account", OUTCOMES, "a cancel, of a player with two")
async def one_of_two_accounts(play: Play) -> None:
    bet, first = await play.bets.of_two_accounts()
    await play.give_back("a cancel", bet)
    await play.expect_unmoved(first)


@RULES.rule("a cancelled bet is not placed again", OUTCOMES, "a cancel, then its bet twice")
async def bet_again(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_case(await play.cancel("a cancel", bet), Case.FIRST)
    for what in ("the bet, again", "the bet, a third time"):
        expect_late(play, what, await play.bets.place(bet))
        await play.expect_back(bet)


@RULES.rule("a cancelled bet cannot win", OUTCOMES, "a cancel, then a win")
async def win_after_cancel(play: Play) -> None:
    bet = await play.bets.placed()
    play.expect_case(await play.cancel("a cancel", bet), Case.FIRST)
    _expect_refused(play, "the bet's win", await play.bets.win(bet))
    await play.expect_back(bet)


@RULES.rule("a win is never reversed", BEHAVES, "a cancel of a bet that won")
async def win_is_no_bet(play: Play) -> None:
    bet = await play.bets.won()
    play.expect_case(await play.cancel("a cancel of a bet that won", bet), Case.SETTLED)
    await play.expect_unmoved(bet)


def _targets_bets_alone(dialect: Dialect) -> bool:
    return not dialect.targets_wins


@RULES.rule(
    "the reference of a win cancels nothing",
    BEHAVES,
    "a cancel of a win's own reference",
    _targets_bets_alone,
)
async def reference_of_a_win(play: Play) -> None:
    win = new_reference()
    bet = await play.bets.won(win)
    heard = await play.cancel("a cancel of a win", replace(bet, reference=win))
    # Whether it is unknown or refused, the documents do not say.
    play.expect_case(heard, Case.UNKNOWN, Case.SETTLED)
    await play.expect_unmoved(bet)


def _names_round_or_session(dialect: Dialect) -> bool:
    return dialect.names_rounds or dialect.session is not None


@RULES.rule(
    "each bet of a round is given back",
    BEHAVES,
    "two cancels of one round and session",
    _names_round_or_session,
)
async def bets_of_one_round(play: Play) -> None:
    first = await play.bets.placed()
    second = await play.bets.placed()
    of_second = play.cancel_of(second)
    shared = {"round_id": of_second.round_id, "session_id": of_second.session_id}
    of_first = play.cancel_of(first).model_copy(update=shared)
    heard = await play.send("a cancel of the second bet", play.dialect.fields(of_second))
    play.expect_case(heard, Case.FIRST)
    await play.expect_back(second)
    heard = await play.send("then one of the first", play.dialect.fields(of_first))
    play.expect_case(heard, Case.FIRST)
    await play.expect_back(first)


@RULES.rule("a frozen player gets the stake back", OUTCOMES, "a cancel")
async def frozen_player(play: Play) -> None:
    await play.give_back("a frozen player's cancel", await play.bets.frozen())


@RULES.rule(
    "no decimal is lost", FIELD, f"a cancel of {MIN_STAKE:f}, one of 32 digits", lucky_monaco
)
@RULES.rule("no decimal is lost", FIELD, "a cancel of the least stake, a large one", elsewhere)
async def every_decimal(play: Play) -> None:
    places = play.dialect.places
    for stake in (Decimal(1).scaleb(-places), _cut(MAX_STAKE, places)):
        await play.give_back(f"a cancel of {stake:f}", await play.bets.placed(stake))


async def _place_after(play: Play, bet: PreparedBet, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await play.bets.place(bet)


def _cut(stake: Decimal, places: int) -> Decimal:
    """Without the decimals that the dialect does not have."""
    whole, decimals = f"{stake:f}".split(".")
    return Decimal(f"{whole}.{decimals[:places]}")


def expect_late(play: Play, what: str, answer: Answer) -> None:
    """Of a bet that comes after its cancel; what it took is looked at apart."""
    if not play.dialect.late_bet_accepted:
        _expect_refused(play, what, answer)
    elif answer.code != SUCCESS:
        play.faults.append(f"{what}: {answer.code} ({answer.text}), expected to be accepted")


def _expect_refused(play: Play, what: str, answer: Answer) -> None:
    if answer.code in (SUCCESS, None):
        play.faults.append(f"{what}: {answer.code} ({answer.text}), expected a refusal")

"""A bet that comes after its cancel, or with it."""

from functools import partial
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.rules import NotTriedError
from testbed.wallet.bets import STAKE, new_reference
from testbed.wallet.play import Play, beside, timed
from testbed.wallet.rule import LATE, ONCE, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)

UNCLAIMED: Final = "the wallet takes a late bet, and does not claim to refuse it"


@RULES.rule("a late bet is refused", LATE, "a cancel, its bet, the cancel again")
def late_bet(play: Play) -> None:
    bet = play.placing.unknown()
    play.cancel("a cancel of no bet", play.cancel_of(bet), Outcome.NO_BET)
    if play.placing.operator.bet(bet.player, bet.reference, bet.stake):
        _taken(play, bet)
        return
    play.expect_unmoved(bet)
    play.cancel("the cancel again", play.cancel_of(bet), Outcome.NO_BET)
    play.expect_unmoved(bet)


def _taken(play: Play, bet: PreparedBet) -> None:
    if bet.standing == play.placing.money(bet.player):
        play.faults.append("the late bet: taken for nothing, expected a refusal")
    elif play.wallet.abilities.closes_unknown:
        play.faults.append("the late bet: taken, expected a refusal")
    else:
        raise NotTriedError(UNCLAIMED)


@RULES.rule("a bet that races its cancel costs nothing", LATE, "each cancel with its bet")
def racing_bet(play: Play) -> None:
    player = play.placing.player()
    before = play.placing.money(player)
    bet_s = cancel_s = 0.0
    for number in range(play.limits.races):
        bet = PreparedBet(player, new_reference(), STAKE, before, before)
        # Each sets out a little later than the other one, in turn, for them to meet everywhere.
        later = number % 10 / 10
        bet_waits, cancel_waits = (later * cancel_s, 0.0) if number % 2 else (0.0, later * bet_s)
        place = partial(play.placing.operator.bet, bet.player, bet.reference, bet.stake)
        ask = partial(play.decide, "a cancel with its bet", play.cancel_of(bet))
        (taken, bet_s), (heard, cancel_s) = beside(
            partial(timed, bet_waits, place), partial(timed, cancel_waits, ask)
        )
        if taken and heard.label == Outcome.NO_BET and not play.wallet.abilities.closes_unknown:
            raise NotTriedError(UNCLAIMED)
        play.expect(heard, Outcome.REVERSED if taken else Outcome.NO_BET)
        play.expect_back(bet)
        if play.faults:
            play.faults.append(f"that was race {number + 1}")
            return


@RULES.rule(
    "the first decision is final",
    ONCE,
    "a cancel, the bet's win and the bet again, the cancel again",
)
def first_decision(play: Play) -> None:
    bet = play.placing.placed()
    play.give_back("a cancel", bet)
    play.placing.operator.settle(bet.player, bet.reference, STAKE * 2)
    if play.placing.operator.bet(bet.player, bet.reference, bet.stake):
        play.faults.append("the bet, again: taken, expected a refusal")
    play.expect_back(bet)
    play.give_back("the cancel again", bet)

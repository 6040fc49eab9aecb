"""A bet that comes after its cancel, or with it."""

from typing import Final

from testbed.wallet.play import Play
from testbed.wallet.rule import LATE, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)


@RULES.rule("a late bet is refused", LATE, "a cancel, its bet, the cancel again")
def late_bet(play: Play) -> None:
    bet = play.placing.unknown()
    cancel = play.cancel_of(bet)
    play.cancel("a cancel of no bet", cancel, Outcome.NO_BET)
    if play.placing.operator.bet(bet.player, bet.reference, bet.stake):
        play.faults.append("the late bet: taken, expected a refusal")
    play.expect_unmoved(bet)
    play.cancel("the cancel again", cancel, Outcome.NO_BET)
    play.expect_unmoved(bet)

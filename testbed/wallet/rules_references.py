"""References are the same byte by byte, or not at all."""

from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.wallet.play import Play
from testbed.wallet.rule import LATE, ONCE, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)

SENT: Final = "cancels of four references that look alike, then the right one"


@RULES.rule("a reference that looks alike is another bet's", ONCE, SENT)
def alike_after_the_bet(play: Play) -> None:
    bet = play.placing.placed()
    _cancel_alike(play, bet)
    play.expect_unmoved(bet)
    play.give_back("then the right one", bet)


@RULES.rule("a cancel closes no reference that looks alike", LATE, SENT)
def alike_before_the_bet(play: Play) -> None:
    bet = play.placing.unknown()
    _cancel_alike(play, bet)
    if not play.placing.operator.bet(bet.player, bet.reference, bet.stake):
        play.faults.append("the bet itself: refused, expected to be taken")
        return
    play.give_back("then the right one", bet)


def _cancel_alike(play: Play, bet: PreparedBet) -> None:
    right = bet.reference
    for what, reference in (
        ("in capitals", right.upper()),
        ("with a blank after it", f"{right} "),
        ("with a Cyrillic e", right.replace("e", "\u0435", 1)),
        ("with a full-width e", right.replace("e", "\uff45", 1)),
    ):
        wrong = play.cancel_of(bet, reference=reference)
        play.cancel(f"the reference {what}", wrong, Outcome.NO_BET)

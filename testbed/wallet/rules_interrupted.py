"""The wallet is stopped in the middle of a cancel."""

from functools import partial
from typing import Final

from testbed.wallet.play import IN_DOUBT, Play, beside, timed
from testbed.wallet.rule import REACHES, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)

TIMES: Final = 10


@RULES.rule(
    "stopped in the middle, it has done all or nothing",
    REACHES,
    f"{TIMES} cancels, stopped ever later, each asked again",
)
def interrupted(play: Play) -> None:
    interrupt = play.wallets.interrupt or play.placing.operator.interrupt
    for number in range(TIMES):
        undisturbed = partial(play.give_back, "a cancel", play.placing.placed())
        _, took_s = timed(0.0, undisturbed)
        bet = play.placing.placed()
        cancel = play.cancel_of(bet)
        # Later each time, to come between any two steps of a cancel.
        (heard,), _ = beside(
            partial(play.ask, "a cancel that is stopped", [cancel]),
            partial(timed, (number + 0.5) / TIMES * took_s, interrupt),
        )
        if heard.decided is None:
            heard = play.decide("the same again", cancel, again=IN_DOUBT)
        play.expect(heard, Outcome.REVERSED)
        play.give_back("a cancel afterwards", bet)
        if play.faults:
            return

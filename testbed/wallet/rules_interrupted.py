"""The wallet is stopped in the middle of a cancel."""

import time
from functools import partial
from typing import Final

from testbed.wallet.play import IN_DOUBT, Play, beside
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
    began = time.monotonic()
    play.give_back("a cancel", play.placing.placed())
    took_s = time.monotonic() - began
    for number in range(TIMES):
        bet = play.placing.placed()
        cancel = play.cancel_of(bet)

        def stop(wait_s: float = took_s * number / TIMES) -> None:
            time.sleep(wait_s)
            interrupt()

        (heard,), _ = beside(partial(play.ask, "a cancel that is stopped", [cancel]), stop)
        if heard.decided is None:
            heard = play.decide("the same again", cancel, again=IN_DOUBT)
        play.expect(heard, Outcome.REVERSED)
        play.give_back("a cancel afterwards", bet)
        if play.faults:
            return

"""One reversal, however often, by whichever request and from wherever it is asked for."""

from functools import partial
from itertools import chain
from typing import Final

from testbed.wallet.play import Play, at_once
from testbed.wallet.rule import COMMITTED, ONCE, Exchange, Rules
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Wallet

RULES: Final = Rules()

AT_ONCE: Final = 4
"""Worker processes."""


@RULES.rule("a bet that stands is given back before success is told", COMMITTED, "a cancel")
def bet_that_stands(play: Play) -> None:
    play.give_back("a cancel", play.bets.placed())


@RULES.rule("the same cancel again is told the same", ONCE, "a cancel three times")
def same_cancel(play: Play) -> None:
    bet = play.bets.placed()
    cancel = play.cancel_of(bet)
    for sent in ("a cancel", "the same again", "the same a third time"):
        play.cancel(sent, cancel, Outcome.REVERSED)
        play.expect_back(bet)


@RULES.rule("another rollback of the bet pays nothing more", ONCE, "three, each with its own ids")
def another_rollback(play: Play) -> None:
    bet = play.bets.placed()
    for sent in ("a cancel", "another one", "a third one"):
        play.give_back(sent, bet)


@RULES.rule("cancels at once give back once", ONCE, f"{AT_ONCE} workers, two requests each")
def cancels_at_once(play: Play) -> None:
    bet = play.bets.placed()

    def ask(wallet: Wallet) -> list[Exchange]:
        return [play.decide("one of many at once", play.cancel_of(bet), wallet) for _ in range(2)]

    asked = at_once(*(partial(ask, wallet) for wallet in play.wallets.several(AT_ONCE)))
    for heard in chain.from_iterable(asked):
        play.expect(heard, Outcome.REVERSED)
    play.expect_back(bet)

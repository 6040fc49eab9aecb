"""Where the money goes, and that none of it is lost on the way."""

from decimal import Decimal
from functools import partial
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.rules import NotTriedError
from testbed.wallet.bets import CASH, STAKE, new_reference
from testbed.wallet.play import Play, beside, timed
from testbed.wallet.rule import EXACT, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)

SMALLEST: Final = tuple(Decimal(10) ** -decimals for decimals in (18, 8, 4, 3, 2))
"""Stakes: the last decimal of protocols and of tables."""

ROUNDS: Final = 20


@RULES.rule("a split stake goes back where it came from", EXACT, "a cancel of cash and bonus")
def split_stake(play: Play) -> None:
    play.give_back("a cancel", play.bets.split())


@RULES.rule("the last decimal comes back", EXACT, "cancels of 18, 8, 4, 3 and 2 decimals")
def last_decimal(play: Play) -> None:
    tried = 0
    for stake in SMALLEST:
        player = play.placing.player(CASH + stake * 3)
        before = play.placing.money(player).cash
        reference = new_reference()
        taken = play.placing.operator.bet(player, reference, stake)
        if not taken or before != play.placing.money(player).cash + stake:
            continue  # the operator's own bets have fewer decimals
        tried += 1
        bet = PreparedBet(player, reference, stake)
        play.cancel(f"a cancel of {stake:f}", play.cancel_of(bet), Outcome.REVERSED)
        play.expect_cash(player, before, "the stake back, once")
    if not tried:
        raise NotTriedError("no stake of 2 or more decimals is taken as it is")


@RULES.rule(
    "a cancel beside another movement loses neither",
    EXACT,
    f"{ROUNDS} cancels, each with a deposit",
)
def beside_a_deposit(play: Play) -> None:
    operator, player = play.placing.operator, play.placing.player()
    took_s = 0.0
    for number in range(ROUNDS):
        cancel = play.cancel_of(play.placing.placed_by(player, STAKE))
        # The deposit sets out a little later each time, to come between any two steps of a cancel.
        later_s = number % 10 / 10 * took_s
        (heard, took_s), _ = beside(
            partial(timed, 0.0, partial(play.decide, "a cancel with a deposit", cancel)),
            partial(timed, later_s, partial(operator.deposit, player, STAKE)),
        )
        play.expect(heard, Outcome.REVERSED)
        play.expect_cash(player, CASH + STAKE * (number + 1), "the stake and the deposit")
        if play.faults:
            return

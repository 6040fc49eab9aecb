"""Several cancels in one call."""

from typing import Final

from testbed.wallet.bets import STAKE, new_reference
from testbed.wallet.play import Play, at_once
from testbed.wallet.rule import PORT, REACHES, Rules
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome

RULES: Final = Rules(needs_money=True)

WORKERS: Final = 4
CROSSING: Final = 20
"""Bets of a group that others have as well, in another order."""


@RULES.rule("as many as it takes together are each decided", PORT, "a group, of every outcome")
def mixed_group(play: Play) -> None:
    bets, most = play.placing, play.wallet.abilities.max_together
    standing, again = bets.placed(), bets.placed()
    wanted = [
        (play.cancel_of(standing), Outcome.REVERSED),
        (play.cancel_of(bets.refused()), Outcome.BET_REFUSED),
        (play.cancel_of(bets.settled()), Outcome.SETTLED),
        (play.cancel_of(again, player=bets.other_player), Outcome.MISMATCH),
        (play.cancel_of(bets.placed(), currency=bets.other_currency), Outcome.CURRENCY_MISMATCH),
        (play.cancel_of(again), Outcome.REVERSED),
        (play.cancel_of(again), Outcome.REVERSED),
    ][:most]
    nobody = bets.unknown()
    for _ in range(most - len(wanted)):
        unknown = play.cancel_of(nobody, reference=new_reference())
        wanted.append((unknown, Outcome.NO_BET))
    heard = play.ask(f"one of {most} together", [cancel for cancel, _ in wanted])
    for each, (_, outcome) in zip(heard, wanted, strict=True):
        play.expect(each, outcome)
    play.expect_back(standing)
    if len(wanted) > 5:
        play.expect_back(again)
    play.expect_unmoved(nobody)


@RULES.rule(
    "groups that cross each other are decided",
    REACHES,
    f"{WORKERS} workers, the same {CROSSING} bets in either order",
)
def crossing_groups(play: Play) -> None:
    bets = play.placing
    player = bets.player(STAKE * CROSSING)
    before = bets.money(player).cash
    placed = [bets.placed_by(player, STAKE) for _ in range(CROSSING)]
    wallets = play.wallets.several(WORKERS)

    def group(number: int) -> list[Cancel]:
        return [play.cancel_of(bet) for bet in placed[:: -1 if number % 2 else 1]]

    heard = at_once(
        *(
            lambda n=number, wallet=wallet: play.decide_all("one of a group", group(n), wallet)
            for number, wallet in enumerate(wallets)
        )
    )
    for each in (each for some in heard for each in some):
        play.expect(each, Outcome.REVERSED)
    play.expect_cash(player, before, "each stake back, once")

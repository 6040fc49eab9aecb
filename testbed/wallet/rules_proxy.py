"""What a proxy, a network or a broken service does to a call and to its answer, for wallets behind
HTTP: the same key is asked again, and the money has moved once."""

from functools import partial
from typing import Final

from testbed.wallet.faults import Fault
from testbed.wallet.play import IN_DOUBT, Play
from testbed.wallet.rule import ONCE, Rules
from unbet.core.outcomes import Outcome

RULES: Final = Rules()

TRIED: Final = (
    *(Fault.DROPPED, Fault.RESET, Fault.HALF, Fault.HUNG, Fault.DOUBLED, Fault.OTHER),
    *(Fault.HTML, Fault.BAD_GATEWAY, Fault.NOT_FOUND, Fault.FAILED, Fault.BROKEN_JSON),
    *(Fault.RESET_BEFORE, Fault.LOST),
)
"""Those that are the network's; the others are forms that `make test` tries on the adapter."""


def spoilt(fault: Fault, play: Play) -> None:
    """Both tries that the adapter makes are spoilt; then the cancel is asked again."""
    with play.wallets.proxied() as (proxy, wallet):
        if fault is Fault.OTHER:
            play.decide("a cancel of no bet", play.cancel_of(play.bets.unknown()), wallet)
        bet = play.bets.placed()
        cancel = play.cancel_of(bet)
        proxy.calls.clear()
        proxy.faults.extend([fault, fault])
        (heard,) = play.ask("a cancel", [cancel], wallet)
        if heard.decided and fault is not Fault.DOUBLED:
            play.faults.append(f"a cancel: {heard.summary}, though no answer was the wallet's")
        proxy.faults.clear()
        again = play.decide("the same again", cancel, wallet, again=IN_DOUBT)
        play.expect(again, Outcome.REVERSED)
        play.expect_back(bet)
        keys = {call.headers.get("idempotency-key") for call in proxy.calls}
        if len(keys) != 1:
            play.faults.append(f"{len(proxy.calls)} calls had {len(keys)} keys, expected one")


for _fault in TRIED:
    RULES.rule(
        f"one reversal, asked again after: {_fault.value}",
        ONCE,
        "a cancel, spoilt twice, then the same again",
    )(partial(spoilt, _fault))

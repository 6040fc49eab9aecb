"""No wallet decides what the receiver means for another."""

from collections.abc import Iterator, Sequence

from unbet.core.message import Group
from unbet.wallets.port import Undecided, Verdict, Wallet, Why
from unbet.wallets.routed import RoutedWallets
from worker.connections import choice


def decide_unless_elsewhere(
    group: Group, decider: Wallet | RoutedWallets, deadline: float
) -> Iterator[Sequence[Verdict]]:
    """Decide all but those that the receiver names another wallet for: in the wrong one their bets
    would be unknown, and the provider would be told that all is well. They wait for a person."""
    elsewhere: list[Verdict] = []
    ours = []
    for cancel in group.cancels:
        own = choice().wallet_of(cancel.provider)
        named = group.wallets.get(cancel.provider, own)
        if named == own:
            ours.append(cancel)
        else:
            detail = f"the receiver names {named!r} for {cancel.provider}, this worker {own!r}"
            elsewhere.append(Undecided(cancel, Why.REJECTED, "another wallet", detail))
    if elsewhere:
        yield elsewhere
    if ours:
        yield from decider.cancel(ours, deadline)

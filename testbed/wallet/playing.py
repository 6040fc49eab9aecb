"""Plays the rules of a wallet one after the other."""

from collections.abc import Callable, Sequence
from typing import Final

from testbed.rules import NotTriedError, Result
from testbed.wallet import rules_late, rules_repeats
from testbed.wallet.bets import Bets
from testbed.wallet.play import Limits, Play
from testbed.wallet.rule import Rule
from testbed.wallet.wallets import Wallets

RULES: Final[tuple[Rule, ...]] = (*rules_repeats.RULES, *rules_late.RULES)


def conduct(
    wallets: Wallets,
    bets: Bets,
    provider: str,
    rules: Sequence[Rule] = RULES,
    *,
    limits: Limits,
    advance: Callable[[], object] = lambda: None,
) -> list[Result]:
    """One result for each of `rules`; `advance` is called after each. Raises `OperatorError`, and
    `LedgerAwayError` where the journal's database is away."""
    results = []
    for rule in rules:
        play = Play(wallets, bets, provider, limits)
        missing = None
        try:
            if rule.needs_money:
                _ = play.placing
            rule.play(play)
        except NotTriedError as error:
            missing = str(error)
        results.append(Result(rule, play.exchanges, play.faults, missing))
        advance()
    return results

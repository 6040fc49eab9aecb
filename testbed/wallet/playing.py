"""Plays the rules of a wallet one after the other."""

from collections.abc import Callable, Sequence
from typing import Final

from testbed.rules import NotTriedError, Result
from testbed.wallet import (
    rules_abilities,
    rules_groups,
    rules_interrupted,
    rules_late,
    rules_money,
    rules_outcomes,
    rules_proxy,
    rules_references,
    rules_repeats,
)
from testbed.wallet.bets import Bets
from testbed.wallet.play import Limits, Play
from testbed.wallet.rule import Rule
from testbed.wallet.wallets import Wallets

RULES: Final[tuple[Rule, ...]] = (
    *rules_repeats.RULES,
    *rules_outcomes.RULES,
    *rules_money.RULES,
    *rules_references.RULES,
    *rules_late.RULES,
    *rules_groups.RULES,
    *rules_abilities.RULES,
    *rules_interrupted.RULES,
    *rules_proxy.RULES,
)


def conduct(
    wallets: Wallets,
    bets: Bets,
    provider: str,
    rules: Sequence[Rule] = RULES,
    *,
    limits: Limits,
    begin: Callable[[int, Rule], object] = lambda _done, _rule: None,
) -> list[Result]:
    """One result for each of `rules`; `begin` is told before each, with how many are done. Raises
    `OperatorError`, and `LedgerAwayError` where the journal's database is away."""
    results: list[Result] = []
    for rule in rules:
        begin(len(results), rule)
        play = Play(wallets, bets, provider, limits)
        missing = None
        try:
            if rule.needs_money:
                _ = play.placing
            rule.play(play)
        except NotTriedError as error:
            missing = str(error)
        results.append(Result(rule, play.exchanges, play.faults, missing))
    return results

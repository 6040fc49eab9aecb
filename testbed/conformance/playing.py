"""Plays rules one after the other: each starts when the player's money is at rest."""

from collections.abc import Callable, Sequence
from typing import Final

from testbed.conformance import (
    rules_amounts,
    rules_batches,
    rules_bets,
    rules_form,
    rules_http,
    rules_malformed,
    rules_outcomes,
    rules_references,
    rules_signatures,
    rules_tolerance,
    rules_variations,
)
from testbed.conformance.bets import Bets, needs_the_ledger
from testbed.conformance.play import Play
from testbed.conformance.rule import Exchange, Rule, Rules
from testbed.provider import Dialect, Endpoint
from testbed.rules import NotTriedError, Result

_RULES: Final[tuple[Rules, ...]] = (
    rules_outcomes.RULES,
    rules_amounts.RULES,
    rules_batches.RULES,
    rules_batches.NEED_MONEY,
    rules_bets.RULES,
    rules_references.RULES,
    rules_tolerance.RULES,
    rules_variations.RULES,
    rules_form.RULES,
    rules_malformed.RULES,
    rules_signatures.RULES,
    rules_http.RULES,
)


def rules_of(dialect: Dialect) -> tuple[Rule, ...]:
    """All rules of a dialect, in the order in which they are played."""
    return tuple(rule for rules in _RULES for rule in rules.of(dialect))


GIVEN_UP_AFTER: Final = 3
"""Rules in a row that ended without an answer: the others would take as many times ten seconds."""


async def conduct(
    endpoint: Endpoint,
    bets: Bets,
    rules: Sequence[Rule],
    *,
    limit_s: float,
    outside: Endpoint | None = None,
    second_key: str | None = None,
    advance: Callable[[], object] = lambda: None,
) -> list[Result]:
    """One result for each of `rules`; `limit_s` is how long an answer may take, `outside` the
    endpoint from an address that it must refuse, `second_key` another key that is good; `advance`
    is called after each rule. Raises `NoAnswerError` if the ledger fails."""
    results: list[Result] = []
    exchanges: list[Exchange] = []
    silent = 0
    for rule in rules:
        given_up = silent >= GIVEN_UP_AFTER
        play = Play(
            endpoint,
            bets,
            limit_s,
            tuple(exchanges),
            outside=outside,
            second_key=second_key,
            given_up=given_up,
        )
        missing = None
        try:
            if rule.needs_money and not bets.in_ledger:
                needs_the_ledger()
            await rule.play(play)
        except NotTriedError as error:
            missing = str(error)
        results.append(Result(rule, tuple(play.exchanges), tuple(play.faults), missing))
        exchanges += play.exchanges
        if play.exchanges:
            silent = silent + 1 if play.exchanges[-1].attempt.status is None else 0
        advance()
    return results

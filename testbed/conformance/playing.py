"""Plays rules one after the other: each starts when the player's money is at rest."""

from collections.abc import Callable, Sequence
from typing import Final

from testbed.conformance import (
    rules_bets,
    rules_form,
    rules_http,
    rules_outcomes,
    rules_tolerance,
)
from testbed.conformance.bets import Bets, needs_the_ledger
from testbed.conformance.play import Play
from testbed.conformance.rule import Exchange, Rule
from testbed.provider import Endpoint
from testbed.rules import NotTriedError, Result

RULES: Final[tuple[Rule, ...]] = (
    *rules_outcomes.RULES,
    *rules_bets.RULES,
    *rules_tolerance.RULES,
    *rules_form.RULES,
    *rules_http.RULES,
)


GIVEN_UP_AFTER: Final = 3
"""Rules in a row that ended without an answer: the others would take as many times ten seconds."""


async def conduct(
    endpoint: Endpoint,
    bets: Bets,
    rules: Sequence[Rule],
    *,
    limit_s: float,
    outside: Endpoint | None = None,
    advance: Callable[[], object] = lambda: None,
) -> list[Result]:
    """One result for each of `rules`; `limit_s` is how long an answer may take, `outside` the
    endpoint from an address that it must refuse, `advance` is called after each rule. Raises
    `NoAnswerError` if the ledger fails."""
    results: list[Result] = []
    exchanges: list[Exchange] = []
    silent = 0
    for rule in rules:
        given_up = silent >= GIVEN_UP_AFTER
        play = Play(endpoint, bets, limit_s, tuple(exchanges), outside=outside, given_up=given_up)
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

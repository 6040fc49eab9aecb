"""All rules, in the order in which they are played."""

from typing import Final

from testbed.conformance import (
    rules_bets,
    rules_form,
    rules_http,
    rules_outcomes,
    rules_tolerance,
)
from testbed.conformance.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *rules_outcomes.RULES,
    *rules_bets.RULES,
    *rules_tolerance.RULES,
    *rules_form.RULES,
    *rules_http.RULES,
)

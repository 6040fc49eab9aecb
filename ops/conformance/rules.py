"""All rules, in the order in which they are played."""

from typing import Final

from ops.conformance.rule import Rule
from ops.conformance.rules_bets import BETS
from ops.conformance.rules_form import FORM
from ops.conformance.rules_http import HTTP
from ops.conformance.rules_outcomes import OUTCOMES
from ops.conformance.rules_repeats import REPEATS
from ops.conformance.rules_tolerance import TOLERANCE

RULES: Final[tuple[Rule, ...]] = (*OUTCOMES, *REPEATS, *BETS, *TOLERANCE, *FORM, *HTTP)

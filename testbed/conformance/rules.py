"""All rules, in the order in which they are played."""

from typing import Final

from testbed.conformance.rule import Rule
from testbed.conformance.rules_bets import BETS
from testbed.conformance.rules_form import FORM
from testbed.conformance.rules_http import HTTP
from testbed.conformance.rules_outcomes import OUTCOMES
from testbed.conformance.rules_repeats import REPEATS
from testbed.conformance.rules_tolerance import TOLERANCE

RULES: Final[tuple[Rule, ...]] = (*OUTCOMES, *REPEATS, *BETS, *TOLERANCE, *FORM, *HTTP)

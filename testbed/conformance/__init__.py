"""The conformance kit: every rule of the protocol, played against an endpoint and judged by what it
answers, and by what that does to a player's money where the kit can see it."""

from typing import Final

from testbed.conformance import (
    rules_bets,
    rules_form,
    rules_http,
    rules_outcomes,
    rules_tolerance,
)
from testbed.conformance.bets import Bets
from testbed.conformance.ledger_wallet import LedgerTestWallet
from testbed.conformance.listed_bets import BetsFileError, ListedBets
from testbed.conformance.placed_bets import OperatorWallet, PlacedBets
from testbed.conformance.playing import conduct
from testbed.conformance.report import COLUMNS, Report
from testbed.conformance.rule import Result, Rule, RuleStatus

RULES: Final[tuple[Rule, ...]] = (
    *rules_outcomes.RULES,
    *rules_bets.RULES,
    *rules_tolerance.RULES,
    *rules_form.RULES,
    *rules_http.RULES,
)
"""In the order in which they are played."""

__all__ = [
    "COLUMNS",
    "RULES",
    "Bets",
    "BetsFileError",
    "LedgerTestWallet",
    "ListedBets",
    "OperatorWallet",
    "PlacedBets",
    "Report",
    "Result",
    "Rule",
    "RuleStatus",
    "conduct",
]

"""The conformance kit: every rule of the protocol, played against an endpoint and judged by what it
answers, and by what that does to a player's money where the kit can see it."""

from testbed.conformance.bets import Bets
from testbed.conformance.ledger_wallet import LedgerTestWallet
from testbed.conformance.listed_bets import BetsFileError, ListedBets
from testbed.conformance.placed_bets import OperatorWallet, PlacedBets
from testbed.conformance.playing import conduct
from testbed.conformance.report import COLUMNS, Report
from testbed.conformance.rule import Result, Rule, RuleStatus
from testbed.conformance.rules import RULES

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

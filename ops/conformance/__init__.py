"""The conformance kit: every rule of the protocol, played against an endpoint and judged by what it
answers, and by what that does to a player's money where the kit can see it."""

from ops.conformance.bets import Bets
from ops.conformance.ledger_bank import LedgerBank
from ops.conformance.placed_bets import Bank, PlacedBets
from ops.conformance.playing import conduct
from ops.conformance.report import COLUMNS, Report
from ops.conformance.rule import Result, Rule, Verdict
from ops.conformance.rules import RULES
from ops.conformance.told_bets import BetsFileError, ToldBets

__all__ = [
    "COLUMNS",
    "RULES",
    "Bank",
    "Bets",
    "BetsFileError",
    "LedgerBank",
    "PlacedBets",
    "Report",
    "Result",
    "Rule",
    "ToldBets",
    "Verdict",
    "conduct",
]

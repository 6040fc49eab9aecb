"""What the kits of rules share: rules, their results, the report."""

from testbed.rules.report import COLUMNS, Report
from testbed.rules.rule import Exchange, NotTriedError, Result, Rule, Rules, RuleStatus

__all__ = [
    "COLUMNS",
    "Exchange",
    "NotTriedError",
    "Report",
    "Result",
    "Rule",
    "RuleStatus",
    "Rules",
]

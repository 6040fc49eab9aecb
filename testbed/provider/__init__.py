"""The provider simulator: it bets, cancels and retransmits as PROTOCOL and PROVIDERS say, and logs
the answers.

It knows an endpoint's URL and an `Operator` that takes its bets, and nothing behind them.
"""

from testbed.provider.answers import Answer, Code
from testbed.provider.connection import PLAIN, NoAnswerError, Response
from testbed.provider.dialects import DIALECTS, SUCCESS, V4, Case, Dialect, Fields, Request
from testbed.provider.dialects.lucky_monaco import AMOUNT, LuckyMonaco
from testbed.provider.endpoint import Endpoint, EndpointError
from testbed.provider.ledger_operator import LedgerOperator
from testbed.provider.log import Attempt, Log, Sent, as_line, read_log
from testbed.provider.messages import Bet, Cancel, Player, Win
from testbed.provider.playing import MAX_AT_ONCE, fund, plan, play, players
from testbed.provider.report import Report
from testbed.provider.round import Operator, Provider, Round
from testbed.provider.scenarios import SCENARIOS, scenarios_of
from testbed.provider.transmit import Pace, Timing, attempt, read_answer, send

__all__ = [
    "AMOUNT",
    "DIALECTS",
    "MAX_AT_ONCE",
    "PLAIN",
    "SCENARIOS",
    "SUCCESS",
    "V4",
    "Answer",
    "Attempt",
    "Bet",
    "Cancel",
    "Case",
    "Code",
    "Dialect",
    "Endpoint",
    "EndpointError",
    "Fields",
    "LedgerOperator",
    "Log",
    "LuckyMonaco",
    "NoAnswerError",
    "Operator",
    "Pace",
    "Player",
    "Provider",
    "Report",
    "Request",
    "Response",
    "Round",
    "Sent",
    "Timing",
    "Win",
    "as_line",
    "attempt",
    "fund",
    "plan",
    "play",
    "players",
    "read_answer",
    "read_log",
    "scenarios_of",
    "send",
]

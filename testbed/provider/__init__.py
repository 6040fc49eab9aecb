"""The provider simulator: it bets, cancels and retransmits as PROTOCOL says, and logs the answers.

It knows an endpoint's URL and an `Operator` that takes its bets, and nothing behind them.
"""

from testbed.provider.answers import AMOUNT, Answer, read_answer
from testbed.provider.connection import PLAIN, NoAnswerError, Response
from testbed.provider.dialects import DIALECTS, SUCCESS, V4, Dialect
from testbed.provider.endpoint import JSON, Endpoint, EndpointError
from testbed.provider.ledger_operator import LedgerOperator
from testbed.provider.log import Attempt, Log, Sent, as_line, read_log
from testbed.provider.messages import Bet, Cancel, Player, Win
from testbed.provider.playing import MAX_AT_ONCE, fund, plan, play, players
from testbed.provider.report import Report
from testbed.provider.round import Operator, Provider, Round
from testbed.provider.scenarios import SCENARIOS
from testbed.provider.transmit import Pace, Timing, attempt, send

__all__ = [
    "AMOUNT",
    "DIALECTS",
    "JSON",
    "MAX_AT_ONCE",
    "PLAIN",
    "SCENARIOS",
    "SUCCESS",
    "V4",
    "Answer",
    "Attempt",
    "Bet",
    "Cancel",
    "Dialect",
    "Endpoint",
    "EndpointError",
    "LedgerOperator",
    "Log",
    "NoAnswerError",
    "Operator",
    "Pace",
    "Player",
    "Provider",
    "Report",
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
    "send",
]

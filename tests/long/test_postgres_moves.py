"""A standby of PostgreSQL takes over under 100 cancels a second: after how many seconds answers are
final again, and that each is answered in time, decided once, and its stake back."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import text

from tests.long.load import PER_SECOND, load
from tests.operating import Operator, bet_of
from tests.servers import POSTGRES, Addresses, PostgreSQL, Standby
from tests.system.faults import conftest as faults
from tests.system.faults import test_turning as turning
from tests.system.processes import System
from tests.system.watching import DEADLINE_S, PLAYER, require_sound, wait_until_cancelled

pytestmark = pytest.mark.timeout(300)

BEFORE_S: Final = 3
LATE_S: Final = 2
"""How long the address still leads to the old server, as service addresses do."""
AFTER_S: Final = 15
FINAL_LIMIT_S: Final = 8.0
"""After the address has moved."""
PLAYERS: Final = 50
BETS: Final = 2 * PER_SECOND * (BEFORE_S + LATE_S + AFTER_S)
"""More than are cancelled: what is left over goes on standing."""

BATCH: Final = 200

own_services, primary, standby = faults.own_services, faults.primary, faults.standby
engine, environment, operator = faults.engine, faults.environment, faults.operator
service_url = turning.service_url


def of_bet(number: int) -> dict[str, str]:
    return {"reference": f"r{number}", "userId": f"player-{number % PLAYERS}"}


def place_bets(operator: Operator) -> None:
    """`BETS` of 1.00, of `PLAYERS` players who have no other money."""
    for number in range(PLAYERS):
        player = PLAYER | {"user_id": f"player-{number}"}
        operator.deposit(f"{BETS // PLAYERS}.00", **player)
    for start in range(0, BETS, BATCH):
        batch = map(of_bet, range(start, start + BATCH))
        operator.place(
            bet_of(one["reference"], "1.00", **PLAYER | {"user_id": one["userId"]}) for one in batch
        )


def test_a_failover_of_postgres_is_followed(
    idle_system: System,
    operator: Operator,
    primary: PostgreSQL,
    standby: Standby,
    addresses: Addresses,
    record_property: Callable[[str, object], None],
) -> None:
    """The old server lives on, fenced: it takes no writes, and keeps its sessions."""
    place_bets(operator)
    idle_system.start_both()
    idle_system.start_sweep()
    with load(idle_system, of_bet) as sent:
        sent.go_on(BEFORE_S)
        fenced = time.monotonic()
        turning.read_only(primary, on=True)
        standby.catch_up(primary)
        standby.promote()
        sent.go_on(LATE_S)
        addresses.move(POSTGRES, standby.access.port)
        moved = time.monotonic()
        sent.go_on(AFTER_S)
    answers = sent.answers
    codes = Counter(answer.code for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    final_s = max((one.sent for one in answers if one.code == 100), default=moved) - moved
    figures = {
        "cancels": len(answers),
        "codes": dict(codes),
        "slowest_s": round(slowest, 2),
        "without_a_primary_s": round(moved - fenced, 2),
        "final_again_after_s": round(max(0.0, final_s), 2),
    }
    for name, value in figures.items():
        record_property(name, value)
    sys.stdout.write(f"a failover of PostgreSQL: {figures}\n")
    assert set(codes) <= {0, 100}
    assert slowest < DEADLINE_S
    assert final_s < FINAL_LIMIT_S
    ended = [n for n, process in idle_system.processes.items() if process.poll() is not None]
    assert ended == []
    wait_until_cancelled(operator, *(answer.reference for answer in answers))
    require_money(operator, len(answers))
    require_sound(idle_system)


def require_money(operator: Operator, cancelled: int) -> None:
    players = (f"player-{number}" for number in range(PLAYERS))
    cash = sum(operator.balance(player, PLAYER["currency"]).cash for player in players)
    assert cash == Decimal(cancelled), "each stake is back once"
    with operator.engine.connect() as connection:
        reversals = "SELECT count(*) FROM unbet_ledger.bets WHERE outcome = 'reversed'"
        assert connection.execute(text(reversals)).scalar_one() == cancelled

"""What tests of a system wait for, and whose bets they are."""

import json
import time
from typing import Final

from sqlalchemy import text

from tests.operating import Operator, Player
from tests.system.processes import EXAMPLE, System

PLAYER: Final[Player] = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
PROVIDER_LIMIT_S = 10.0
DEADLINE_S = 8.0
RESEND_AFTER_S = 1.5


def wait_until_cancelled(operator: Operator, *references: str) -> None:
    """Until each bet has an outcome, or half a minute is over."""
    query = text(
        "SELECT count(*) FROM unbet_ledger.bets WHERE reference = ANY(:r) AND outcome IS NOT NULL"
    )
    deadline = time.monotonic() + 30
    while True:
        with operator.engine.connect() as connection:
            found = connection.execute(query, {"r": list(references)}).scalar()
        if found == len(references):
            return
        assert time.monotonic() < deadline, f"{found} of {len(references)} have an outcome"
        time.sleep(0.1)


def placed(operator: Operator, count: int) -> list[str]:
    """The references of `count` bets of 1.00, all of one player."""
    references = [f"r{number}" for number in range(count)]
    for reference in references:
        operator.bet(reference, "1.00", **PLAYER)
    return references


def placed_by_many(operator: Operator, count: int) -> list[str]:
    """As `placed`, by a player for each, of the same name and without any other money: who stops
    with one player's account locked has the others park that player's cancels."""
    references = [f"r{number}" for number in range(count)]
    for reference in references:
        operator.deposit("1.00", **PLAYER | {"user_id": reference})
        operator.bet(reference, "1.00", **PLAYER | {"user_id": reference})
    return references


def are_returned(operator: Operator, references: list[str]) -> bool:
    """Whether each of the many has the 1.00 again, no more and no less."""
    balances = (operator.balance(**PLAYER | {"user_id": one}) for one in references)
    return all(balance.cash == 1 for balance in balances)


def tombstones(operator: Operator) -> int:
    """How many cancels came of bets that were never seen."""
    with operator.engine.connect() as connection:
        query = text("SELECT count(*) FROM unbet_ledger.bets WHERE amount IS NULL")
        return int(connection.execute(query).scalar_one())


def timed(system: System, reference: str, **fields: str) -> tuple[int, float]:
    started = time.monotonic()
    code = int(system.cancel(reference=reference, **fields)["error"])
    return code, time.monotonic() - started


def spooled(system: System) -> int:
    """How many whole cancels lie on the receivers' disk."""
    return int(json.loads(system.unbet("spool", "check", "--json").stdout)["cancels"])


def require_sound(system: System) -> None:
    """Every promise about money holds."""
    audit = system.unbet("audit", "--json")
    assert (audit.returncode, json.loads(audit.stdout)["ok"]) == (0, True), audit.stdout


def metric(system: System, name: str, absent: float | None = None) -> float:
    """Its value; `absent` if it is not shown, as what never happened is not if it has labels."""
    for line in system.http.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    if absent is not None:
        return absent
    raise AssertionError(f"no metric {name}")

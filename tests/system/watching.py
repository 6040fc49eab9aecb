"""What tests of a system wait for, and whose bets they are."""

import time
from pathlib import Path

from sqlalchemy import text

from tests.making import Operator
from tests.system.processes import EXAMPLE, System

PLAYER = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
PROVIDERS_PATIENCE_S = 10.0
DEADLINE_S = 8.0
RESEND_AFTER_S = 1.5


def wait_until_cancelled(operator: Operator, *references: str) -> None:
    """Until each bet has an outcome, or half a minute is over."""
    query = text("SELECT count(*) FROM bets WHERE reference = ANY(:r) AND outcome IS NOT NULL")
    deadline = time.monotonic() + 30
    while True:
        with operator.engine.connect() as connection:
            found = connection.execute(query, {"r": list(references)}).scalar()
        if found == len(references):
            return
        assert time.monotonic() < deadline, f"{found} of {len(references)} have an outcome"
        time.sleep(0.1)


def placed(operator: Operator, count: int) -> list[str]:
    """The references of `count` bets of 1.00."""
    references = [f"r{number}" for number in range(count)]
    for reference in references:
        operator.bet(reference, "1.00", **PLAYER)
    return references


def timed(system: System, reference: str) -> tuple[int, float]:
    started = time.monotonic()
    code = int(system.cancel(reference=reference)["error"])
    return code, time.monotonic() - started


def spooled(system: System) -> list[str]:
    files = Path(system.environment["UNBET_SPOOL_DIR"]).glob("*.spool")
    return [line for file in files for line in file.read_text().splitlines()]


def metric(system: System, name: str) -> float:
    for line in system.http.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    raise AssertionError(f"no metric {name}")

"""What tests of faults wait for, and whose bets they are."""

import time

from sqlalchemy import text

from tests.making import Operator
from tests.system.processes import EXAMPLE

PLAYER = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}


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

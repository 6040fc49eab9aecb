"""The cancels of one request that asks for several bets are parked by one statement."""

from pathlib import Path

from sqlalchemy import Engine, text

from api.ledger_calls import LedgerCalls
from api.parking import MAX_BATCH_SIZE, Parking
from tests.making import batch_of, cancel_of
from unbet.spool import Spool


async def test_a_statement_takes_the_rest_of_a_request_that_it_has_begun_with(
    engine: Engine, tmp_path: Path
) -> None:
    lone = [cancel_of(f"lone{number}") for number in range(MAX_BATCH_SIZE - 2)]
    batch = batch_of(*(f"r{number}" for number in range(5)))
    ledger = LedgerCalls(engine, limit_s=10.0)
    assert await Parking(ledger, Spool(tmp_path)).park([*lone, *batch, cancel_of("last")], "test")
    ledger.close()
    by = text("""
        SELECT count(DISTINCT xmin::text) AS transactions,
               count(DISTINCT xmin::text) FILTER (WHERE batch IS NOT NULL) AS of_the_batch
          FROM unbet.parked
    """)
    with engine.connect() as connection:
        assert tuple(connection.execute(by).one()) == (2, 1)

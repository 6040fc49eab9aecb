"""A receiver that empties its spool leaves the ledger to what is going on."""

import asyncio
import time
from pathlib import Path

from sqlalchemy import Engine, text

from api.ledger_calls import LedgerCalls
from api.parking import DRAIN_BATCH_SIZE, Parking
from tests.making import cancel_of
from unbet.spool import Spool

SPOOLED_TAKES_S = 0.2
LIVE_TAKES_S = 0.6
"""Longer than a batch and its pause, shorter than the spool gives way."""

SLOW = f"""
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(CAST(TG_ARGV[0] AS float8));
        RETURN NEW;
    END $$;
    CREATE TRIGGER slow BEFORE INSERT ON unbet.parked FOR EACH STATEMENT
        EXECUTE FUNCTION slow({SPOOLED_TAKES_S});
    CREATE TRIGGER slower BEFORE INSERT ON unbet.parked FOR EACH ROW WHEN (NEW.reason = 'live')
        EXECUTE FUNCTION slow({LIVE_TAKES_S - SPOOLED_TAKES_S});
"""


def begun(engine: Engine, reason: str) -> list[float]:
    """When each transaction began that has parked cancels for that reason."""
    query = text("""
        SELECT DISTINCT extract(epoch FROM parked_at) FROM unbet.parked
         WHERE reason = :reason ORDER BY 1
    """)
    with engine.connect() as connection:
        return [float(moment) for moment in connection.execute(query, {"reason": reason}).scalars()]


async def until_begun(engine: Engine, transactions: int) -> None:
    ends = time.monotonic() + 30
    while len(begun(engine, "spooled")) < transactions:
        assert time.monotonic() < ends, "the spool is not emptied"
        await asyncio.sleep(0.01)


async def test_between_two_batches_of_the_spool_there_is_a_pause_and_what_is_parked_now_goes_first(
    engine: Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(SLOW)
    spool = Spool(tmp_path)
    spool.append([cancel_of(f"r{number}") for number in range(3 * DRAIN_BATCH_SIZE)])
    ledger = LedgerCalls(engine, limit_s=10.0)
    parking = Parking(ledger, spool)
    # Connected before it matters.
    await asyncio.gather(*(ledger.run(lambda c: c.execute(text("SELECT 1"))) for _ in range(4)))
    emptying = asyncio.create_task(parking.keep_draining())
    assert await parking.park([cancel_of("live")], "live")
    await until_begun(engine, 3)
    emptying.cancel()
    await asyncio.gather(emptying, return_exceptions=True)
    ledger.close()
    spool.close()
    first, second, third = begun(engine, "spooled")
    [live] = begun(engine, "live")
    assert second - first >= 2 * SPOOLED_TAKES_S
    assert second - live >= LIVE_TAKES_S, "it was not waited for"
    assert third - second >= 2 * SPOOLED_TAKES_S, "there is no pause"

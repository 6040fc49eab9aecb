"""A call to the ledger that fails as nobody expected is a ledger that is away, not an end."""

import asyncio

import pytest
from sqlalchemy import Connection, Engine

from api.app import keep
from api.ledger_calls import LedgerCalls
from unbet.database.faults import LedgerAwayError


async def test_a_bug_in_a_call_leaves_a_cancel_its_other_home(engine: Engine) -> None:
    calls = LedgerCalls(engine, limit_s=2.0)

    def odd(_connection: Connection) -> None:
        raise UnicodeEncodeError("latin-1", "x", 0, 1, "no")

    with pytest.raises(LedgerAwayError, match="UnicodeEncodeError"):
        await calls.run(odd)
    calls.close()


async def test_what_goes_on_in_the_background_begins_anew_after_a_bug() -> None:
    begun: list[int] = []
    again = asyncio.Event()

    async def work() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise KeyError("a bug")
        again.set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(keep(work))
    async with asyncio.timeout(10):
        await again.wait()
    keeping.cancel()
    assert len(begun) == 2

"""A call to the ledger that fails as nobody expected is a ledger that is away, not an end."""

import pytest
from sqlalchemy import Connection, Engine

from api.ledger_calls import LedgerCalls
from unbet.database.faults import LedgerAwayError


async def test_a_bug_in_a_call_leaves_a_cancel_the_spool(engine: Engine) -> None:
    calls = LedgerCalls(engine, limit_s=2.0)

    def odd(_connection: Connection) -> None:
        raise UnicodeEncodeError("latin-1", "x", 0, 1, "no")

    with pytest.raises(LedgerAwayError, match="UnicodeEncodeError"):
        await calls.run(odd)
    calls.close()

"""What got no reply is parked, also where that fails at first."""

import asyncio
from collections.abc import Sequence

from api.fallback import Fallback
from api.parking import UnpersistedError
from api.publish import PublishError
from tests.making import cancel_of
from tests.unit.queueing import Queue, dispatcher_of
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError


class World:
    """A ledger and a disk; `is_away` for both."""

    is_away = True

    async def run(self, _work: object) -> list[object]:
        if self.is_away:
            raise LedgerAwayError("away")
        return []

    async def park(self, _cancels: Sequence[Cancel], _reason: str) -> bool:
        if self.is_away:
            raise UnpersistedError("away")
        return True


async def test_who_shares_the_wait_of_an_unpersisted_cancel_has_it_parked() -> None:
    dispatcher, world = dispatcher_of(Queue(PublishError("refused"))), World()
    watching = asyncio.create_task(Fallback(dispatcher, world, world, 0.1).watch())  # type: ignore[arg-type]
    first = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 0.6))
    await asyncio.sleep(0.4)
    world.is_away = False
    second = await dispatcher.decide(cancel_of("r1"), 3)
    assert (await first).decision is None
    watching.cancel()
    assert second.decision is not None
    assert second.decision.outcome is Outcome.PARKED

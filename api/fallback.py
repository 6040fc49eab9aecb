"""The fallback for cancels that got no reply: asks the ledger itself, then parks or spools them."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from api.dispatch import Dispatcher
from api.ledger_calls import LedgerCalls
from api.parking import Parking, UnpersistedError
from api.waits import Wait
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.journal.outcomes import find_outcomes
from unbet.runtime import metrics

LOOK_INTERVAL_S: Final = 0.1
RETRY_AFTER_S: Final = 1.0
ASK_INTERVAL_S: Final = 0.3
"""How often the ledger is asked for the outcomes of parked cancels: the sweep decides them."""

log = structlog.get_logger("receiver")


class Fallback:
    """Watches a dispatcher's waits. Its calls have the limits of `LedgerCalls`."""

    def __init__(
        self, dispatcher: Dispatcher, ledger: LedgerCalls, parking: Parking, ask_after_s: float
    ) -> None:
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._parking = parking
        self._ask_after_s = ask_after_s
        self._fallbacks: set[asyncio.Task[None]] = set()

    async def watch(self) -> None:
        """Decide or park what has expired; until cancelled."""
        while True:
            metrics.WAITING.set(self._dispatcher.waiting)
            waits = self._dispatcher.take_expired(self._ask_after_s)
            if waits:
                # A task of its own: a hung ledger must not hold up the next waits.
                task = asyncio.create_task(self._decide_or_park(waits))
                self._fallbacks.add(task)
                task.add_done_callback(self._fallbacks.discard)
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _decide_or_park(self, waits: Sequence[Wait]) -> None:
        await self._ask([wait.cancel for wait in waits])
        left = [wait for wait in waits if not wait.is_decided]
        if not left:
            return
        try:
            undecided = [wait.cancel for wait in left]
            in_ledger = await self._parking.park(undecided, "no outcome in time")
        except UnpersistedError:
            # They are not answered, so that the provider sends them again: whoever shares such a
            # wait by then must be parked as well.
            await asyncio.sleep(RETRY_AFTER_S)
            for wait in left:
                wait.expired = False
            return
        for wait in left:
            wait.is_persisted = True
        if not in_ledger:
            # No outcome can come before their answer is due.
            self._dispatcher.resolve(_parked(wait.cancel) for wait in left)

    async def poll_outcomes(self) -> None:
        """Look in the ledger for the outcomes of what is parked; until cancelled."""
        while True:
            await asyncio.sleep(ASK_INTERVAL_S)
            await self._ask([wait.cancel for wait in self._dispatcher.parked()])

    async def _ask(self, cancels: Sequence[Cancel]) -> None:
        if not cancels:
            return
        try:
            self._dispatcher.resolve(
                await self._ledger.run(lambda connection: find_outcomes(connection, cancels))
            )
        except LedgerAwayError as error:
            log.warning("the ledger query failed", cancels=len(cancels), error=str(error))


def _parked(cancel: Cancel) -> Decision:
    return Decision(request_id=cancel.request_id, outcome=Outcome.PARKED)

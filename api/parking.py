"""Cancels that get no outcome in time are parked in the ledger, or else written to the spool."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby, islice, takewhile
from operator import attrgetter
from typing import Any, Final, NamedTuple

import structlog

from api.ledger_calls import LedgerCalls
from unbet.core.message import Cancel
from unbet.database.faults import ContentRefusedError, LedgerAwayError
from unbet.journal.parking import park
from unbet.runtime import metrics
from unbet.runtime.failpoints import crash_point
from unbet.spool import Batches, Spool

MAX_BATCH_SIZE: Final = 1000
"""Cancels in one statement; it must end within the limit of a ledger call."""

DRAIN_INTERVAL_S: Final = 1.0

DRAIN_BATCH_SIZE: Final = 500
"""Cancels of the spool in one statement: few, so that others wait only briefly."""

MAX_YIELD_S: Final = 0.3
"""How long the spool waits at most for cancels that are being parked now."""

log = structlog.get_logger("receiver")


class _Waiting(NamedTuple):
    cancel: Cancel
    reason: str
    persisted: asyncio.Future[bool]


class UnpersistedError(Exception):
    """Neither ledger nor disk took the cancel. The provider must not think that we have it."""


class Parking:
    """Parks cancels in batches: what comes while one statement runs goes into the next."""

    def __init__(self, ledger: LedgerCalls, spool: Spool) -> None:
        self._ledger = ledger
        self._spool = spool
        # A thread for the disk only: a slow disk must be waited for, a hanging call must not.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._waiting: list[_Waiting] = []
        self._at_work: asyncio.Task[None] | None = None

    async def park(self, cancels: Sequence[Cancel], reason: str) -> bool:
        """Return once `cancels` are stored: True in the ledger, where their outcome will be, False
        in the spool, from where they will be parked. `reason` says why they are not decided.
        Raises `UnpersistedError`."""
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(cancel, reason, loop.create_future()) for cancel in cancels]
        self._waiting += waiting
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        # All are awaited, so that no exception is lost.
        results = await asyncio.gather(*(one.persisted for one in waiting), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return all(results)

    async def keep_draining(self) -> None:
        """Park what is in the spool, repeatedly; until cancelled."""
        while True:
            try:
                await self._drain()
            except LedgerAwayError:
                pass  # whoever filled the spool has said so
            except OSError as error:
                log.error("the spool cannot be read", error=str(error))
            await asyncio.sleep(DRAIN_INTERVAL_S)

    async def _drain(self) -> None:
        batches = self._spool.batches(DRAIN_BATCH_SIZE)
        refusal: str | None = None
        try:
            while (batch := await self._on_disk(_next, batches, refusal)) is not None:
                refusal = None
                if not batch:
                    continue
                started = time.monotonic()
                try:
                    await self._ledger.run(partial(park, cancels=batch, reason="spooled"))
                except ContentRefusedError as error:
                    # The cancels behind it must not wait for it.
                    refusal = str(error)
                else:
                    crash_point("spool_parked", batch)
                    log.info("parked from the spool", cancels=len(batch))
                await self._yield_to_others(time.monotonic() - started)
        finally:
            await self._on_disk(batches.close)

    async def _yield_to_others(self, took_s: float) -> None:
        """Pause for as long as the last batch took, and until nothing newer is being parked."""
        await asyncio.sleep(took_s)
        until = time.monotonic() + MAX_YIELD_S
        while self._at_work and time.monotonic() < until:
            await asyncio.sleep(0.01)

    async def _on_disk(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, call, *arguments)

    async def _work(self) -> None:
        try:
            while self._waiting:
                reason, alike = next(groupby(self._waiting, attrgetter("reason")))
                batch = _one_statement(alike)
                self._waiting = self._waiting[len(batch) :]
                await self._persist(batch, reason)
        finally:
            self._at_work = None

    async def _persist(self, batch: list[_Waiting], reason: str) -> None:
        cancels = [one.cancel for one in batch]
        try:
            in_ledger = await self._keep(cancels, reason)
        except UnpersistedError as error:
            log.error("cancels unpersisted", cancels=len(cancels), error=str(error))
        else:
            for one in batch:
                one.persisted.set_result(in_ledger)
        finally:
            # Whatever went wrong, nobody waits for ever.
            for one in batch:
                if not one.persisted.done():
                    one.persisted.set_exception(UnpersistedError("neither ledger nor disk took it"))

    async def _keep(self, cancels: Sequence[Cancel], reason: str) -> bool:
        """True once they are in the ledger, False in the spool. Raises `UnpersistedError`."""
        try:
            await self._ledger.run(partial(park, cancels=cancels, reason=reason))
        except LedgerAwayError as away:
            try:
                await self._on_disk(self._spool.append, cancels)
            except (OSError, ValueError) as error:  # the disk's, or a record beyond its bound
                raise UnpersistedError(f"{away}; {error}") from error
            crash_point("spooled", cancels)
            metrics.SPOOLED.inc(len(cancels))
            log.warning("spooled", cancels=len(cancels), reason=str(away))
            return False
        metrics.PARKED.inc(len(cancels))
        return True


def _one_statement(waiting: Iterator[_Waiting]) -> list[_Waiting]:
    """The first of them: the cancels of one request stand side by side, and are not split."""
    batch = list(islice(waiting, MAX_BATCH_SIZE))
    request = batch[-1].cancel.batch
    if request is not None:
        batch += takewhile(lambda one: one.cancel.batch == request, waiting)
    return batch


def _next(batches: Batches, refusal: str | None) -> list[Cancel] | None:
    try:
        return batches.send(refusal)
    except StopIteration:
        return None

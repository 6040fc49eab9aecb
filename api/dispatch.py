"""Matches requests with decisions: a cancel goes out to the queue, a reply comes in and wakes the
requests that wait for it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

import structlog

from api.publish import NO_WALLETS, Groups, Submit
from api.waits import Decided, Wait
from unbet.broker.redis_server import AWAY
from unbet.broker.reply_list import BLOCK_S, ReplyList
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.core.wire import ForeignError, Keys, MessageError, SignatureError, decode_reply
from unbet.database.deployment import Identity
from unbet.runtime import metrics

HUNG_AFTER_S: Final = BLOCK_S + 1.0
"""A Redis that answers nothing for longer is hung: the connection is made anew."""

_ContentKey = tuple[str, str, str | None, str | None, Decimal | None, UUID | None, bool]

log = structlog.get_logger("receiver")


class Overloaded(Exception):  # noqa: N818 - not a fault, an answer
    """The receiver holds as many requests as it may."""


class Dispatcher:
    """Sends cancels in groups and wakes the requests that wait for their decisions."""

    def __init__(
        self,
        submit: Submit,
        wallets: Mapping[str, str] = NO_WALLETS,
        /,
        *,
        group_size: int,
        groups_in_flight: int,
        max_waiting: int,
        resend_after_s: float,
    ) -> None:
        """`wallets` by provider: those that endpoints name. Their cancels travel apart, each with
        messages in flight of its own, so that a slow wallet keeps no place from another."""

        def groups() -> Groups:
            return Groups(
                submit, size=group_size, slots=groups_in_flight, resend_after_s=resend_after_s
            )

        self._groups = groups()
        apart = {wallet: groups() for wallet in set(wallets.values())}
        self._apart = {provider: apart[wallet] for provider, wallet in wallets.items()}
        self._max_waiting = max_waiting
        self._waiters = 0
        self._waits: dict[UUID, Wait] = {}
        self._by_content: dict[_ContentKey, Wait] = {}
        """By what makes two requests equal, so that the later one shares the earlier one's wait."""

    def decide(self, cancel: Cancel, within_s: float) -> asyncio.Future[Decided]:
        """What is decided within `within_s` seconds. Raises `Overloaded`; of a batch only for the
        first, by whose id it goes."""
        if self._waiters >= self._max_waiting and cancel.batch in (None, cancel.request_id):
            raise Overloaded
        loop = asyncio.get_running_loop()
        wait = self._by_content.get(_content_key(cancel))
        if wait is None:
            wait = self._waits[cancel.request_id] = self._by_content[_content_key(cancel)] = Wait(
                cancel
            )
            groups = self._groups_of(cancel)
            if not groups.filling:
                loop.call_soon(groups.fill)
            groups.filling[cancel.request_id] = wait
        waiter: asyncio.Future[Decided] = loop.create_future()
        # A waiter that is cancelled, as at a stop, is removed by this timer as well.
        wait.waiters[waiter] = loop.call_later(within_s, self._expire, wait, waiter)
        self._waiters += 1
        return waiter

    @property
    def waiting(self) -> int:
        """Requests that wait for their decision."""
        return self._waiters

    def resolve(self, decisions: Iterable[Decision]) -> None:
        """Wake the requests that wait for `decisions`; ignore decisions that nobody waits for."""
        for decision in decisions:
            wait = self._waits.get(decision.request_id)
            if wait is None:
                continue
            wait.is_decided = True
            message = wait.message
            decided = Decided(decision, decision.request_id, message.id if message else None)
            for waiter, timer in wait.waiters.items():
                timer.cancel()
                if not waiter.done():
                    waiter.set_result(decided)
            self._waiters -= len(wait.waiters)
            self._forget(wait)
            if message is not None:
                message.undecided -= 1
                if not message.undecided:
                    # Those who were woken answer first.
                    on_done = self._groups_of(wait.cancel).on_done
                    asyncio.get_running_loop().call_soon(on_done, message)

    def take_expired(self, after_s: float) -> list[Wait]:
        """Those that were not published, or have no decision after `after_s` seconds; each once.
        Those of one request together, by the first of them, so that one statement parks them."""
        before = time.monotonic() - after_s
        live = [wait for wait in self._waits.values() if not wait.expired]
        expired = [wait for wait in live if wait.unpublished or wait.since <= before]
        batches = {wait.cancel.batch for wait in expired} - {None}
        if batches:
            late = {wait.cancel.request_id for wait in expired}
            expired = [
                wait
                for wait in live
                if wait.cancel.request_id in late or wait.cancel.batch in batches
            ]
        for wait in expired:
            wait.expired = True
            self._groups_of(wait.cancel).filling.pop(wait.cancel.request_id, None)
        return expired

    def parked(self) -> list[Wait]:
        """Those that are parked or spooled and have no decision yet."""
        return [wait for wait in self._waits.values() if wait.is_persisted]

    def _groups_of(self, cancel: Cancel) -> Groups:
        return self._apart.get(cancel.provider, self._groups)

    def _expire(self, wait: Wait, waiter: asyncio.Future[Decided]) -> None:
        del wait.waiters[waiter]
        self._waiters -= 1
        if not waiter.done():
            request_id, message = wait.cancel.request_id, wait.message
            parked = Decision(request_id=request_id, outcome=Outcome.PARKED)
            decision = parked if wait.is_persisted else None
            waiter.set_result(Decided(decision, request_id, message.id if message else None))
        if not wait.waiters:
            self._forget(wait)

    def _forget(self, wait: Wait) -> None:
        request_id = wait.cancel.request_id
        del self._waits[request_id], self._by_content[_content_key(wait.cancel)]
        self._groups_of(wait.cancel).filling.pop(request_id, None)
        wait.message = None  # a wait and its message refer to each other


class Replies:
    """Reads replies. They only wake who waits; the ledger says what is final."""

    def __init__(self, redis_url: str, keys: Keys, identity: Identity) -> None:
        self._keys = keys
        self._identity = identity
        self._list = ReplyList(redis_url)
        self.list_name = self._list.name

    async def listen(self, resolve: Callable[[Iterable[Decision]], None]) -> None:
        """Hand decisions to `resolve` until cancelled. A Redis that is away is waited for."""
        while (deployment := self._identity.id) is None:  # nothing is published before it is known
            await asyncio.sleep(0.1)
        read = self._list.reader(deployment)
        away = False
        while True:
            try:
                async with asyncio.timeout(HUNG_AFTER_S):
                    reply = await read()
                    if away:
                        log.info("Redis is back")
                        away = False
                    if reply is not None:
                        await self._read(reply[1], resolve, deployment)
                        # Those who wait answer first, then the next reply is asked for.
                        await asyncio.sleep(0)
            except AWAY as error:
                if not away:
                    log.warning("Redis is away", error=str(error) or type(error).__name__)
                    away = True
                await self._list.disconnect()
                await asyncio.sleep(0.2)

    async def _read(
        self,
        document: bytes | str,
        resolve: Callable[[Iterable[Decision]], None],
        deployment: UUID,
    ) -> None:
        try:
            reply = decode_reply(document, self._keys, deployment)
        except (SignatureError, MessageError) as error:
            foreign = isinstance(error, ForeignError)
            (metrics.FOREIGN if foreign else metrics.REJECTED).labels(kind="reply").inc()
            log.error("a reply was rejected", problem=str(error))
            await self._list.reject(deployment, str(error), document)
        else:
            resolve(reply.decisions)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._list.close()


def _content_key(cancel: Cancel) -> _ContentKey:
    # With the batch: what one request asks for is decided together, and shares no other's wait.
    described = (cancel.player, cancel.currency, cancel.amount)
    return cancel.provider, cancel.reference, *described, cancel.batch, cancel.of_round

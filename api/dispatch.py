"""Grouping on the way in: a lone cancel leaves at once; while the allowed number of groups is in
flight, the next one fills. No timer adds latency: the group's size follows the load by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

import structlog

from api.publish import PublishError
from contract.message import Cancel, Decision, Group

GIVE_BACK_AFTER_S: Final = 1.5
"""A group without a reply gives its place back after this: a dead worker must not stop the rest."""

log = structlog.get_logger("receiver")

_Sameness = tuple[str, str, str, str]


class Overloaded(Exception):  # noqa: N818 - not a fault, an answer
    """The receiver holds as many requests as it may."""


@dataclass(eq=False)
class _Wait:
    """One cancel on its way, and the requests that wait for its decision."""

    cancel: Cancel
    decision: asyncio.Future[Decision | None]
    holders: int = 0


class Dispatcher:
    """Groups cancels, hands the groups to `publish`, and wakes who waits for the decisions."""

    def __init__(
        self,
        publish: Callable[[Group], Awaitable[None]],
        reply_to: str,
        *,
        group_size: int,
        groups_in_flight: int,
        most_waiting: int,
    ) -> None:
        self._publish = publish
        self._reply_to = reply_to
        self._group_size = group_size
        self._free_places = groups_in_flight
        self._most_waiting = most_waiting
        self._holders = 0
        self._waits: dict[UUID, _Wait] = {}
        self._same: dict[_Sameness, _Wait] = {}
        self._filling: dict[UUID, _Wait] = {}
        self._flights: set[asyncio.Task[None]] = set()

    async def decide(self, cancel: Cancel, within_s: float) -> tuple[Decision | None, UUID]:
        """The decision, or None if there was none in time, and the id of the request that it is of:
        an equal one's if one was on its way already. Raises `Overloaded`."""
        if self._holders >= self._most_waiting:
            raise Overloaded
        wait = self._same.get(_sameness(cancel)) or self._begin(cancel)
        wait.holders += 1
        self._holders += 1
        try:
            done, _ = await asyncio.wait([wait.decision], timeout=within_s)
            return (wait.decision.result() if done else None), wait.cancel.request_id
        finally:
            self._holders -= 1
            wait.holders -= 1
            if not wait.holders:
                self._end(wait)

    def resolve(self, decisions: Iterable[Decision]) -> None:
        """Wake those who wait for `decisions`; one that nobody waits for any more is let go."""
        for decision in decisions:
            wait = self._waits.get(decision.request_id)
            if wait is not None and not wait.decision.done():
                wait.decision.set_result(decision)

    def _begin(self, cancel: Cancel) -> _Wait:
        wait = _Wait(cancel, asyncio.get_running_loop().create_future())
        self._waits[cancel.request_id] = wait
        self._same[_sameness(cancel)] = wait
        self._filling[cancel.request_id] = wait
        self._fill()
        return wait

    def _end(self, wait: _Wait) -> None:
        request_id = wait.cancel.request_id
        del self._waits[request_id], self._same[_sameness(wait.cancel)]
        self._filling.pop(request_id, None)

    def _fill(self) -> None:
        while self._filling and self._free_places:
            group = list(islice(self._filling.values(), self._group_size))
            for wait in group:
                del self._filling[wait.cancel.request_id]
            self._free_places -= 1
            flight = asyncio.create_task(self._fly(group))
            self._flights.add(flight)
            flight.add_done_callback(self._land)

    async def _fly(self, group: list[_Wait]) -> None:
        cancels = tuple(wait.cancel for wait in group)
        decisions = [wait.decision for wait in group]
        try:
            await self._publish(Group(reply_to=self._reply_to, cancels=cancels))
            await asyncio.wait(decisions, timeout=GIVE_BACK_AFTER_S)
        except PublishError as error:
            log.warning("a group was not published", cancels=len(cancels), error=str(error))
            for decision in decisions:
                if not decision.done():
                    decision.set_result(None)

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._free_places += 1
        self._fill()


def _sameness(cancel: Cancel) -> _Sameness:
    """What makes two requests equal, so that the later one shares the earlier one's wait."""
    request = cancel.request
    return cancel.provider, request.reference, request.user_id, request.currency

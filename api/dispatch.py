"""Grouping on the way in: a lone cancel leaves at once; while the allowed number of groups is in
flight, the next one fills. No timer adds latency: the group's size follows the load by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import structlog

from api.publish import PublishError
from unbet.core.message import Cancel, Decision, Group
from unbet.core.outcomes import Outcome
from unbet.runtime import metrics
from unbet.runtime.failpoints import crash_point

MOST_SENDINGS: Final = 3
"""Once, and at most twice again: the work is idempotent, but a backlog should not feed itself."""

SPARED_S: Final = 1.0
"""After a failed publish the broker is left alone for this long: cancels are rescued at once."""

log = structlog.get_logger("receiver")

_Sameness = tuple[str, str, str, str]


class Overloaded(Exception):  # noqa: N818 - not a fault, an answer
    """The receiver holds as many requests as it may."""


class Decided(NamedTuple):
    """What a cancel was told, and on what way."""

    decision: Decision | None
    """`parked` if there was none in time but the cancel has a home; None if it has none, which must
    not be answered as if it had."""
    request_id: UUID
    """The request that the decision is of: an equal one's if one was on its way already."""
    group: str | None = None
    """The id of the message that it travelled in last."""


@dataclass(eq=False)
class Wait:
    """One cancel on its way, and the requests that wait for its decision."""

    cancel: Cancel
    decision: asyncio.Future[Decision]
    holders: set[asyncio.Future[Decision | None]] = field(default_factory=set)
    """One a request: an equal one that came later waits its own time."""
    since: float = field(default_factory=time.monotonic)
    sendings: int = 0
    group: str | None = None
    """The id of the last message that it travelled in."""
    unpublished: bool = False
    overdue: bool = False
    has_home: bool = False
    """Parked or spooled: it will be finished without the provider's help."""


class Dispatcher:
    """Groups cancels, hands the groups to `publish`, each with an id for its message, and wakes who
    waits for the decisions."""

    def __init__(
        self,
        publish: Callable[[Group, str], Awaitable[None]],
        reply_to: str,
        *,
        group_size: int,
        groups_in_flight: int,
        most_waiting: int,
        resend_after_s: float,
    ) -> None:
        self._publish = publish
        self._reply_to = reply_to
        self._group_size = group_size
        self._free_places = groups_in_flight
        self._most_waiting = most_waiting
        self._resend_after_s = resend_after_s
        self._spared_until = 0.0
        self._holders = 0
        self._waits: dict[UUID, Wait] = {}
        self._same: dict[_Sameness, Wait] = {}
        self._filling: dict[UUID, Wait] = {}
        self._flights: set[asyncio.Task[None]] = set()

    async def decide(self, cancel: Cancel, within_s: float) -> Decided:
        """What is decided within `within_s` seconds. Raises `Overloaded`."""
        if self._holders >= self._most_waiting:
            raise Overloaded
        wait = self._same.get(_sameness(cancel)) or self._begin(cancel)
        if wait.decision.done():  # whoever waited has not been given the word yet
            return Decided(wait.decision.result(), wait.cancel.request_id, wait.group)
        loop = asyncio.get_running_loop()
        holder: asyncio.Future[Decision | None] = loop.create_future()
        wait.holders.add(holder)
        self._holders += 1
        timer = loop.call_later(within_s, _give_up_waiting, wait, holder)
        try:
            return Decided(await holder, wait.cancel.request_id, wait.group)
        finally:
            timer.cancel()
            self._holders -= 1
            wait.holders.remove(holder)
            if not wait.holders:
                self._end(wait)

    @property
    def waiting(self) -> int:
        """Requests that wait for their decision."""
        return self._holders

    def resolve(self, decisions: Iterable[Decision]) -> None:
        """Wake those who wait for `decisions`; one that nobody waits for any more is let go."""
        for decision in decisions:
            wait = self._waits.get(decision.request_id)
            if wait is not None and not wait.decision.done():
                wait.decision.set_result(decision)
                for holder in wait.holders:
                    if not holder.done():
                        holder.set_result(decision)

    def take_overdue(self, after_s: float) -> list[Wait]:
        """Those that were not published, or have no decision after `after_s` seconds; each once."""
        before = time.monotonic() - after_s
        overdue = [
            wait
            for wait in self._waits.values()
            if not wait.overdue
            and not wait.decision.done()
            and (wait.unpublished or wait.since <= before)
        ]
        for wait in overdue:
            wait.overdue = True
            self._filling.pop(wait.cancel.request_id, None)
        return overdue

    def parked(self) -> list[Wait]:
        """Those that have a home and no decision yet."""
        return [w for w in self._waits.values() if w.has_home and not w.decision.done()]

    def _begin(self, cancel: Cancel) -> Wait:
        wait = Wait(cancel, asyncio.get_running_loop().create_future())
        self._waits[cancel.request_id] = wait
        self._same[_sameness(cancel)] = wait
        if not self._filling:
            # Not before those have joined that the server has read together with this one.
            asyncio.get_running_loop().call_soon(self._fill)
        self._filling[cancel.request_id] = wait
        return wait

    def _end(self, wait: Wait) -> None:
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

    async def _fly(self, group: list[Wait]) -> None:
        message_id = str(uuid4())
        for wait in group:
            wait.sendings += 1
            wait.group = message_id
        metrics.IN_FLIGHT.set(len(self._flights))
        metrics.GROUP_CANCELS.observe(len(group))
        try:
            if time.monotonic() < self._spared_until:
                raise PublishError("the broker was away a moment ago")
            cancels = tuple(wait.cancel for wait in group)
            crash_point("receiver_publish", cancels)
            await self._publish(Group(reply_to=self._reply_to, cancels=cancels), message_id)
            crash_point("receiver_published", cancels)
        except PublishError as error:
            self._spare_broker(group, error)
            self._give_up(group)
        except Exception:
            # Whatever it is: its cancels must not wait for replies that will not come.
            log.exception("a group was not published", cancels=len(group), group=message_id)
            self._give_up(group)
        else:
            await asyncio.wait([w.decision for w in group], timeout=self._resend_after_s)
            self._send_again(group)

    def _spare_broker(self, group: list[Wait], error: PublishError) -> None:
        now = time.monotonic()
        if now >= self._spared_until:
            log.warning(
                "a group was not published",
                cancels=len(group),
                group=group[0].group,
                error=str(error),
            )
            self._spared_until = now + SPARED_S

    def _give_up(self, group: list[Wait]) -> None:
        metrics.UNPUBLISHED.inc(len(group))
        for wait in group:
            wait.unpublished = True

    def _send_again(self, group: list[Wait]) -> None:
        silent = [
            wait
            for wait in group
            if wait.cancel.request_id in self._waits
            and not wait.decision.done()
            and not wait.overdue
            and wait.sendings < MOST_SENDINGS
        ]
        if silent:
            log.warning("no reply, sent again", cancels=len(silent), group=silent[0].group)
            metrics.RESENT.inc(len(silent))
            # Before those that came later: these have less time left.
            self._filling = {w.cancel.request_id: w for w in silent} | self._filling

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        metrics.IN_FLIGHT.set(len(self._flights))
        self._free_places += 1
        self._fill()


def _give_up_waiting(wait: Wait, holder: asyncio.Future[Decision | None]) -> None:
    if not holder.done():
        home = Decision(request_id=wait.cancel.request_id, outcome=Outcome.PARKED)
        holder.set_result(home if wait.has_home else None)


def _sameness(cancel: Cancel) -> _Sameness:
    """What makes two requests equal, so that the later one shares the earlier one's wait."""
    request = cancel.request
    return cancel.provider, request.reference, request.user_id, request.currency

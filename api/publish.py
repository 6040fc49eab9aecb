"""Sends groups to the queue. A lone cancel leaves at once; while the allowed number of messages is
in flight, the next group fills. No timer adds latency: the group's size follows the load.

(Over 250 lines: filling and sending stand together, so that no group goes back and forth.)
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice, takewhile
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from api.waits import Message, Wait
from unbet.broker.celery_client import celery_client
from unbet.broker.presence import key
from unbet.broker.producer import PUBLISH_ERRORS, Producer
from unbet.core.message import QUEUED_AT, Cancel, Group
from unbet.core.wire import Keys, encode_group
from unbet.database.deployment import Identity
from unbet.runtime import metrics
from unbet.runtime.breaker import CircuitBreaker
from unbet.runtime.failpoints import ARMED, crash_point

PUBLISH_LIMIT_S: Final = 1.0
"""DESIGN, "The path of one Cancel": published within a second, or it has failed."""

MAX_SENDINGS: Final = 3
"""Once, and at most twice again: the work is idempotent, but a backlog should not feed itself."""

_SHOWN_REFERENCES: Final = 20

_CLOCK_MAX_AGE_S: Final = 5.0
"""Then a thread reads the broker's clock again."""

Submit = Callable[[Message, Callable[[Exception], object]], None]
"""Starts to put a message on the queue. `published_at` is set once it is there. On failure the
given function is called with the reason, from any thread."""

NO_WALLETS: Final[Mapping[str, str]] = {}

log = structlog.get_logger("receiver")


class PublishError(Exception):
    """The group is not known to be on the queue; it may be all the same."""


class Groups:
    """Sends what is `filling` in groups, and sends again what gets no reply."""

    def __init__(self, submit: Submit, *, size: int, slots: int, resend_after_s: float) -> None:
        self.filling: dict[UUID, Wait] = {}
        """The next group, by request. Whoever adds the first cancel schedules `fill` for the loop's
        next round: by then the cancels that the server has read together have joined."""
        self._submit = submit
        self._size = size
        self._free_slots = slots
        self._resend_after_s = resend_after_s
        self._breaker = CircuitBreaker()  # while it is open cancels fall back at once

    def fill(self) -> None:
        """Send what may be sent now."""
        while self.filling and self._free_slots:
            waits = self._next()
            message = Message(str(uuid4()), waits, len(waits))
            for wait in waits:
                del self.filling[wait.cancel.request_id]
                wait.sendings += 1
                wait.message = message
            metrics.GROUP_CANCELS.observe(len(waits))
            if message.began < self._breaker.open_until:
                message.is_done = True  # it has no place to give back
                self._give_up(waits)
                continue
            self._free_slots -= 1
            metrics.IN_FLIGHT.inc()
            loop = asyncio.get_running_loop()
            first_look_s = min(PUBLISH_LIMIT_S, self._resend_after_s)
            message.timer = loop.call_later(first_look_s, self._check_message, message)
            try:
                self._submit(message, partial(self._report, loop, message))
            except Exception as error:  # noqa: BLE001 - no thread for it, or the receiver stops
                loop.call_soon(self._failed, message, error)

    def _next(self) -> list[Wait]:
        """As many as a message takes, and what is left of a request that asks for several bets: its
        cancels stand side by side, and are decided in one transaction."""
        waiting = iter(self.filling.values())
        waits = list(islice(waiting, self._size))
        batch = waits[-1].cancel.batch
        if batch is not None:
            waits += takewhile(lambda wait: wait.cancel.batch == batch, waiting)
        return waits

    def on_done(self, message: Message) -> None:
        """Give the slot of `message` to the next group, once."""
        if message.is_done:
            return
        message.is_done = True
        if message.timer is not None:
            message.timer.cancel()
        metrics.IN_FLIGHT.dec()
        self._free_slots += 1
        self.fill()

    def _check_message(self, message: Message) -> None:
        """Whether `message` was published in time, and then whether it was replied to."""
        now = time.monotonic()
        if message.published_at is None:
            left_s = message.began + PUBLISH_LIMIT_S - now
            if left_s <= 0:
                self._failed(message, PublishError("the broker did not answer in time"))
                return
            left_s = min(left_s, self._resend_after_s)
        else:
            left_s = message.published_at + self._resend_after_s - now
            if left_s <= 0:
                self._send_again(message)
                self.on_done(message)
                return
        message.timer = asyncio.get_running_loop().call_later(left_s, self._check_message, message)

    def _report(self, loop: asyncio.AbstractEventLoop, message: Message, error: Exception) -> None:
        """Called by the thread that could not publish."""
        loop.call_soon_threadsafe(self._failed, message, error)

    def _failed(self, message: Message, error: Exception) -> None:
        if message.is_done:
            return
        context = {"cancels": len(message.waits), "group": message.id}
        if not isinstance(error, PublishError):
            # An unforeseen error: the cancels must not wait for replies that will not come.
            log.error("a group was not published", **context, exc_info=error)
        elif not self._breaker.is_open:
            # What was on its way when it opened fails, too, and does not keep it open.
            self._breaker.trip()
            log.warning("a group was not published", **context, error=str(error))
        self._give_up(message.waits)
        self.on_done(message)

    def _give_up(self, waits: list[Wait]) -> None:
        metrics.UNPUBLISHED.inc(len(waits))
        for wait in waits:
            wait.unpublished = True

    def _send_again(self, message: Message) -> None:
        silent = [
            wait
            for wait in message.waits
            if wait.waiters
            and not wait.is_decided
            and not wait.expired
            and wait.sendings < MAX_SENDINGS
        ]
        if silent:
            log.warning("no reply, sent again", cancels=len(silent), group=message.id)
            metrics.RESENT.inc(len(silent))
            # They go first: they have less time left than those that came later.
            self.filling = {w.cancel.request_id: w for w in silent} | self.filling


class Publisher:
    """Sends groups through Celery, by the task's name, from threads."""

    def __init__(
        self,
        threads: int,
        keys: Keys,
        identity: Identity,
        reply_to: str,
        wallets: Mapping[str, str] = NO_WALLETS,
        *,
        dry_run: bool = False,
    ) -> None:
        """`reply_to` is the list for replies; in Redis its name begins with the deployment's.
        `wallets` are those that endpoints name, by provider. With `dry_run` no worker decides what
        is sent."""
        self._dry_run = dry_run
        self._wallets = wallets
        self._keys = keys
        self._identity = identity
        self._reply_to = reply_to
        self._celery = celery_client("unbet-receiver")
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="publish")
        self._of_this_thread = threading.local()
        self._failures = 0

    def submit(self, message: Message, failed: Callable[[Exception], object]) -> None:
        """As `Submit`."""
        self._threads.submit(self._publish, message, failed)

    def close(self) -> None:
        """Do not wait for the threads; one that hangs ends by its socket's time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def send(self, cancels: Sequence[Cancel], message_id: str) -> None:
        """Return once the broker has the group, in a message of that id. Raises `PublishError`, in
        about a second where the broker does not answer."""
        deployment = self._identity.id
        if deployment is None:
            raise PublishError("the database has not said yet which deployment this is")
        failures = self._failures
        try:
            own = self._connected(deployment, failures)
            group = Group(
                version=4,
                deployment=deployment,
                reply_to=own.reply_to,
                cancels=tuple(cancels),
                wallets=self._wallets_of(cancels) if self._wallets else NO_WALLETS,
                dry_run=self._dry_run,
            )
            message = own.producer.make(
                message_id,
                args=[encode_group(group, self._keys)],
                # What Flower shows: the references, not the players.
                argsrepr=_references(cancels),
            )
            own.producer.publish(
                message.body,
                headers={**message.headers, QUEUED_AT: self._broker_time(own)},
                **message.properties,
            )
        except PUBLISH_ERRORS as error:
            self._failures = failures + 1
            raise PublishError(str(error)) from error

    def _wallets_of(self, cancels: Sequence[Cancel]) -> dict[str, str]:
        providers = {cancel.provider for cancel in cancels}
        return {name: self._wallets[name] for name in providers & self._wallets.keys()}

    def _publish(self, message: Message, failed: Callable[[Exception], object]) -> None:
        if message.is_done:  # it waited for a thread for too long
            return
        cancels = [wait.cancel for wait in message.waits]
        try:
            if ARMED:
                crash_point("receiver_publish", cancels)
            self.send(cancels, message.id)
            message.published_at = time.monotonic()
            if ARMED:
                crash_point("receiver_published", cancels)
        except Exception as error:  # noqa: BLE001 - the outermost shell of a thread
            with suppress(RuntimeError):  # the loop has ended
                failed(error)

    def _connected(self, deployment: UUID, failures: int) -> Any:
        """This thread's own connection. After a failure in one thread all threads reconnect: the
        broker may have moved."""
        own = self._of_this_thread
        if getattr(own, "failures", None) != failures:
            if hasattr(own, "producer"):
                own.producer.close()
            own.reply_to = key(deployment, self._reply_to)
            own.producer = Producer(self._celery, deployment)
            own.failures = failures
            own.clock_until = 0.0  # it may be another server
        return own

    def _broker_time(self, own: Any) -> float:
        """The broker's clock, asked now and then; this machine's own may be another, and jump."""
        now = time.monotonic()
        if now >= own.clock_until:
            own.clock_ahead = own.producer.now() - now
            own.clock_until = now + _CLOCK_MAX_AGE_S
        return float(now + own.clock_ahead)


def _references(cancels: Sequence[Cancel]) -> str:
    shown = [cancel.reference for cancel in cancels[:_SHOWN_REFERENCES]]
    more = len(cancels) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")

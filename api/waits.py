"""The receiver's state of a cancel until it is decided."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from unbet.core.message import Cancel, Decision


class Decided(NamedTuple):
    """What a cancel was told, and on what way."""

    decision: Decision | None
    """`parked` if there was none in time but the cancel is stored; None if it is stored nowhere,
    which must not be answered as if it were."""
    request_id: UUID
    """The request that the decision is of: an equal one's if one was on its way already."""
    group: str | None = None
    """The id of the message that it travelled in last."""


@dataclass(eq=False, slots=True)
class Wait:
    """One cancel on its way, and the requests that wait for its decision."""

    cancel: Cancel
    waiters: dict[asyncio.Future[Decided], asyncio.TimerHandle] = field(default_factory=dict)
    """One a request, with the timer of its deadline: an equal one that came later waits its own
    time."""
    since: float = field(default_factory=time.monotonic)
    sendings: int = 0
    message: "Message | None" = None
    """The last one that it travelled in."""
    is_decided: bool = False
    unpublished: bool = False
    expired: bool = False
    is_persisted: bool = False
    """Parked or spooled: it will be finished without the provider's help."""


@dataclass(eq=False, slots=True)
class Message:
    """One group of cancels, from its sending until each is decided or it is sent again."""

    id: str
    waits: list[Wait]
    undecided: int
    began: float = field(default_factory=time.monotonic)
    published_at: float | None = None
    """Set by the thread that publishes."""
    timer: asyncio.TimerHandle | None = None
    is_done: bool = False

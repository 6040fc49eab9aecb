"""The receiver's state of a cancel until it is decided."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from unbet.core.message import Cancel, Decision


class Decided(NamedTuple):
    """The result of a cancel, and the request and message that it came by."""

    decision: Decision | None
    """`parked` if there was none in time but the cancel is stored; None if it is stored nowhere,
    which must not be answered as if it were."""
    request_id: UUID
    """The decided request: an equal one's if one was on its way already."""
    group: str | None = None
    """The id of the message that it travelled in last."""


@dataclass(eq=False, slots=True)
class Wait:
    """One cancel on its way, and the requests that wait for its decision."""

    cancel: Cancel
    waiters: dict[asyncio.Future[Decided], asyncio.TimerHandle] = field(default_factory=dict)
    """One for each request, with the timer of its own deadline."""
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

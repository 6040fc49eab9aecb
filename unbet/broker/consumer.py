"""The first step of a worker with a message: it rejects what is not ours and hands on the task.

Celery and kombu read a message's envelope before any signature is checked. What they do not expect
in it ends the worker; the message stays and ends the next worker as well. So they see only the
fields of our own messages, in the form that our own messages have. Made for Celery 5.7 and kombu
5.7; `tests/unit/test_broker.py` fails when others differ.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, Literal

from celery.worker.consumer import Consumer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unbet.broker.redis_server import AWAY
from unbet.core.message import QUEUE, TASK
from unbet.core.wire import MessageError
from unbet.runtime.retrying import MAX_PAUSE_S

EVENTS_WAIT_S: Final = 0.05

PAUSE_S: Final = MAX_PAUSE_S
"""Before a worker connects again: a Redis that takes connections and refuses all else must not be
asked without a pause. The groups that its processes have go on meanwhile. The loop is Celery's own
and has no deadline; the pause is that of `retrying.py`."""


class TaskFirst(Consumer):  # type: ignore[misc]
    """Celery's consumer, which lets no message end it, and whose events for Flower wait a moment.

    Celery publishes that a task was received before the task reaches its process, then once more
    that it was started, then that it has ended. This way the task goes first, and the three are one
    message to Redis.

    It does not ask the other workers for their clocks and revoked tasks when it connects, nor does
    it listen to their events: nothing here needs that, and each connecting took a second more.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"without_mingle": True, "without_gossip": True})

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        hand_on = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:
            try:
                admit(message)
                hand_on(message)
            except AWAY:  # the connection's: Celery connects again
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the worker goes on
                self.on_decode_error(message, error)

        return on_message

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Reject `message`. kombu asks for it where there was no message; what else cannot be taken
        was found above, before Celery's own checks, which would drop it without a trace."""
        message_id = message.headers.get("id")
        self.on_rejected(message.text, message_id if isinstance(message_id, str) else "", exc)
        if not message.acknowledged:
            message.ack()

    def on_rejected(self, content: str, message_id: str, error: Exception) -> None:
        """What is done with a message that `error` keeps from being handed on, before it is taken
        off the queue. A worker has its own."""
        raise NotImplementedError

    def ensure_connected(self, conn: Any) -> Any:
        # kombu's pauses grow to half a minute.
        ensure = conn.ensure_connection
        conn.ensure_connection = partial(
            ensure, interval_start=PAUSE_S, interval_step=0, interval_max=PAUSE_S
        )
        return super().ensure_connected(conn)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        super().on_connection_error_before_connected(exc)
        time.sleep(PAUSE_S)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        super().on_connection_error_after_connected(exc)
        time.sleep(PAUSE_S)

    def on_send_event_buffered(self) -> None:
        # Once for each event: the first of them sends all, the others find nothing to send.
        if self.hub:
            self.hub.call_later(EVENTS_WAIT_S, self._flush_events)


_Id = Annotated[str, Field(pattern=r"^[0-9a-zA-Z-]{1,64}$")]
_Shown = Annotated[str, Field(max_length=4096)]


class _Headers(BaseModel):
    """Those of Celery's that a worker goes by, and ours."""

    model_config = ConfigDict(strict=True, extra="ignore")

    task: Literal["unbet.cancel"]
    id: _Id
    root_id: _Id | None = None
    parent_id: _Id | None = None
    retries: Annotated[int, Field(ge=0)] = 0
    expires: None = None
    timelimit: Annotated[list[None], Field(min_length=2, max_length=2)] | None = None
    ignore_result: bool | None = None
    argsrepr: _Shown | None = None
    kwargsrepr: _Shown | None = None
    origin: _Shown | None = None
    unbet_oldest: Annotated[float, Field(allow_inf_nan=False)] | None = None


def admit(message: Any) -> None:
    """Leave of kombu's `message` what may be handed on. Raises `MessageError`, or whatever a body
    that cannot be decoded raises."""
    headers = _known(message.headers)
    _require_one_text(message.payload)  # decoded here once: Celery asks for the same
    message.headers = headers
    message.properties = {}
    message.delivery_info = {"exchange": "", "routing_key": QUEUE}


def _known(headers: dict[str, Any]) -> dict[str, Any]:
    try:
        return _Headers.model_validate(headers).model_dump(exclude_unset=True)
    except ValidationError as error:
        wrong = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)})
        raise MessageError(f"headers that no group has: {', '.join(wrong)}") from None


def _require_one_text(payload: Any) -> None:
    match payload:
        case [[str()], dict(named), dict(embedded)] if not named and not any(embedded.values()):
            return
    raise MessageError(f"not the one text that {TASK} takes")

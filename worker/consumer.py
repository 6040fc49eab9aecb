"""What a worker does first when a message has come: reject what is none of ours, hand on the task.

Celery and kombu read a message's envelope before any signature is checked, and what they do not
expect of it ends the worker; the message stays, and ends the next one as well.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from celery.worker.consumer import Consumer

from unbet.broker.redis_server import AWAY
from worker.envelope import admit
from worker.rejecting import reject

EVENTS_WAIT_S: Final = 0.05

PAUSE_S: Final = 0.5
"""Before a worker connects again: a Redis that takes connections and refuses all else must not be
asked without a pause. The groups that its processes have go on meanwhile."""


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
        reject(message.text, message_id if isinstance(message_id, str) else "", exc)
        if not message.acknowledged:
            message.ack()

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

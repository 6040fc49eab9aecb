"""What a worker does first when a message has come: hand on the task."""

from typing import Final

from celery.worker.consumer import Consumer

EVENTS_WAIT_S: Final = 0.05


class TaskFirst(Consumer):  # type: ignore[misc]
    """Celery's consumer, whose events for Flower wait a moment.

    Celery publishes that a task was received before the task reaches its process, then once more
    that it was started, then that it has ended. This way the task goes first, and the three are one
    message to Redis.
    """

    def on_send_event_buffered(self) -> None:
        # Once for each event: the first of them sends all, the others find nothing to send.
        if self.hub:
            self.hub.call_later(EVENTS_WAIT_S, self._flush_events)

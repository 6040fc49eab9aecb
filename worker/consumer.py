"""The consumer that Celery makes for this worker. It rejects messages that are not ours."""

from unbet.broker.consumer import TaskFirst
from worker.rejecting import reject


class CancelConsumer(TaskFirst):
    """Takes groups of cancels from the queue."""

    def on_rejected(self, content: str, message_id: str, error: Exception) -> None:
        reject(content, message_id, error)

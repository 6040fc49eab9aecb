"""The consumer that Celery makes for this worker. It rejects a message that is not ours: that is
kept aside, counted and logged."""

from typing import Final

import structlog

from unbet.broker import redis_server, rejected
from unbet.broker.consumer import TaskFirst
from unbet.core.wire import ForeignError, MessageError, SignatureError
from unbet.runtime import metrics
from worker.connections import deployment, replies

MAX_PROBLEM_LENGTH: Final = 500
"""Characters: errors quote what they are about."""

log = structlog.get_logger("worker")


def reject(content: str, message_id: str, error: Exception) -> None:
    """Keep the message aside, count and log it. No cancel is lost: a receiver parks or spools what
    gets no reply."""
    ours = isinstance(error, MessageError | SignatureError)
    problem = (str(error) if ours else f"{type(error).__name__}: {error}")[:MAX_PROBLEM_LENGTH]
    foreign = isinstance(error, ForeignError)
    (metrics.FOREIGN if foreign else metrics.REJECTED).labels(kind="message").inc()
    log.error("a message was rejected", group=message_id, problem=problem)
    try:
        rejected.keep(replies(), deployment(), "message", problem, content)
    except redis_server.AWAY as failed:
        log.warning("a rejected message was not kept", error=str(failed))


class CancelConsumer(TaskFirst):
    """Takes groups of cancels from the queue."""

    def on_rejected(self, content: str, message_id: str, error: Exception) -> None:
        reject(content, message_id, error)

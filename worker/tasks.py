"""The one task: decode the group, one transaction, one call, reply."""

from collections import Counter
from typing import Final

import redis
import structlog
from celery import Task
from celery.exceptions import Reject

from contract.message import TASK, Decision, Group, Reply, decode_group
from contract.settings import settings
from ledger.reversal import reverse
from ledger.transaction import TRANSIENT, first_line, transact
from worker.app import app
from worker.connections import engine, replies

REPLY_EXPIRES_S: Final = 60
"""A reply that its receiver has not fetched by then is read from the ledger, if at all."""

log = structlog.get_logger("worker")


@app.task(  # type: ignore[untyped-decorator]
    name=TASK,
    bind=True,
    # A group that kills the process that applies it comes back this often, then stops.
    max_retries=3,
    default_retry_delay=1,
)
def cancel(_task: Task, document: str) -> dict[str, int]:
    """Apply a group of cancels; how many had which outcome, for Flower."""
    group = decode_group(document)
    decisions = _apply(group)
    _reply(group, decisions)
    return dict(Counter(decision.outcome.value for decision in decisions))


def _apply(group: Group) -> list[Decision]:
    """The ledger's decisions, committed. Raises `Reject` when the database stays away."""
    hold_unknown = settings().unknown_reference == "hold"
    try:
        return transact(engine(), lambda c: reverse(c, group.cancels, hold_unknown=hold_unknown))
    except TRANSIENT as error:
        log.warning("the ledger did not take a group", error=first_line(error))
        raise Reject(first_line(error), requeue=True) from error


def _reply(group: Group, decisions: list[Decision]) -> None:
    """Wake the receiver. What is final is what the ledger says: a lost reply loses no money."""
    document = Reply(decisions=tuple(decisions)).model_dump_json()
    try:
        with replies().pipeline(transaction=False) as pipeline:
            pipeline.rpush(group.reply_to, document)
            pipeline.expire(group.reply_to, REPLY_EXPIRES_S)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("a reply was not delivered", reply_to=group.reply_to, error=str(error))
    for decision, asked in zip(decisions, group.cancels, strict=True):
        log.info(
            "decided",
            request_id=str(asked.request_id),
            reference=asked.request.reference,
            outcome=decision.outcome.value,
        )

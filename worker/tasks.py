"""The one task: decode the group, have the ledger decide it, reply."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import structlog
from celery import Task
from celery.exceptions import Reject

from unbet.broker import redis_server
from unbet.core.message import QUEUED_AT, TASK, Decision, Group, Reply
from unbet.core.outcomes import Outcome
from unbet.core.wire import MessageError, SignatureError, decode_group, encode_reply
from unbet.database.faults import LedgerAwayError
from unbet.database.transaction import RETRY_FOR_S
from unbet.runtime import logs
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.port import Decided, Undecided, Verdict
from unbet.wallets.undecided import keep_undecided, log_undecided
from worker.app import app
from worker.connections import (
    asks_others,
    broker,
    deployment,
    dry_wallet,
    engine,
    keys,
    replies,
    wallet,
)
from worker.deciding import decide_unless_elsewhere
from worker.rejecting import reject

REPLY_EXPIRES_S: Final = 60
"""After that a receiver reads the outcome from the ledger instead."""

HANDED_BACK_S: Final = 60.0
"""A group goes back to the queue for this long after its message was published."""

TOO_LATE_S: Final = 3.4
"""A group that is begun later has no answer before its receiver parks its cancels (80 % of 8 s,
less the seconds of a try). A slow wallet would be asked about them while fresh ones wait until they
are too late as well; the sweep asks it instead."""

log = structlog.get_logger("worker")


@app.task(  # type: ignore[untyped-decorator]
    name=TASK,
    bind=True,
    # A group that kills its process comes back this often. It comes back at once, because the
    # clocks of two machines may be an hour apart.
    max_retries=3,
    default_retry_delay=0,
)
def cancel(task: Task, message: str) -> dict[str, int]:
    """Apply a group of cancels; how many had which outcome, for Flower."""
    try:
        group = decode_group(message, keys(), deployment())
    except (SignatureError, MessageError) as error:
        reject(message, str(task.request.id), error)
        return {"rejected": 1}
    if asks_others() and TOO_LATE_S < _queued_for_s(task.request) < math.inf:
        log.warning("begun too late: left to the sweep", cancels=len(group.cancels))
        return {"too late": len(group.cancels)}
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    deadline = started + RETRY_FOR_S
    if ARMED:
        crash_point("before_transaction", group.cancels)
    try:
        # In parts, if some cancels are blocked: the decided ones do not wait for them.
        for verdicts in _decide(group, deadline):
            decisions = [one.decision for one in verdicts if isinstance(one, Decided)]
            if len(decisions) < len(verdicts):
                left = [one for one in verdicts if isinstance(one, Undecided)]
                decisions += (
                    log_undecided(left)
                    if group.dry_run
                    else keep_undecided(engine(), left, deadline)
                )
            seconds = time.monotonic() - started
            if ARMED:
                crash_point("after_commit", group.cancels)
            _reply(group, decisions)
            _log_decisions(group, decisions, str(task.request.id), seconds)
            outcomes.update(decision.outcome.value for decision in decisions)
    except LedgerAwayError as error:
        if group.dry_run:  # nobody waits for long
            log.warning("the ledger is away: the dry run is given up", error=str(error))
            return dict(outcomes)
        raise _hand_back(group, task.request, error) from error
    crash_point("after_reply", group.cancels)
    return dict(outcomes)


def _decide(group: Group, deadline: float) -> Iterator[Sequence[Verdict]]:
    """As `Wallet.cancel`; in a dry run, what it would be."""
    decider = dry_wallet() if group.dry_run else wallet()
    if group.wallets:
        return decide_unless_elsewhere(group, decider, deadline)
    return decider.cancel(group.cancels, deadline)


def _hand_back(group: Group, request: Any, error: LedgerAwayError) -> Reject:
    """Put the group back on the queue, as long as somebody waits for the answer.

    This is no tight loop: a delivery ends only after the wallet has tried for its seconds. Nothing
    is lost: the receiver parks or spools a cancel without a reply before it answers 100, and the
    sweep finishes it. Where the receiver died as well, nothing was answered.
    """
    young = _queued_for_s(request) < HANDED_BACK_S
    log.warning(
        "the ledger is away: " + ("handed back" if young else "left to the sweep"),
        cancels=len(group.cancels),
        group=str(request.id),
        error=str(error),
    )
    return Reject(str(error), requeue=young)


def _queued_for_s(request: Any) -> float:
    """Seconds since the message was published, by the broker's clock; infinite if unknown."""
    queued_at: float | None = getattr(request, QUEUED_AT, None)
    if queued_at is None:
        return math.inf
    try:
        return redis_server.now(broker()) - queued_at
    except redis_server.AWAY:
        return math.inf


def _reply(group: Group, decisions: list[Decision]) -> None:
    """Wake the receiver. The ledger says what is final: a lost reply loses no money."""
    reply = Reply(version=group.version, deployment=group.deployment, decisions=tuple(decisions))
    document = encode_reply(reply, keys())
    try:
        with replies().pipeline(transaction=False) as pipeline:
            pipeline.rpush(group.reply_to, document)
            pipeline.expire(group.reply_to, REPLY_EXPIRES_S)
            pipeline.execute()
    except redis_server.AWAY as error:
        log.warning("a reply was not delivered", reply_to=group.reply_to, error=str(error))


def _event(decision: Decision, group: Group) -> str:
    if group.dry_run:
        return "would be decided"
    return "decided" if decision.outcome is not Outcome.PARKED else "parked"


def _log_decisions(
    group: Group, decisions: list[Decision], message_id: str, seconds: float
) -> None:
    """Log each decision; `seconds` from the task's beginning to the reply."""
    cancels = {cancel.request_id: cancel for cancel in group.cancels}
    with logs.buffered():
        for decision in decisions:
            cancel = cancels[decision.request_id]
            log.info(
                _event(decision, group),
                request_id=str(decision.request_id),
                reference=cancel.reference,
                uuid=cancel.uuid,
                outcome=decision.outcome.value,
                seconds=round(seconds, 6),
                group=message_id,
            )

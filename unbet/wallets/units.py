"""What is decided in one transaction or not at all: a cancel, or all cancels of a request that asks
for several bets."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import BINDS_NOTHING, MISMATCHES, Outcome

Unit = list[Cancel]
Told = TypeVar("Told")


def units_of(cancels: Sequence[Cancel]) -> list[Unit]:
    """`cancels` in units, in the order in which each begins."""
    units: dict[UUID, Unit] = {}
    for cancel in cancels:
        units.setdefault(cancel.batch or cancel.request_id, []).append(cancel)
    return [*units.values()]


def chunks_of(cancels: Sequence[Cancel], most: int) -> Iterator[list[Cancel]]:
    """`cancels` in chunks of at most `most` that split no unit: a larger one is a chunk of its
    own."""
    chunk: list[Cancel] = []
    for unit in units_of(cancels):
        if chunk and len(chunk) + len(unit) > most:
            yield chunk
            chunk = []
        chunk += unit
    if chunk:
        yield chunk


def decide_whole(
    connection: Connection,
    cancels: Sequence[Cancel],
    decide: Callable[[Sequence[Cancel]], Sequence[Told]],
    decision_of: Callable[[Told], Decision],
) -> tuple[Sequence[Told], list[Decision]]:
    """What `decide` tells of `cancels`, and the decisions on those of requests of which one bet is
    not the one that the request describes: nothing of these is done (PROVIDERS, 10). What was done
    before stays so. Does not commit."""
    if all(cancel.batch is None for cancel in cancels):
        return decide(cancels), []
    with connection.begin_nested() as trial:
        told = decide(cancels)
        decisions = [decision_of(one) for one in told]
        wrong = _batches_in_part(cancels, decisions)
        if not wrong:
            return told, []
        trial.rollback()
    refused = [
        decision
        if decision.outcome in BINDS_NOTHING or decision.replayed
        else Decision(
            request_id=cancel.request_id, outcome=Outcome.BATCH_REFUSED, currency=cancel.currency
        )
        for cancel, decision in zip(cancels, decisions, strict=True)
        if cancel.batch in wrong
    ]
    # With the trial's locks gone the others' bets may have changed as well.
    others = [cancel for cancel in cancels if cancel.batch not in wrong]
    told, more = decide_whole(connection, others, decide, decision_of)
    return told, [*refused, *more]


def _batches_in_part(
    cancels: Sequence[Cancel], decisions: Sequence[Decision]
) -> frozenset[UUID | None]:
    """The requests of which one bet does not fit, and another one is decided for the first time."""
    pairs = [(one.batch, of) for one, of in zip(cancels, decisions, strict=True) if one.batch]
    wrong = {batch for batch, decision in pairs if decision.outcome in MISMATCHES}
    return frozenset(
        batch
        for batch, decision in pairs
        if batch in wrong and decision.outcome not in BINDS_NOTHING and not decision.replayed
    )

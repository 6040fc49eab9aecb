"""What is decided in one transaction or not at all: a cancel, or all cancels of a request that asks
for several bets."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import BINDS_NOTHING, Outcome

Unit = list[Cancel]
Result = TypeVar("Result")

_REFUSES: Final = BINDS_NOTHING | {Outcome.SETTLED}
"""The bet cannot be cancelled, and so nothing else of its request is."""

_DECIDED: Final = text("""
    SELECT request_id, outcome FROM unbet.requests
     WHERE request_id = ANY (CAST(:ids AS uuid[]))
""")


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
    decide: Callable[[Sequence[Cancel]], Sequence[Result]],
    decision_of: Callable[[Result], Decision],
) -> tuple[list[Result], list[Decision]]:
    """The results of `decide`, and the decisions on cancels that are refused because of another
    bet of their request. Together they are about each of `cancels` once, in no order.

    All or nothing of a request is done (PROVIDERS, 10): if one of its bets cannot be cancelled,
    none that would be cancelled now is. What was done before stays so, and a request that was
    decided before without being refused has each of its cancels decided by itself. Does not
    commit. Raises what `decide` raises.
    """
    if all(cancel.batch is None for cancel in cancels):
        return [*decide(cancels)], []
    return _decide_whole(_with_decided_apart(connection, cancels), connection, decide, decision_of)


def _decide_whole(
    cancels: Sequence[Cancel],
    connection: Connection,
    decide: Callable[[Sequence[Cancel]], Sequence[Result]],
    decision_of: Callable[[Result], Decision],
) -> tuple[list[Result], list[Decision]]:
    with connection.begin_nested() as trial:
        results = [*decide(cancels)]
        decisions = [decision_of(result) for result in results]
        partial = _requests_in_part(cancels, decisions)
        if not partial:
            return results, []
        trial.rollback()
    units = units_of(cancels)
    if len(units) == 1:
        return _refuse(cancels, decisions, connection, decide, decision_of)
    # Each alone: what one would have done must not be taken for done by another.
    others = [cancel for cancel in cancels if cancel.batch not in partial]
    alone = [unit for unit in units if unit[0].batch in partial]
    parts = [
        _decide_whole(part, connection, decide, decision_of) for part in (others, *alone) if part
    ]
    return [*chain(*(done for done, _ in parts))], [*chain(*(refused for _, refused in parts))]


def _refuse(
    request: Sequence[Cancel],
    decisions: Sequence[Decision],
    connection: Connection,
    decide: Callable[[Sequence[Cancel]], Sequence[Result]],
    decision_of: Callable[[Result], Decision],
) -> tuple[list[Result], list[Decision]]:
    """`decisions` are those of a trial. What changes nothing is decided anew: the wallet may
    remember it, and the cash of the trial is wrong."""

    def changes_nothing(decision: Decision) -> bool:
        return decision.outcome in _REFUSES or decision.replayed

    def keep(some: Sequence[Cancel]) -> list[Result]:
        if not some:
            return []
        with connection.begin_nested() as trial:
            results = [*decide(some)]
            if all(changes_nothing(decision_of(result)) for result in results):
                return results
            trial.rollback()
        # One is a repeat of another one of the same request, which is not done.
        middle = len(some) // 2
        return [*keep(some[:middle]), *keep(some[middle:])] if middle else []

    pairs = zip(request, decisions, strict=True)
    kept = keep([cancel for cancel, decision in pairs if changes_nothing(decision)])
    names = {decision_of(result).request_id for result in kept}
    return kept, [
        Decision(
            request_id=cancel.request_id, outcome=Outcome.BATCH_REFUSED, currency=cancel.currency
        )
        for cancel in request
        if cancel.request_id not in names
    ]


def _with_decided_apart(connection: Connection, cancels: Sequence[Cancel]) -> list[Cancel]:
    """`cancels` in which each that was decided before is a unit of its own, but not those of a
    request that was refused: it is refused again."""
    ids = [cancel.request_id for cancel in cancels if cancel.batch is not None]
    outcomes = {row.request_id: row.outcome for row in connection.execute(_DECIDED, {"ids": ids})}
    refused = {
        cancel.batch
        for cancel in cancels
        if outcomes.get(cancel.request_id) == Outcome.BATCH_REFUSED
    }
    return [
        cancel.model_copy(update={"batch": None})
        if cancel.request_id in outcomes and cancel.batch not in refused
        else cancel
        for cancel in cancels
    ]


def _requests_in_part(
    cancels: Sequence[Cancel], decisions: Sequence[Decision]
) -> frozenset[UUID | None]:
    """The requests of which one bet cannot be cancelled, and another one is decided now."""
    pairs = [(one.batch, of) for one, of in zip(cancels, decisions, strict=True) if one.batch]
    refused = {batch for batch, decision in pairs if decision.outcome in _REFUSES}
    return frozenset(
        batch
        for batch, decision in pairs
        if batch in refused and decision.outcome not in _REFUSES and not decision.replayed
    )

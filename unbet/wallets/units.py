"""What is decided in one transaction or not at all: a cancel, or all cancels of a request that asks
for several bets."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import BINDS_NOTHING, Outcome

Unit = list[Cancel]
Result = TypeVar("Result")

_REFUSES: Final = BINDS_NOTHING | {Outcome.SETTLED}
"""The bet cannot be cancelled, and so nothing else of its request is."""


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
    """The results of `decide`, and the decisions on cancels of requests that are refused: all or
    nothing of a request is done (PROVIDERS, 10). Together they are about each of `cancels` once, in
    no order. A request is refused if one of its bets cannot be cancelled, and another one would be
    cancelled now; what was done before it stays so. Does not commit. Raises what `decide` raises.
    """
    if all(cancel.batch is None for cancel in cancels):
        return [*decide(cancels)], []
    with connection.begin_nested() as trial:
        results = [*decide(cancels)]
        decisions = [decision_of(result) for result in results]
        if not _is_in_part(cancels, decisions):
            return results, []
        trial.rollback()
    # Each request apart: what one would have done must not be taken for done by the next.
    units = units_of(cancels)
    if len(units) > 1:
        middle = len(units) // 2
        halves = ([*chain(*half)] for half in (units[:middle], units[middle:]))
        of_halves = [decide_whole(connection, half, decide, decision_of) for half in halves]
        return [*chain(*(one for one, _ in of_halves))], [*chain(*(one for _, one in of_halves))]

    def was_done_before(cancel: Cancel) -> bool:
        with connection.begin_nested() as trial:
            (result,) = decide([cancel])
            trial.rollback()
        return decision_of(result).replayed

    return [], [
        decision
        if decision.outcome in _REFUSES or (decision.replayed and was_done_before(cancel))
        else Decision(
            request_id=cancel.request_id, outcome=Outcome.BATCH_REFUSED, currency=cancel.currency
        )
        for cancel, decision in zip(cancels, decisions, strict=True)
    ]


def _is_in_part(cancels: Sequence[Cancel], decisions: Sequence[Decision]) -> bool:
    """Whether of one request a bet cannot be cancelled, and another one is decided now."""
    pairs = [(one.batch, of) for one, of in zip(cancels, decisions, strict=True) if one.batch]
    refused = {batch for batch, decision in pairs if decision.outcome in _REFUSES}
    decided = {
        batch
        for batch, decision in pairs
        if decision.outcome not in _REFUSES and not decision.replayed
    }
    return bool(refused & decided)

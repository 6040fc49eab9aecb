"""What is decided in one transaction or not at all: a cancel, or all cancels of a request that asks
for several bets."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from unbet.core.message import Cancel

Unit = list[Cancel]


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

"""Cancels for tests of the spool, and how they come out of it again."""

from api.spool import Spool
from contract.message import Cancel
from tests.making import cancel_of

CANCELS = [cancel_of(f"r{number}") for number in range(5)]


def take_all(spool: Spool) -> list[Cancel]:
    return [cancel for batch in spool.batches(2) for cancel in batch]

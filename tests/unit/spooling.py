"""Cancels for tests of the spool, and how they come out of it again."""

from pathlib import Path

from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.spool import Spool

CANCELS = [cancel_of(f"r{number}") for number in range(5)]


def left_by_a_receiver(directory: Path) -> Path:
    """The file with all of `CANCELS`, whose receiver has ended."""
    spool = Spool(directory)
    spool.append(CANCELS)
    spool.close()
    [path] = directory.iterdir()
    return path


def take_all(spool: Spool) -> list[Cancel]:
    return [cancel for batch in spool.batches(2) for cancel in batch]

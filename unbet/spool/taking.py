"""A spool file that is being emptied: locked, read to its end, then removed or kept."""

import fcntl
import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from unbet.core.message import Cancel
from unbet.runtime import metrics
from unbet.spool.disk import Disk, is_at
from unbet.spool.journal import Journal
from unbet.spool.reading import DAMAGED, Reader

SAMPLE: Final = 2000
"""Bytes of what is damaged that are logged."""

MAX_BATCH_SIZE: Final = 2**20
"""Bytes of one batch, and a piece more."""

Batches = Generator[list[Cancel], str | None, None]
"""Cancels to be parked; what is sent is why those of the last batch are refused."""

log = structlog.get_logger("receiver")


class Refused(NamedTuple):
    """A whole record that the ledger does not take, whatever is done."""

    cancel: Cancel
    offset: int
    error: str


class Taken:
    """A file that is being emptied: a dead receiver's, or what we append to ourselves."""

    def __init__(self, path: Path, descriptor: int, journal: Journal | None) -> None:
        """`descriptor` is ours from here on. Raises `OSError`, and then it is closed."""
        self.path = path
        self.journal = journal
        self._descriptor = descriptor
        self.refused: list[Refused] = []
        try:
            self.reader = Reader(path, descriptor, journal.parked_until if journal else 0)
        except OSError:
            os.close(descriptor)
            raise

    @property
    def is_read(self) -> bool:
        """Whether there is no more just now."""
        return self.reader.offset >= self._end()

    def batches(self, size: int) -> Batches:
        """Its cancels, as `Spool.batches` says. Raises `OSError` where it cannot be read, once what
        is before has been taken."""
        alone_until, more = 0, True
        while more:
            begun = self.reader.mark()
            gathered, more, problem = self._gather(1 if begun.offset < alone_until else size)
            if gathered or more:
                refusal = yield gathered
                if refusal is None:
                    self._note_parked()
                elif len(gathered) == 1:
                    self.refused.append(Refused(gathered[0], begun.offset, refusal))
                else:
                    # Without those that are refused the others are taken.
                    alone_until, more = self.reader.offset, True
                    self.reader.go_back(begun)
                    continue
            if problem is not None:
                raise problem

    def _gather(self, size: int) -> tuple[list[Cancel], bool, OSError | None]:
        """The next cancels, whether there is more to read, and what kept it from being read."""
        gathered: list[Cancel] = []
        read = 0
        try:
            while not self.is_read:
                piece = self.reader.read(self._end(), size - len(gathered))
                gathered += piece.cancels
                read += piece.used
                if len(gathered) == size or read >= MAX_BATCH_SIZE:
                    return gathered, True, None
        except OSError as error:
            return gathered, False, error
        return gathered, False, None

    def _note_parked(self) -> None:
        """All that was read has been parked: our own file need not be read again up to there."""
        if self.journal and not self.reader.damage and not self.refused:
            self.journal.parked_until = self.reader.offset

    def finish(self, disk: Disk) -> None:
        """Remove the file, or keep it under another name if a person has to look at it. Raises
        `OSError`."""
        damage = self.reader.damage
        torn = sum(one.torn for one in damage)
        damaged = self.reader.damaged
        if damaged or self.refused:
            disk.rename(self.path, self.path.with_name(self.path.name + DAMAGED))
        else:
            disk.remove(self.path)
        metrics.SPOOL_TORN.inc(torn)
        metrics.SPOOL_DAMAGED.inc(len(damaged) + len(self.refused))
        if torn:
            log.warning("the spool's end was torn", file=self.path.name, bytes=damage[-1].length)
        for one in damaged:
            found = os.pread(self._descriptor, min(one.length, SAMPLE), one.offset)
            log.error(
                "a spooled record is damaged",
                file=self.path.name + DAMAGED,
                offset=one.offset,
                bytes=one.length,
                found=repr(found),
            )
        for record in self.refused:
            log.error(
                "the ledger refuses a spooled record",
                file=self.path.name + DAMAGED,
                offset=record.offset,
                request_id=str(record.cancel.request_id),
                reference=record.cancel.reference,
                uuid=record.cancel.uuid,
                error=record.error,
            )

    def close(self) -> None:
        """Let go of it: what has not been finished is for this receiver or another."""
        os.close(self._descriptor)

    def _end(self) -> int:
        return self.journal.end if self.journal else os.fstat(self._descriptor).st_size


def take_own(journal: Journal) -> Taken:
    """What we append to. Raises `OSError`."""
    # A lock is the open file's, not the descriptor's: it stays where the journal is closed
    # meanwhile.
    return Taken(journal.path, os.dup(journal.descriptor), journal)


def take(path: Path) -> Taken | None:
    """The file of a receiver that lives no more; None if one does, or if another one was faster.
    Raises `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if is_locked_by_us(descriptor) and is_at(path, descriptor):
        return Taken(path, descriptor, None)
    os.close(descriptor)
    return None


def is_locked_by_us(descriptor: int) -> bool:
    """Lock the open file; False if somebody else has. Raises `OSError`."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_left_behind(path: Path, disk: Disk) -> None:
    """Remove a file that never got its name, unless its maker is at it: nothing that was answered
    is in it."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if is_locked_by_us(descriptor):
                disk.remove(path)
        finally:
            os.close(descriptor)

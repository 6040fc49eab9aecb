"""The file that a receiver appends to. An append is either complete or cut off again."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from unbet.spool.disk import Disk, is_at
from unbet.spool.format import HEADER_SIZE, encode_header

SUFFIX: Final = ".spool2"
NEW: Final = ".new"
"""A file's suffix until it is locked: nobody takes such a one for a dead receiver's."""


class BrokenFileError(OSError):
    """An append failed, and nothing may be appended to the file again. What it held is there."""


class Journal:
    """One file, locked for as long as it is open."""

    def __init__(self, path: Path, descriptor: int, disk: Disk) -> None:
        self._disk = disk
        self.path = path
        self.descriptor = descriptor
        self.end = HEADER_SIZE
        """What is before is whole and on the disk."""
        self.parked_until = 0
        """What is before has been parked by us."""

    @classmethod
    def create(cls, directory: Path, deployment: UUID | None, disk: Disk) -> "Journal":
        """A file with its header, locked before it has its name. Raises `OSError`."""
        # The time puts the files in order; nothing depends on the clock being right.
        name = f"{time.time_ns() // 1_000_000:013d}-{uuid4().hex[:16]}"
        path, temporary = directory / f"{name}{SUFFIX}", directory / f"{name}{NEW}"
        descriptor = disk.create(temporary)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(disk, descriptor, encode_header(deployment), 0)
            disk.sync(descriptor)
            disk.rename(temporary, path)
            disk.sync_directory(directory)
        except OSError:
            os.close(descriptor)
            for made in (temporary, path):
                with suppress(OSError):
                    disk.remove(made)
            raise
        return cls(path, descriptor, disk)

    def append(self, records: bytes) -> None:
        """Return once `records` are on the disk. Raises `OSError`; then they are cut off again, or,
        as a `BrokenFileError`, the file is of no use any more."""
        try:
            _write_all(self._disk, self.descriptor, records, self.end)
        except OSError as error:
            self._cut_back(error)
            raise
        try:
            self._disk.sync(self.descriptor)
        except OSError as error:
            # The kernel may have dropped what it could not write, and say so only once: a later
            # fsync of this file would return as if all were well.
            with suppress(OSError):
                self._cut_back(error)
            raise BrokenFileError(error.errno, error.strerror) from error
        self.end += len(records)

    def is_linked(self) -> bool:
        """Whether the file is still where others will look for it."""
        return is_at(self.path, self.descriptor)

    def close(self) -> None:
        """Let go of the file: what is in it is for whoever takes it."""
        os.close(self.descriptor)

    def _cut_back(self, error: OSError) -> None:
        try:
            self._disk.truncate(self.descriptor, self.end)
        except OSError:
            raise BrokenFileError(error.errno, error.strerror) from error


def _write_all(disk: Disk, descriptor: int, data: bytes, offset: int) -> None:
    """A full disk, a quota or a limit of the file's size makes a write short before it fails."""
    left = memoryview(data)
    while left:
        written = disk.write(descriptor, bytes(left), offset)
        offset += written
        left = left[written:]

"""Cancels that the ledger could not take, on the receiver's disk until it can.

One file a receiver, one JSON line a cancel. The file is locked by its owner for as long as it
lives: what another receiver left behind can be told from what it still writes.
"""

import fcntl
import os
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

import structlog
from pydantic import ValidationError

from contract.message import Cancel

SUFFIX: Final = ".spool"

log = structlog.get_logger("receiver")


class SpoolError(Exception):
    """The directory cannot be written; the text names it."""


class Spool:
    """The files of one directory: our own to append to, those of the dead to empty."""

    def __init__(self, directory: Path) -> None:
        """Make the directory, with a file of our own. Raises `SpoolError`."""
        self._directory = directory
        self._lock = threading.Lock()
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path, self._file = self._new_file()
        except OSError as error:
            raise SpoolError(
                f"UNBET_SPOOL_DIR has a wrong value: {directory} cannot be written "
                f"({error.strerror}). Expected a directory of the receiver's own."
            ) from None

    def append(self, cancels: Iterable[Cancel]) -> None:
        """Return once all of `cancels` are on the disk. Raises `OSError`; then none may be counted
        on, though some may be there."""
        lines = "".join(f"{cancel.model_dump_json()}\n" for cancel in cancels)
        with self._lock:
            self._file.write(lines.encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def batches(self, size: int) -> Generator[list[Cancel], None, None]:
        """What lies there, ours and that of dead receivers, in batches; new cancels go to a new
        file meanwhile.

        Asking for the next batch says that the one before has been parked: a file is removed once
        all of it has. One that is not taken to its end stays, for this receiver or another.
        """
        for path, file in self._full_files():
            with file:
                cancels = _read(path)
                for start in range(0, len(cancels), size):
                    yield cancels[start : start + size]
                path.unlink()

    def size(self) -> int:
        """The bytes that lie there now, ours and others'."""
        size = 0
        for path in self._directory.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # emptied meanwhile
                size += path.stat().st_size
        return size

    def close(self) -> None:
        """Let go of our file; an empty one is removed."""
        with self._lock:
            if not _size(self._file):
                self._path.unlink(missing_ok=True)
            self._file.close()

    def _full_files(self) -> list[tuple[Path, IO[bytes]]]:
        """The files to empty, each locked by us."""
        with self._lock:
            full = []
            if _size(self._file):
                full.append((self._path, self._file))
                self._path, self._file = self._new_file()
            own = self._path
        for path in sorted(self._directory.glob(f"*{SUFFIX}")):
            if path == own or any(path == taken for taken, _ in full):
                continue
            try:
                file = path.open("ab")
            except FileNotFoundError:
                continue  # another receiver was faster
            if _locked(file) and path.exists():
                full.append((path, file))
            else:
                file.close()
        return full

    def _new_file(self) -> tuple[Path, IO[bytes]]:
        path = self._directory / f"{uuid4().hex}{SUFFIX}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        file = open(os.open(path, flags, 0o600), "ab")  # noqa: SIM115 - kept open
        _locked(file)
        # The name has to survive a power failure as well as the contents.
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return path, file


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _read(path: Path) -> list[Cancel]:
    cancels = []
    for line in path.read_bytes().splitlines():
        try:
            cancels.append(Cancel.model_validate_json(line))
        except ValidationError:
            # Cut off in the middle by a crash, before its request was answered; kept for a person.
            log.error("a spooled line is damaged", file=path.name, line=repr(line[:2000]))
    return cancels

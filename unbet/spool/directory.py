"""The spool: a directory with the file that this receiver appends to, and the files that dead
receivers left.

(Over 250 lines: appending and emptying share one lock, one open file and the list of stuck files.)
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from unbet.core.message import Cancel
from unbet.spool.disk import Disk
from unbet.spool.format import encode_record
from unbet.spool.journal import NEW, BrokenFileError, Journal
from unbet.spool.reading import DAMAGED, is_spool_file
from unbet.spool.taking import Batches, Taken, remove_left_behind, take, take_own

MAX_FILE: Final = 64 * 2**20
"""Bytes after which a new file is begun: what is read again after an interruption is bounded."""

MAX_OPEN: Final = 64
"""Files that are emptied at a time: of an outage thousands of small ones may be left."""

TRIES: Final = 2
"""For an append: in our file, and in a new one if it turns out to be of no use."""

SKIPPED_FOR_S: Final = 60.0
"""How long a file that cannot be read or removed is left alone: it must not hold up the others."""

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}

log = structlog.get_logger("receiver")


class SpoolError(Exception):
    """The directory cannot be written; the text names it."""


class SpoolState(NamedTuple):
    """What lies in the directory now."""

    size: int
    """Bytes that wait for the ledger, ours and others'."""
    files: int
    oldest_age_s: float
    """Since the oldest of them was begun; 0 without any."""
    damaged: int
    """Files that are kept for a person."""
    foreign: int
    """Files of another deployment, or of a later version; left alone."""
    stuck: int
    """Files that could not be read, or not be removed, a minute ago or less."""


class Spool:
    """The files of one directory: our own to append to, those of the dead to empty."""

    def __init__(
        self,
        directory: Path,
        deployment: Callable[[], UUID | None] = lambda: None,
        *,
        disk: Disk | None = None,
        max_file: int = MAX_FILE,
    ) -> None:
        """Make the directory. `deployment` says ours, as soon as it is known. Raises
        `SpoolError`."""
        self._directory = directory
        self._deployment = deployment
        self._disk = disk or Disk()
        self._max_file = max_file
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._foreign: set[str] = set()
        self._stuck: dict[str, float] = {}
        try:
            self._make(directory)
            self._try_out()
            for path in directory.glob(f"*{NEW}"):
                remove_left_behind(path, self._disk)
        except OSError as error:
            raise SpoolError(
                f"UNBET_SPOOL_DIR has a wrong value: {directory} cannot be written "
                f"({error.strerror}). Expected a directory of the receiver's own."
            ) from None

    def append(self, cancels: Iterable[Cancel]) -> None:
        """Return once all of `cancels` are on the disk. Raises `OSError`; then none may be counted
        on, though some may be there."""
        records = b"".join(map(encode_record, cancels))
        with self._lock:
            for tries_left in reversed(range(TRIES)):
                try:
                    journal = self._journal_for_more()
                except (FileNotFoundError, BlockingIOError):
                    # Another receiver's start took the nameless file for one left behind.
                    if not tries_left:
                        raise
                    continue
                try:
                    journal.append(records)
                except BrokenFileError as error:
                    log.error("a spool file is given up", file=journal.path.name, error=str(error))
                    self._let_go()
                    if not tries_left:
                        raise
                    continue
                if journal.is_linked():
                    return
                # Whoever has taken it away has not seen this append.
                log.error("a spool file was taken away", file=journal.path.name)
                self._let_go()
            raise FileNotFoundError(errno.ENOENT, "the spool's files are taken away")

    def batches(self, size: int) -> Batches:
        """What lies there, in batches of `size` at most, the oldest file first and ours at last. A
        batch may be empty: a step that took no longer than others.

        Asking for the next batch says that the one before has been parked: a file is removed once
        all of it has. One that is not taken to its end stays, for this receiver or another. Sending
        why the ledger refuses the batch has its cancels come one by one; one that is refused alone
        is left behind, and its file kept as one that is damaged.
        """
        files: list[Taken] = []
        try:
            for file in self._takings():
                files.append(file)
                try:
                    yield from file.batches(size)
                except OSError as error:
                    self._skip(file.path, "a spool file cannot be read", error)
                if len(files) == MAX_OPEN:
                    self._finish(files)
            self._finish(files)
        finally:
            for file in files:
                file.close()

    def state(self) -> SpoolState:
        """What lies there. Raises `OSError`."""
        size = files = damaged = 0
        oldest = now = time.time()
        for entry in self._entries():
            if entry.name.endswith(DAMAGED):
                damaged += 1
            elif is_spool_file(entry.name) and entry.name not in self._foreign:
                with suppress(FileNotFoundError):  # emptied meanwhile
                    size += entry.stat().st_size
                    files += 1
                    oldest = min(oldest, _begun(entry))
        age = max(0.0, now - oldest)
        stuck = sum(until > time.monotonic() for until in list(self._stuck.values()))
        return SpoolState(size, files, age, damaged, len(self._foreign), stuck)

    def close(self) -> None:
        """Let go of our file; another receiver, or this one's successor, empties it."""
        with self._lock:
            self._let_go()

    def _journal_for_more(self) -> Journal:
        if self._journal and self._journal.end >= self._max_file:
            self._let_go()
        if self._journal is None:
            self._make(self._directory)  # somebody may have removed it
            self._journal = Journal.create(self._directory, self._deployment(), self._disk)
        return self._journal

    def _let_go(self) -> None:
        if self._journal:
            self._journal.close()
            self._journal = None

    def _takings(self) -> Iterator[Taken]:
        own = self._journal
        names = {
            entry.name: _begun(entry) for entry in self._entries() if is_spool_file(entry.name)
        }
        self._foreign &= names.keys()
        now = time.monotonic()
        self._stuck = {name: until for name, until in self._stuck.items() if until > now}
        for name in sorted(names, key=lambda name: (names[name], name)):
            if name in self._foreign or name in self._stuck or (own and name == own.path.name):
                continue
            file = self._take(self._directory / name)
            if file:
                yield file
        if own and own is self._journal and own.path.name not in self._stuck:
            yield take_own(own)

    def _take(self, path: Path) -> Taken | None:
        try:
            file = take(path)
        except OSError as error:
            self._skip(path, "a spool file cannot be read", error)
            return None
        if file is None or self._is_ours(file):
            return file
        file.close()
        return None

    def _is_ours(self, file: Taken) -> bool:
        header, ours = file.reader.header, self._deployment()
        others = header and header.deployment and header.deployment != ours
        if file.reader.is_readable:
            if not others:
                return True
            if ours is None:
                return False  # nor is it known yet which database would take it
        self._foreign.add(file.path.name)
        log.error(
            "a spool file is of another deployment or version, and is left alone",
            file=file.path.name,
            version=header and header.version,
            deployment=str(header and header.deployment),
        )
        return False

    def _finish(self, files: list[Taken]) -> None:
        while files:
            file = files.pop(0)
            try:
                with self._lock:
                    # Ours may have grown meanwhile.
                    if file.path.name not in self._stuck and file.is_read:
                        file.finish(self._disk)
                        if file.journal is not None and file.journal is self._journal:
                            self._let_go()
            except OSError as error:
                self._skip(file.path, "a spool file cannot be removed", error)
            finally:
                file.close()

    def _skip(self, path: Path, problem: str, error: OSError) -> None:
        log.error(problem, file=path.name, error=error.strerror)
        self._stuck[path.name] = time.monotonic() + SKIPPED_FOR_S

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with suppress(FileNotFoundError), os.scandir(self._directory) as entries:
            yield from entries

    def _make(self, directory: Path) -> None:
        """The directory and those above it, with names that survive a power failure."""
        if directory.is_dir():
            return
        self._make(directory.parent)
        with suppress(FileExistsError):
            self._disk.make_directory(directory)
        self._disk.sync_directory(directory.parent)

    def _try_out(self) -> None:
        """See that a file can be made, written, locked and removed. Raises `OSError`; a disk that
        is full now may have room when it is needed, and is only warned of."""
        try:
            made = Journal.create(self._directory, None, self._disk)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            log.warning("the spool's disk is full", directory=str(self._directory))
            return
        self._disk.remove(made.path)
        made.close()


def _begun(entry: os.DirEntry[str]) -> float:
    """When a file was begun, in seconds since 1970: for their order only."""
    begun = entry.name.partition("-")[0]
    if begun.isdecimal() and len(begun) == 13:
        return int(begun) / 1000
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return time.time()

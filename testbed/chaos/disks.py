"""Disks that can be full. With the rights for it, each is a small ext4 of its own on a loop device,
in a mount namespace that only this run sees and that goes with its last process; without them, the
processes' own limit on the size of their files stands in for it. The servers' data and the
receivers' spools have one each."""

import ctypes
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Protocol

HOVER_S: Final = 0.2
_NEW_MOUNTS: Final = 0x00020000  # CLONE_NEWNS of sched.h
_CHUNKS: Final = (1 << 28, 1 << 24, 1 << 20, 1 << 16, 1 << 12)
_COMMAND_LIMIT_S: Final = 120


class Disk(Protocol):
    """What a fault fills and empties again."""

    def fill(self) -> None:
        """From now on a write finds no room."""

    def empty(self) -> None:
        """There is room again."""


class LoopDisk:
    """A filesystem of `megabytes` in a sparse file, mounted on `path`."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self._path, self._filler = path, path / "filler"
        path.mkdir(parents=True, exist_ok=True)
        self._image = image = path.with_name(f"{path.name}.img")
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _command("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        _command("mount", "-o", "loop,noatime", str(image), str(path))
        path.chmod(0o711)

    def fill(self) -> None:
        """Takes what is left, down to single blocks; nothing of it is written."""
        file = os.open(self._filler, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for chunk in _CHUNKS:
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file, os.fstat(file).st_size, chunk)
        finally:
            os.close(file)

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """For good; nothing may use it any more. The loop device goes with the mount."""
        _command("umount", str(self._path))
        self._image.unlink()

    def copy_out(self) -> None:
        """Leave a plain directory with what was on it, which others can see, too."""
        copy = self._path.with_name(f"{self._path.name}.copy")
        _command("cp", "-a", "--sparse=always", str(self._path), str(copy))
        self.unmount()
        self._path.rmdir()
        copy.rename(self._path)


class LimitedFiles:
    """No disk, but processes whose files must not grow beyond `most` bytes."""

    def __init__(self, pids: Callable[[], Iterable[int]], most: int) -> None:
        self._pids, self._most = pids, most

    def fill(self) -> None:
        self._limit(self._most)

    def empty(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, soft: int) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError, PermissionError):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def can_mount(directory: Path) -> bool:
    """Whether this process may mount loop devices; from then on in a namespace of its own.

    To be asked in the main thread, before there are others.
    """
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS) != 0:
        return False
    probe = directory / "probe"
    try:
        _command("mount", "--make-rprivate", "/")
        LoopDisk(probe, 4)
        _command("umount", str(probe))
    except (OSError, subprocess.SubprocessError):
        return False
    finally:
        probe.with_name("probe.img").unlink(missing_ok=True)
        with suppress(OSError):
            probe.rmdir()
    return True


def hover(disk: Disk, until: threading.Event) -> None:
    """Fill and empty it by turns, as another program that writes and truncates a file."""
    try:
        while not until.is_set():
            disk.fill()
            if until.wait(HOVER_S):
                break
            disk.empty()
            until.wait(HOVER_S)
    finally:
        disk.empty()


def _command(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=_COMMAND_LIMIT_S)


SIZES_MB: Final = {"spool": 24, "postgres": 8_000, "redis": 1_000}
"""Sparse: what is not written takes no room. PostgreSQL's holds an hour of cancels."""

FILE_LIMITS: Final = {"spool": 6_000, "postgres": 4 << 20, "redis": 100_000}
"""Where there are no disks of their own: how long a file may be while its disk is full."""


class Storage:
    """Below one directory. `mounts`: disks of their own can be mounted (`disks.can_mount`)."""

    def __init__(self, directory: Path, *, mounts: bool) -> None:
        self.mounts = mounts
        self.spools = directory / "spool"
        self.postgres = directory / "postgres-1", directory / "postgres-2"
        self.redis = directory / "redis-1", directory / "redis-2"
        self._directory = directory
        self._disks: dict[Path, Disk] = {}

    def make(self, pids: Callable[[Path], Iterable[int]]) -> None:
        """All disks; `pids` tells who writes to one at the time."""
        for path in (self.spools, *self.postgres, *self.redis):
            kind = path.name.partition("-")[0]
            if self.mounts:
                self._disks[path] = LoopDisk(path, SIZES_MB[kind])
            else:
                path.mkdir(mode=0o711)
                self._disks[path] = LimitedFiles(partial(pids, path), FILE_LIMITS[kind])

    def disk(self, path: Path) -> Disk:
        """The one that is mounted there, or stands in for it."""
        return self._disks[path]

    def keep(self) -> None:
        """Make what lies on disks of its own readable for others, once all has been stopped."""
        for disk in self._disks.values():
            if isinstance(disk, LoopDisk):
                disk.copy_out()

    def discard(self) -> None:
        """Remove everything, once all has been stopped."""
        for disk in self._disks.values():
            if isinstance(disk, LoopDisk):
                disk.unmount()
        shutil.rmtree(self._directory)

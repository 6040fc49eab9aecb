"""The disks of the servers' data and of the receivers' spools: one each, which can be full."""

import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from testbed.chaos.disks import Disk, LimitedFiles, LoopDisk

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

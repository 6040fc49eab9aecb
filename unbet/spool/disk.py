"""The system calls that change the disk, in one place: a test can record them or let any of them
fail."""

import os
from contextlib import suppress
from pathlib import Path


class Disk:
    """Each method is one system call, and raises `OSError`."""

    def create(self, path: Path) -> int:
        """A new file, open to read and write, its owner's alone."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        """Returns how many bytes were written, which may be fewer."""
        return os.pwrite(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def rename(self, path: Path, name: Path) -> None:
        path.rename(name)

    def remove(self, path: Path) -> None:
        path.unlink()

    def make_directory(self, path: Path) -> None:
        path.mkdir(mode=0o700)

    def sync_directory(self, path: Path) -> None:
        """Makes the names in it survive a power failure."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one that `path` names now."""
    with suppress(FileNotFoundError):
        there, ours = path.stat(), os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
    return False

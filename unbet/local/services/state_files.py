"""The state that DIR keeps between starts, in files that only their owner can read, and the lock on
DIR."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

from unbet.local.ports import reserve_port
from unbet.local.services.errors import ServicesError

LOCK_LIMIT_S: Final = 120  # longer than any start or stop takes
HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Access:
    """Where a server listens on 127.0.0.1 and the password that it asks for."""

    port: int
    password: str = field(repr=False)

    @classmethod
    def new(cls, password: str | None = None) -> Self:
        """A free port, and a random password unless one is given."""
        return cls(reserve_port(), password or secrets.token_hex(24))

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """What was kept, None if nothing was. Raises `ServicesError` for a damaged file."""
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ServicesError(f"{file}, which keeps a port and a password, is damaged") from error

    def write(self, file: Path) -> None:
        write_private(file, json.dumps(asdict(self)) + "\n")


def write_private(file: Path, text: str) -> None:
    """Replace `file` by `text` at once and for good, readable by its owner only."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(text)
        new.flush()
        # The password of a database that survives a power failure has to survive it too.
        os.fsync(new.fileno())
    move_for_good(draft, file)


def move_for_good(source: Path, target: Path) -> None:
    """Rename within a directory so that a power failure afterwards does not undo it."""
    source.replace(target)
    parent = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One start or stop at a time on DIR. Raises `ServicesError`."""
    with ExitStack() as held:
        try:
            held.enter_context(lock(directory / "lock", limit_s=LOCK_LIMIT_S))
        except BlockingIOError:
            raise ServicesError(
                f"another command has been busy with {directory} for {LOCK_LIMIT_S} seconds"
            ) from None
        yield


def _nothing() -> None:
    """What is done where nothing is asked for."""


@contextmanager
def lock(
    file: Path, *, shared: bool = False, limit_s: float = 0.0, busy: Callable[[], None] = _nothing
) -> Iterator[int]:
    """Hold the lock `file`, whose descriptor is given; the kernel drops it when the last process
    that has it open is gone, however it ends. Calls `busy` once if others hold it. Raises
    `BlockingIOError` after `limit_s` seconds, and `FileNotFoundError` for a `shared` one that
    nobody has ever held."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = os.open(file, os.O_RDWR | (0 if shared else os.O_CREAT), 0o600)
    try:
        deadline = time.monotonic() + limit_s
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                busy()
                busy = _nothing
                time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)

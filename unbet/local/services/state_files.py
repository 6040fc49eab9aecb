"""The state that DIR keeps between starts, in files that only their owner can read, and the lock on
DIR."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    """One start or stop at a time on DIR. The kernel drops the lock of a command that dies."""
    deadline = time.monotonic() + LOCK_LIMIT_S
    with open(os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServicesError(
                        f"another command has been busy with {directory} for {LOCK_LIMIT_S} seconds"
                    ) from None
                time.sleep(0.05)
        yield

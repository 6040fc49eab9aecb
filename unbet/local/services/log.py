"""The log of a server: created, bounded in size, and read for the reason of a failure."""

import os
from pathlib import Path
from typing import Final

from unbet.local.services.unix_user import UnixUser

LIMIT_BYTES: Final = 10_000_000
READ_BYTES: Final = 64_000  # the end of a log says why; its beginning may be months old


def prepare(file: Path, account: UnixUser) -> None:
    """Make sure that `account` can write to it. One that has become long is put aside first."""
    if length(file) > LIMIT_BYTES:
        file.replace(file.with_name(file.name + ".1"))
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    account.own(file)


def length(file: Path) -> int:
    """In bytes; 0 if it is not there yet."""
    return file.stat().st_size if file.exists() else 0


def since(file: Path, position: int) -> str:
    """What was written after the first `position` bytes; if that is much, the end of it."""
    now = length(file)
    if now == 0:
        return ""
    start = position if position <= now else 0  # it was put aside meanwhile
    with file.open("rb") as written:
        written.seek(max(start, now - READ_BYTES))
        return written.read().decode(errors="replace")


def ending(text: str, *, lines: int = 12) -> str:
    """The last lines, each indented below the sentence of an error."""
    return "".join(f"\n    {line}" for line in text.strip().splitlines()[-lines:])

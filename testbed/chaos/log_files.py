"""Bounds a long run's log files: they are cut while they are written."""

import shutil
from pathlib import Path
from typing import Final

MAX_LOG_BYTES: Final = 32_000_000
READ_BYTES: Final = 64_000


def trim(directory: Path) -> None:
    """Put aside the logs that have become long, as `.log.1`; their writers append and go on."""
    for log in directory.glob("*/*.log"):
        if log.stat().st_size > MAX_LOG_BYTES:
            # The few lines between the copy and the cut are lost; nothing judges by them.
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)


def last_lines(log: Path, count: int) -> tuple[str, ...]:
    """The last lines of a log, without reading all of it."""
    if not log.exists():
        return ()
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_BYTES))
        return tuple(file.read().decode(errors="replace").splitlines()[-count:])

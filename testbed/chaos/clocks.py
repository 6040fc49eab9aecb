"""libfaketime, where it is installed: the environment that lets a server's wall clock be set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PLACES: Final = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")
NAME: Final = "libfaketime.so.1"
RIGHT: Final = "+0"


def library() -> Path | None:
    """Where it is installed."""
    found = [file for place in _PLACES for file in Path("/").glob(f"{place[1:]}/{NAME}")]
    return found[0] if found else None


def environment(library: Path, file: Path) -> Mapping[str, str]:
    """For a server whose clock is what `file` says, read anew every second."""
    file.write_text(RIGHT)
    file.chmod(0o644)  # PostgreSQL may run under another account
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }

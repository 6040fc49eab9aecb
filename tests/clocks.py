"""Clocks that go wrong: a process is shown another wall clock, which a test can set at any time.
Its monotonic clock goes on as it does."""

import importlib.util
from pathlib import Path
from typing import Final

HOUR_S: Final = 3600


class Clock:
    """What the processes with its `environment` take for the time of day."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, ahead_s: float) -> None:
        """From now on, within the tenth of a second, it is so much ahead of the machine's."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{ahead_s:+f}\n")
        draft.chmod(0o644)
        draft.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }


def _library() -> Path:
    """Found, not imported: importing it looks for other things."""
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("vendor") / "libfaketime" / "src" / "libfaketime.so.1"

"""PostgreSQL with a synchronous streaming standby: either of the two can be the primary."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from unbet.local.services import ServicesError
from unbet.local.services.postgres import PostgreSQL
from unbet.local.services.standby import Standby, alter_system, execute
from unbet.local.services.state_files import Access

_LIBRARY: Final = "libfaketime.so.1"
_PLACES: Final = ("usr/lib/*/faketime", "usr/lib/faketime", "usr/local/lib/faketime")

CLOCK_RIGHT: Final = "+0"

BOUNDS: Final = {
    "max_wal_size": "512MB",
    "wal_keep_size": "256MB",  # what a standby that was away for half a minute still finds
    "wal_retrieve_retry_interval": "200ms",  # a standby comes back as soon as its primary does
    "wal_sender_timeout": "30s",
}
"""So that an hour's WAL does not fill the disk, on top of what the embedded server is set to."""


def clock_library() -> Path | None:
    """Where libfaketime is installed, which lets a server's wall clock be set."""
    found = (file for place in _PLACES for file in Path("/").glob(f"{place}/{_LIBRARY}"))
    return next(found, None)


class _Server(Standby):
    clock: Mapping[str, str] = MappingProxyType({})

    def command(self, access: Access) -> list[str]:
        # The last `-c` of a name wins.
        return [
            *(["/usr/bin/env", *(f"{k}={v}" for k, v in self.clock.items())] if self.clock else []),
            *super().command(access),
            *(word for name, value in BOUNDS.items() for word in ("-c", f"{name}={value}")),
        ]


class PostgresPair:
    """Two servers, each with a directory of its own."""

    def __init__(self, directories: tuple[Path, Path]) -> None:
        one, other = (_Server(directory) for directory in directories)
        self.primary, self.standby = one, other

    @property
    def url(self) -> str:
        """The primary's own, not the service address."""
        return PostgreSQL.url(self.primary.access)

    @property
    def port(self) -> int:
        """The primary's own."""
        return self.primary.access.port

    def set_clock(self, library: Path, file: Path) -> None:
        """Before the start: the clock of both is what `file` says, read anew every second."""
        file.write_text(CLOCK_RIGHT)
        file.chmod(0o644)  # PostgreSQL may run under another account
        self.primary.clock = self.standby.clock = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def start(self) -> None:
        """The primary and, copied from it, the standby. Raises `ServicesError`."""
        self.primary.start()
        self._copy()

    def stop(self) -> None:
        """Both, whatever state they are in; the standby first, or the primary waits for it."""
        try:
            self.standby.stop()
        finally:
            self.primary.stop()

    def switch(self, gone: Callable[[], None]) -> None:
        """The standby becomes the primary, and the primary its read-only standby.

        `gone` is called when the old one takes no writes any more. It ends in order, so that no
        commit is on it alone.
        """
        self.standby.catch_up(self.primary)
        execute(self.primary, "CHECKPOINT")
        self.primary.stop()
        gone()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        # As a cluster manager does: until it has a standby again, it does not wait for one.
        self._wait_for_standbys("")
        self.standby.follow(self.primary)
        self.standby.start()

    def restore(self) -> None:
        """Make sure that both run, and that the standby is one and synchronous."""
        self.primary.start()
        try:
            self._join()
        except ServicesError:
            self._copy()

    def _copy(self) -> None:
        self.standby.stop()
        self._wait_for_standbys("")
        self.standby.copy(self.primary)
        self._join()

    def _join(self) -> None:
        self.standby.start()
        self._wait_for_standbys("*")
        self.standby.catch_up(self.primary)

    def _wait_for_standbys(self, names: str) -> None:
        """Whether a commit on the primary does."""
        alter_system(self.primary, f"SET synchronous_standby_names = '{names}'")

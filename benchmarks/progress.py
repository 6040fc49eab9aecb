"""Shows the progress of a benchmark: a bar on a terminal, and a line for each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from unbet.cli.bars import Update, bar

INTERVAL_S = 10.0


class Shown:
    """The display of one benchmark."""

    def __init__(self, console: Console, update: Update) -> None:
        self._console, self._update = console, update
        self._steps, self._done = 1, 0
        self._began = time.monotonic()
        self._said_at = self._began - INTERVAL_S

    def expect(self, steps: int) -> None:
        """How many steps it has; 1 if this is not said."""
        self._steps = steps
        self._update(total=steps)

    def at(self, what: str) -> None:
        """What is being done now."""
        self._update(description=what)

    def often(self, what: str) -> None:
        """As `at`, for what is said many times a second."""
        if not self._console.is_terminal and time.monotonic() - self._said_at > INTERVAL_S:
            self._said_at = time.monotonic()
            self._print(what)
        self.at(what)

    def step(self, result: str) -> None:
        """A step is done, with `result`."""
        self._done += 1
        self._update(advance=1)
        self._print(f"{self._done}/{self._steps}  {result}")

    def _print(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self._console.print(f"{minutes:3d}:{seconds:02d}  {text}", markup=False, soft_wrap=True)


@contextmanager
def shown(console: Console) -> Iterator[Shown]:
    """The display, until the end of the block."""
    with bar("steps", console=console) as update:
        update(description="preparing")
        yield Shown(console, update)

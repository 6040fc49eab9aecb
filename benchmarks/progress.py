"""Shows the progress of a benchmark: a bar on a terminal, and a line for each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from unbet.cli.bars import Update, bar


class Shown:
    """The display of one benchmark."""

    def __init__(self, console: Console, update: Update) -> None:
        self._console = console
        self._update = update
        self._steps = 1
        self._done = 0
        self._said_at = float("-inf")
        self._began = time.monotonic()

    def expect(self, steps: int) -> None:
        """How many steps it has; 1 if this is not said."""
        self._steps = steps
        self._update(total=steps)

    def at(self, what: str) -> None:
        """What is being done now."""
        self._update(description=what)

    def often(self, what: str) -> None:
        """As `at`, for what is said many times a second."""
        if not self._console.is_terminal and time.monotonic() - self._said_at > 10:
            self._said_at = time.monotonic()
            self._print(what)
        self.at(what)

    def step(self, result: str) -> None:
        """A step is done, with `result`."""
        self._done += 1
        self._update(advance=1)
        self._print(f"{self._done}/{self._steps}  {result}")

    def _print(self, text: str) -> None:
        seconds = int(time.monotonic() - self._began)
        stamp = f"{seconds // 60:3d}:{seconds % 60:02d}  "
        self._console.print(stamp + text, markup=False, soft_wrap=True)


@contextmanager
def shown(console: Console) -> Iterator[Shown]:
    """The display, until the end of the block."""
    with bar("steps", console=console) as update:
        update(description="preparing")
        yield Shown(console, update)

"""Shows how far a benchmark has come: a bar on a terminal, elsewhere a line for each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Shown:
    """The display of one benchmark."""

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console = console
        self._bar = bar
        self._steps = 1
        self._task = bar.add_task("preparing", total=1) if bar else None
        self._done = 0
        self._said_at = float("-inf")
        self._began = time.monotonic()

    def expect(self, steps: int) -> None:
        """How many steps it has; 1 if this is not said."""
        self._steps = steps
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=steps)

    def at(self, what: str) -> None:
        """What is being done now."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=what)

    def often(self, what: str) -> None:
        """As `at`, for what is said many times a second."""
        if self._bar is None and time.monotonic() - self._said_at > 10:
            self._said_at = time.monotonic()
            self._print(what)
        self.at(what)

    def step(self, result: str) -> None:
        """A step is done, with `result`."""
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)
        self._print(f"{self._done}/{self._steps}  {result}")

    def _print(self, text: str) -> None:
        seconds = int(time.monotonic() - self._began)
        stamp = f"{seconds // 60:3d}:{seconds % 60:02d}  "
        self._console.print(stamp + text, markup=False, soft_wrap=True)


@contextmanager
def shown(console: Console) -> Iterator[Shown]:
    """The display, until the end of the block."""
    if not console.is_terminal:
        yield Shown(console, None)
        return
    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console) as bar:
        yield Shown(console, bar)

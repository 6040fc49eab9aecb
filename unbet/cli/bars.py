"""A bar for work that takes minutes: on standard error, so that the output stays what it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Show = Callable[[str, int, int | None], None]
"""What is being done, how many rows are done, and of how many; None while that is not known."""


@contextmanager
def bar_of_rows() -> Iterator[Show]:
    """Shows how far something is until the end of the block, and then vanishes; nothing where
    standard error is no terminal."""
    console = Console(stderr=True)
    columns = (
        BarColumn(10),  # all of a line has to fit into 80 columns
        TextColumn("{task.completed:,} rows", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda doing, rows, total: progress.update(
            task, description=doing, completed=rows, total=total
        )

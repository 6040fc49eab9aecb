"""A progress bar for long work, on standard error: the output stays clean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Update = Callable[..., None]
"""Of `Progress.update`: `completed` or `advance`, `total`, and as `description` what is done."""


@contextmanager
def bar(
    unit: str, total: int | None = None, *, shown: bool = True, console: Console | None = None
) -> Iterator[Update]:
    """Shows how many of `total` units are done until the end of the block, and then vanishes.
    Shows nothing where standard error is no terminal."""
    console = console or Console(stderr=True)
    columns = (
        BarColumn(10),  # all of a line has to fit into 80 columns
        TextColumn("{task.completed:,} {task.fields[unit]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not (shown and console.is_terminal),
    ) as progress:
        task = progress.add_task("", total=total, unit=unit)
        yield lambda **changed: progress.update(task, **changed)

"""A history on one screen: the summary, then what happened, repeats folded."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.table import Table

from unbet.core.text import plain
from unbet.core.wallet_names import LEDGER
from unbet.history.records import History, OperationRecord
from unbet.history.timeline import (
    Event,
    EventKind,
    operation_summary,
    operation_timeline,
    summary,
    timeline,
)

WIDTH: Final = 100
"""Columns."""
MAX_TITLE_LENGTH: Final = 32
"""Columns; a longer one is broken."""

KEPT_FIRST: Final = 3
"""Of events that repeat each other, those that are shown, and the last one."""
FEWEST_FOLDED: Final = 4
"""Lines; fewer are not worth a line that speaks of them."""

_REPEATED: Final = (EventKind.REQUEST, EventKind.PARKED, EventKind.DECISION, EventKind.ANSWER)
"""The provider sends a cancel as often as it likes; money and people are always shown."""

Line = tuple[datetime, str, str]
"""When, what, and the rest."""


def lines_of(history: History) -> Iterator[str]:
    """The screen's lines, of at most `WIDTH` columns."""
    wallet = "" if history.wallet == LEDGER else f", wallet {history.wallet}"
    what = "round " if history.round else ""
    title = f"{what}{history.reference} at {history.provider}{wallet}, times in UTC"
    yield from _lines(summary(history), title, timeline(history))


def lines_of_operation(operation: OperationRecord) -> Iterator[str]:
    """As `lines_of`."""
    title = f"{operation.reference}, a {operation.kind}, times in UTC"
    yield from _lines(operation_summary(operation), title, operation_timeline(operation))


def _lines(in_short: str, heading: str, events: Sequence[Event]) -> Iterator[str]:
    yield from _wrapped(plain(in_short))
    yield ""
    yield from _wrapped(plain(heading))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=MAX_TITLE_LENGTH, overflow="fold")
    table.add_column(overflow="fold")
    day = None
    for at, title, detail in folded(events):
        if day != (day := _day(at)):
            table.add_row(day)
        table.add_row(_time(at), plain(title), plain(detail))
    yield from _wrapped(table)


def folded(events: Sequence[Event]) -> Iterator[Line]:
    """A line for each event; of those that repeat each other the first ones and the last, and what
    lies between them in one line."""
    for is_hidden, group in groupby(zip(events, _repeats(events), strict=True), lambda p: p[1]):
        events = [event for event, _ in group]
        if is_hidden and len(events) >= FEWEST_FOLDED:
            yield _line_of_many(events)
        else:
            yield from ((event.at, event.title, event.detail) for event in events)


def _repeats(events: Iterable[Event]) -> list[bool]:
    """Which events can be left out."""
    keys = [_key(event) for event in events]
    all_of, before = Counter(keys), Counter[tuple[str, str]]()
    found = []
    for key in keys:
        is_between = KEPT_FIRST <= before[key] < all_of[key] - 1
        found.append(key[0] in _REPEATED and is_between)
        before[key] += 1
    return found


def _key(event: Event) -> tuple[str, str]:
    """What repeats what: any request another, but not each answer another."""
    return event.kind, "" if event.kind is EventKind.REQUEST else event.title


def _line_of_many(events: Sequence[Event]) -> Line:
    first, last = events[0].at, events[-1].at
    until = _time(last) if _day(first) == _day(last) else f"{_day(last)} {_time(last)}"
    titles = Counter(event.title for event in events)
    what = ", ".join(f"{number} x {title}" for title, number in titles.items())
    return first, f"... {len(events)} more", f"until {until}: {what}; --json has all"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).time().isoformat(timespec="milliseconds")


def _wrapped(content: str | Table) -> Iterator[str]:
    """The lines of `content`, broken between words."""
    console = Console(width=WIDTH, markup=False, highlight=False, emoji=False, color_system=None)
    with console.capture() as captured:
        console.print(content)
    for line in captured.get().splitlines():
        yield line.rstrip()

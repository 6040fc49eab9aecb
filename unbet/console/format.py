"""Formats numbers and times for the console: short, in the same width each time."""

from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

NONE: Final = "\N{EN DASH}"
"""Where there is no number."""


def count(number: int) -> str:
    return f"{number:,}"


def rate(per_second: float) -> str:
    """Cancels per second: a decimal where it says something."""
    return count(round(per_second)) if per_second >= 100 else f"{per_second:.1f}"


def took(seconds: float) -> str:
    """A time that an answer took."""
    return f"{seconds:.2f}"[:4] + " s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def lasted(seconds: float) -> str:
    """How long something has been so."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"


def moment(value: datetime) -> Markup:
    """A moment in UTC, for a table; machines read it to the microsecond."""
    return _time(value, f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


def exact(value: datetime) -> Markup:
    """A moment to the millisecond, where several things happen in a second."""
    utc = value.astimezone(UTC)
    return _time(value, utc.isoformat(" ", "milliseconds").partition("+")[0])


def clock(seconds: float) -> str:
    """The time of day in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def _time(value: datetime, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), shown)

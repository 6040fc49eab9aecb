"""Moments and periods as a person writes them on the command line."""

from datetime import UTC, datetime

import typer


def moment_of(words: str) -> datetime:
    """A date, which means its beginning, or a moment, both in ISO 8601; in UTC unless it says
    otherwise. Raises `typer.BadParameter`, to which typer adds the option's name."""
    try:
        moment = datetime.fromisoformat(words)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where the zone leads out of the calendar
        raise typer.BadParameter(
            f"{words!r} is neither a date such as 2027-01-31 nor a moment such as "
            "2027-01-31T12:00:00+01:00"
        ) from None


def require_order(since: datetime, until: datetime) -> None:
    """Refuse a period without a moment in it. Raises `typer.BadParameter`."""
    if since >= until:
        raise typer.BadParameter("is not after --since", param_hint="'--until'")

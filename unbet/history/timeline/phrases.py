"""Phrases for a history: reasons, times, amounts, balances."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from unbet.core.money import EXACT, amount
from unbet.history.records import EntryRecord
from unbet.wallets.ledger.operations import Refusal

_REASONS: Final = {
    "unknown reference": "its bet is not known here",
    "no outcome in time": "there was no outcome in time",
    "too many waiting": "more waited than UNBET_MAX_WAITING allows",
    "spooled": "the ledger was away",
    "locked": "another transaction held what it needs",
    "timed out": "it took too long",
    "database": "the database was in no state to decide it",
    "content": "the tables refuse a value of it",
    "unexpected": "it met an error that nobody expected",
    "replayed": "a person let it in after it had been refused",
}
"""Why a cancel is parked: the words of the column, and a person's."""


def because(reason: str) -> str:
    """Why a cancel is parked."""
    return f"because {_REASONS[reason]}" if reason in _REASONS else f"because of: {reason}"


def when(moment: datetime) -> str:
    """To the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def refused(refusal: Refusal) -> str:
    """Why the operator said no."""
    return refusal.value.replace("_", " ")


def money(value: Decimal, currency: str | None) -> str:
    """An amount with its currency, where that is known."""
    return f"{amount(value)} {currency}" if currency else amount(value)


def counted(number: int, thing: str) -> str:
    """`1 late bet`, `2 late bets`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def tried(times: int) -> str:
    """How often a parked cancel was tried, as far as it has failed by its own doing."""
    return f"tried {counted(times, 'time')}" if times else "not tried yet"


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def of_player(entries: Iterable[EntryRecord]) -> list[EntryRecord]:
    """Those on the player's accounts: the operator's run no balance."""
    return [entry for entry in entries if entry.balance_after is not None]


def balances(entries: Iterable[EntryRecord]) -> str:
    """The player's balances before and after: `cash 90.00 + 10.00 = 100.00`."""
    return ", ".join(map(_balance, of_player(entries))) or "no account is moved"


def _balance(entry: EntryRecord) -> str:
    after = entry.balance_after or Decimal()
    before = EXACT.subtract(after, entry.amount)
    sign = "-" if entry.amount < 0 else "+"
    moved = amount(EXACT.abs(entry.amount))
    return f"{entry.kind} {amount(before)} {sign} {moved} = {amount(after)}"

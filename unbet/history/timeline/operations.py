"""The summary and the timeline of a deposit, withdrawal, correction or conversion of bonus."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from unbet.core.money import EXACT
from unbet.history.records import OperationRecord
from unbet.history.timeline.events import Event, EventKind
from unbet.history.timeline.phrases import balances, money, refused, when

_NAMES: Final = {
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "correction": "Correction",
    "conversion": "Conversion of bonus",
}
_MOVED: Final = {
    "deposit": "Deposited",
    "withdrawal": "Withdrawal held",
    "completion": "Withdrawal completed",
    "release": "Withdrawal released",
    "correction": "Corrected",
    "conversion": "Converted to cash",
}


def operation_summary(operation: OperationRecord) -> str:
    """One plain sentence. What others have written stands in it unchanged: whoever shows it escapes
    it."""
    at = when(operation.created_at)
    value = money(_size(operation), operation.currency)
    if operation.refusal:
        why = refused(operation.refusal)
        return f"{_NAMES[operation.kind]} of {value} was refused on {at} ({why})."
    match operation.kind:
        case "deposit":
            return f"Deposited once: {value} to {operation.balance_type} on {at}."
        case "correction":
            direction = "given to" if operation.amount > 0 else "taken from"
            return (
                f"Corrected once by {operation.made_by}: {value} {direction} "
                f"{operation.balance_type} on {at} ({operation.reason})."
            )
        case "conversion":
            return f"Converted once: {value} of bonus became cash on {at}."
        case _:
            return f"Withdrawal of {value}, held on {at}: {_end(operation)}."


def operation_timeline(operation: OperationRecord) -> list[Event]:
    """What happened, in the order of time."""
    return list(_events(operation))


def _events(operation: OperationRecord) -> Iterator[Event]:
    value = money(_size(operation), operation.currency)
    about = [f"player {operation.user_id}"]
    if operation.made_by:
        about.append(f"by {operation.made_by}: {operation.reason}")
    if operation.refusal:
        detail = "; ".join([*about, refused(operation.refusal)])
        title = f"{_NAMES[operation.kind]} refused: {value}"
        yield Event(operation.created_at, EventKind.MONEY, title, detail)
    for transfer in operation.transfers:
        detail = "; ".join([*about, balances(transfer.entries)])
        title = f"{_MOVED[transfer.kind]}: {value}"
        yield Event(transfer.created_at, EventKind.MONEY, title, detail)


def _end(operation: OperationRecord) -> str:
    if operation.ended is None:
        return "neither completed nor released yet"
    at = when(operation.transfers[-1].created_at)
    if operation.ended == "completion":
        return f"completed on {at}, the money has left"
    return f"released on {at}, the money is cash again"


def _size(operation: OperationRecord) -> Decimal:
    return EXACT.abs(operation.amount)

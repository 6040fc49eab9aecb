"""What a database error says about the work that met it: again, elsewhere, or never."""

from enum import StrEnum
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from ledger.reversal import UndecidedError


class LedgerAwayError(Exception):
    """The ledger could not be reached, or not be worked with, for as long as was allowed. What was
    asked of it may have been done."""


class Fault(StrEnum):
    """Who is to blame, and so what helps."""

    TRANSIENT = "transient"
    """Nobody: a deadlock, a lost or refused connection, a server that starts, stops or stands by.
    The same work may succeed a moment later."""

    LOCKED = "locked"
    """A lock timeout: another transaction holds what is needed."""

    TIMED_OUT = "timed out"
    """A statement timeout: something of the group is too slow, or the server was."""

    CONTENT = "content"
    """A value that the tables refuse. Trying again cannot mend it."""

    UNEXPECTED = "unexpected"
    """Anything else: a few tries, then a person has to look."""


_LOCK_NOT_AVAILABLE: Final = "55P03"
_QUERY_CANCELED: Final = "57014"
_INVALID_TRANSACTION_STATE: Final = "25"
"""The class of a session ended for idling in its transaction (a stopped process, going on), and of
a server that has become read-only in a failover: another connection will do."""


def fault_of(error: DBAPIError | UndecidedError) -> Fault:
    """What `error` says, by its SQLSTATE and the driver's class."""
    if isinstance(error, UndecidedError):
        return Fault.TRANSIENT
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    if sqlstate == _LOCK_NOT_AVAILABLE:
        return Fault.LOCKED
    if sqlstate == _QUERY_CANCELED:
        return Fault.TIMED_OUT
    if (
        error.connection_invalidated
        or isinstance(error, OperationalError | InterfaceError)
        or sqlstate.startswith(_INVALID_TRANSACTION_STATE)
    ):
        return Fault.TRANSIENT
    if isinstance(error, DataError | IntegrityError):
        return Fault.CONTENT
    return Fault.UNEXPECTED


def first_line(error: Exception) -> str:
    """What went wrong, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]

"""Classifies a database error: the session, the server, the work that met it, or none of them.
Every process and the operator's `transact` decide it here."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from unbet.core.text import plain


class LedgerAwayError(Exception):
    """The ledger could not be reached, or not be worked with, for as long as was allowed. What was
    asked of it may have been done."""


class ContentRefusedError(LedgerAwayError):
    """The tables refuse a value of what was asked. The ledger is well, and asking again does not
    help."""


class UndecidedError(Exception):
    """Cancels had no outcome after as many statements as are tried; nothing may be committed."""

    def __init__(self, references: Sequence[str]) -> None:
        super().__init__(f"no outcome for {', '.join(map(plain, references))}, however often asked")
        self.references = tuple(references)


class Fault(StrEnum):
    """Who is to blame, and so what helps."""

    TRANSIENT = "transient"
    """Nobody: a deadlock. The same work may succeed a moment later, on the same session."""

    SESSION = "session"
    """This session is no good, or is gone: it is thrown away, and the work asked for again."""

    SERVER = "server"
    """This server is no good (shut down, starting, a standby), or all that its sessions have
    prepared is not: every pooled session is thrown away, and the work asked for again."""

    LOCKED = "locked"
    """A lock timeout: another transaction holds what is needed."""

    TIMED_OUT = "timed out"
    """A statement timeout: something of the group is too slow, or the server was."""

    CONTENT = "content"
    """A value that the tables refuse. Trying again cannot mend it."""

    DATABASE = "database"
    """The database is in a state in which it cannot do this work for anybody (disk full, rights
    missing, a sequence behind its table). A person has to mend it; no cancel is to blame."""

    UNEXPECTED = "unexpected"
    """Anything else: a few tries, then a person has to look."""


AWAY: Final = frozenset({Fault.TRANSIENT, Fault.SESSION, Fault.SERVER})
"""What was asked is not to blame and may simply be asked again."""

ASK_AGAIN: Final = AWAY | {Fault.LOCKED, Fault.TIMED_OUT}
"""For work that has nothing else to do than to wait."""

BY_SQLSTATE: Final[Mapping[str, Fault]] = {
    # A whole class has two characters; a state of five goes before its class.
    "08": Fault.SESSION,  # connection exception; also what a pooler says
    "0A": Fault.UNEXPECTED,  # not supported; but for plans, see `_STALE_PLAN`
    "0L": Fault.DATABASE,  # grants and roles
    "0P": Fault.DATABASE,  # the same
    "22": Fault.CONTENT,  # a value that does not fit
    "2200H": Fault.DATABASE,  # a sequence has come to its end
    "23": Fault.UNEXPECTED,  # a unique or foreign key, see `_KEYS_BY_SEQUENCE`
    "23001": Fault.CONTENT,  # what has happened cannot be changed, `refuse_change`
    "23502": Fault.CONTENT,  # not null
    "23514": Fault.CONTENT,  # a check
    "24": Fault.SESSION,  # a cursor in a wrong state
    "25": Fault.SESSION,  # a transaction in a wrong state; ended for idling in it (25P03)
    "25006": Fault.SERVER,  # read-only: a standby, or a server that is being fenced
    "26": Fault.SESSION,  # a prepared statement that is not there: somebody reset the session
    "28": Fault.SERVER,  # the login is refused: rights or passwords are being changed
    "2D": Fault.SESSION,  # a transaction ended where it may not
    "34": Fault.SESSION,  # a cursor that is not there
    "3D": Fault.SERVER,  # no such database: it is being restored, or it is another server
    "3F": Fault.DATABASE,  # no such schema
    "40": Fault.TRANSIENT,  # deadlock, serialisation
    "42": Fault.DATABASE,  # rights (42501), tables, columns, functions: a migration went wrong
    "53": Fault.DATABASE,  # disk full, out of memory
    "53300": Fault.SERVER,  # too many connections
    "54": Fault.UNEXPECTED,  # too complex, too long for an index
    "55": Fault.UNEXPECTED,  # not in the required state
    "55006": Fault.TRANSIENT,  # an object is in use
    "55P03": Fault.LOCKED,
    "57": Fault.TRANSIENT,  # an operator intervened
    "57014": Fault.TIMED_OUT,
    "57P01": Fault.SERVER,  # shut down
    "57P02": Fault.SERVER,  # crashed
    "57P03": Fault.SERVER,  # starting, stopping, in recovery
    "57P04": Fault.SERVER,  # the database was dropped
    "57P05": Fault.SESSION,  # ended for idling
    "58": Fault.DATABASE,  # input and output failed
    "72": Fault.TRANSIENT,  # a snapshot that is too old
    "F0": Fault.DATABASE,  # the server's own configuration
    "XX": Fault.DATABASE,  # internal error, data or index corrupted
}
"""Whatever is not named is unexpected."""

_UNIQUE_VIOLATION: Final = "23505"
_KEYS_BY_SEQUENCE: Final = frozenset(
    {
        *(f"{table}_pkey" for table in ("accounts", "bets", "late_bets", "transfers")),
        *("interventions_pkey", "entries_pkey"),
        *("deposits_transfer_id_key", "wins_transfer_id_key"),
    }
)
"""Their values come from our own sequences: one that is taken says that a sequence is behind."""

_NOT_SUPPORTED: Final = "0A000"
_STALE_PLAN: Final = "RevalidateCachedQuery"
"""The server's function that refuses a plan whose table has changed; its message is translated."""


def fault_of(error: DBAPIError | UndecidedError) -> Fault:
    """What `error` says."""
    if isinstance(error, UndecidedError):
        return Fault.TRANSIENT
    fault = fault_of_driver(error.orig)
    if error.connection_invalidated and fault not in AWAY:
        return Fault.SESSION
    return fault


def fault_of_driver(error: BaseException | None) -> Fault:
    """The same, of what the driver has raised: by its SQLSTATE, or without one by its class."""
    if not isinstance(error, psycopg.Error):
        return Fault.UNEXPECTED
    state = error.sqlstate or ""
    if state == _UNIQUE_VIOLATION and error.diag.constraint_name in _KEYS_BY_SEQUENCE:
        return Fault.DATABASE
    if state == _NOT_SUPPORTED and error.diag.source_function == _STALE_PLAN:
        return Fault.SERVER
    if state:
        return BY_SQLSTATE.get(state, BY_SQLSTATE.get(state[:2], Fault.UNEXPECTED))
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Fault.SERVER  # refused, unresolved, read-only, no answer, the connection lost
    if isinstance(error, psycopg.DataError):
        return Fault.CONTENT  # what the driver cannot even send
    return Fault.UNEXPECTED


def first_line(error: Exception) -> str:
    """What went wrong, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]

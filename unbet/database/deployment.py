"""The deployment of a database and of this process. They are compared at each new connection,
because another database can appear under the same address."""

import threading
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import psycopg
import structlog
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import ProgrammingError

from unbet.database.deadlines import cut_after
from unbet.database.engine import CONNECT_TIMEOUT_S
from unbet.database.faults import first_line
from unbet.database.migrate import SchemaError, act_as_owner

MAX_NAME_LENGTH: Final = 100

_CURRENT: Final = "SELECT id FROM unbet.deployment ORDER BY number DESC LIMIT 1"
_HISTORY: Final = text("""
    SELECT id, origin, recorded_at, recorded_by FROM unbet.deployment ORDER BY number DESC LIMIT 100
""")
_MAY_ASK_ORIGIN: Final = text("""
    SELECT has_function_privilege('pg_control_system()', 'EXECUTE')
""")
_ORIGIN: Final = text("""
    SELECT format('%s/%s', system_identifier, oid)
      FROM pg_control_system(), pg_database
     WHERE datname = current_database()
""")
_RECORD: Final = text("""
    INSERT INTO unbet.deployment (id, origin, recorded_by) VALUES (:id, :origin, :recorded_by)
""")
_AT_WORK: Final = text("""
    SELECT DISTINCT application_name FROM pg_stat_activity
     WHERE datname = current_database()
       AND application_name IN ('unbet-receiver', 'unbet-worker', 'unbet-sweep', 'unbet-console',
                                'unbet-ledger')
     ORDER BY application_name
""")

log = structlog.get_logger("ledger")


class DeploymentError(Exception):
    """The database is another deployment's, or its identity may not be changed now. The text is a
    sentence for a person."""


class WrongDeploymentError(psycopg.OperationalError):
    """The same, where a connection is made: it does not come about."""


class Recorded(NamedTuple):
    """A row of the table."""

    id: UUID
    origin: str | None
    recorded_at: datetime
    recorded_by: str


class Identity:
    """Which deployment this process is of: as its database says, or its settings before that. Once
    known it does not change any more."""

    def __init__(self, expected: UUID | None = None) -> None:
        self._lock = threading.Lock()
        self.id = expected
        """None until it is known."""

    def require(self, found: UUID) -> None:
        """Learn `found`, or compare it. Raises `DeploymentError`."""
        with self._lock:
            self.id = self.id or found
        if found != self.id:
            raise DeploymentError(
                f"the database is of deployment {found}, this process is of {self.id}"
            )


def guard(engine: Engine, identity: Identity) -> Engine:
    """Have each new connection of `engine` compared with `identity`, which learns from the first.
    A database of another deployment counts as one that is away: nothing is decided in it."""

    def compare(driver: Any, _record: object) -> None:
        try:
            with cut_after(CONNECT_TIMEOUT_S, driver):
                row = driver.execute(_CURRENT).fetchone()
                driver.rollback()
            if row is None:
                raise psycopg.OperationalError("the table `deployment` is empty")
            identity.require(row[0])
        except (psycopg.Error, DeploymentError) as error:
            driver.close()
            if isinstance(error, DeploymentError):
                log.error("the database is another deployment's", problem=str(error))
                raise WrongDeploymentError(str(error)) from error
            raise psycopg.OperationalError(first_line(error)) from error

    event.listen(engine, "connect", compare)
    return engine


def current(connection: Connection) -> UUID:
    """Which deployment the database is of."""
    return UUID(str(connection.execute(text(_CURRENT)).scalar_one()))


def require_deployment(connection: Connection, identity: Identity) -> list[str]:
    """At a start: learn which deployment the database is of. Warnings, for the log. Raises
    `DeploymentError` if it is another than the settings say, and `SchemaError`."""
    newest = history(connection)[0]
    try:
        identity.require(newest.id)
    except DeploymentError:
        raise DeploymentError(
            f"the database is of deployment {newest.id}, UNBET_DEPLOYMENT says {identity.id}."
        ) from None
    if is_at_origin(connection, newest):
        return []
    return [
        "this database is not where its identity was recorded. If it is a copy, stop everything "
        "and run `unbet deployment renew`; if it has moved here, run `unbet deployment keep`."
    ]


def history(connection: Connection) -> list[Recorded]:
    """The newest first, at least one. Raises `SchemaError`."""
    try:
        rows = [Recorded(*row) for row in connection.execute(_HISTORY)]
    except ProgrammingError as error:
        raise SchemaError(f"{first_line(error)}: have `unbet roles` applied.") from error
    if not rows:
        raise SchemaError("the table `deployment` is empty: run `unbet deployment renew`.")
    return rows


def is_at_origin(connection: Connection, newest: Recorded) -> bool:
    """Whether this is the database in which `newest` was recorded, as far as can be told. A
    physical standby says the same as its primary; a restored dump, and a database after pg_upgrade,
    does not."""
    here = _origin(connection)
    return None in (here, newest.origin) or here == newest.origin


def record(connection: Connection, *, recorded_by: str, keep: bool) -> Recorded:
    """Give the database a new identity, or, with `keep`, record its own one here. Does not commit.
    Raises `DeploymentError` while processes of ours are connected."""
    at_work = connection.execute(_AT_WORK).scalars().all()
    if at_work:
        raise DeploymentError(f"{', '.join(at_work)} is connected to this database: stop it first.")
    act_as_owner(connection)
    values = {
        "id": history(connection)[0].id if keep else uuid4(),
        "origin": _origin(connection),
        "recorded_by": recorded_by[:MAX_NAME_LENGTH],
    }
    connection.execute(_RECORD, values)
    return history(connection)[0]


def _origin(connection: Connection) -> str | None:
    if not connection.execute(_MAY_ASK_ORIGIN).scalar_one():
        return None
    return str(connection.execute(_ORIGIN).scalar_one())

"""The ledger's connections. Each has limits, none leads to a server that may forget a commit, and a
broken one is not kept."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from unbet.database.deadlines import cut_after, has_connected, no_bare_os_error
from unbet.database.faults import Fault, fault_of_driver
from unbet.database.sequences import lagging
from unbet.runtime.database_url import parameters_of

SESSION_SETTINGS: Final = {
    "lock_timeout": "300ms",  # an operator's open transaction on one bet must not stop a group
    "statement_timeout": "3s",  # a statement that hangs is retried well before the answer is due
    "idle_in_transaction_session_timeout": "5s",  # a stopped process must not keep its locks
    # The plan of a group is made once and holds for all sizes (see `reverse.sql`); making it anew
    # takes milliseconds, and one made while a table was small would read all of a large one.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
    "jit": "off",  # compiling a statement of microseconds takes milliseconds
    "TimeZone": "UTC",
}
SCAN_SETTINGS: Final = {
    "statement_timeout": "0",  # a check of a large ledger takes minutes
    "lock_timeout": "0",  # it reads only, so it waits for nothing but a migration
    # Those above suit groups of some rows; here every row is read.
    "plan_cache_mode": "auto",
    "enable_seqscan": "on",
    "enable_mergejoin": "on",
    # A sort beyond it goes to the disk, and a hash beyond twice as much; a check has a few of both.
    "work_mem": "32MB",
    "max_parallel_workers_per_gather": "0",  # beside the running system: one core, this much once
}
"""For an engine on which whole tables are read."""

CONNECT_TIMEOUT_S: Final = 2
"""For each host, and again for the first words to it."""

KEEPALIVE: Final = {
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "2",
    "tcp_user_timeout": "4000",  # milliseconds: a peer that vanished is noticed, not waited for
}
SESSION_LIFETIME_S: Final = 300
"""Then a session is made anew: nothing tells it that its address leads elsewhere by now."""

TRUSTED_FOR_S: Final = 1.0
"""A session that has been idle for longer is asked whether it is good before it is used: its peer
may have vanished, or have become a standby."""

CHECK_LIMIT_S: Final = 0.3
"""Within a receiver's call to the ledger (0.6 s) there is time left to connect anew."""


class UnsafeDatabaseError(Exception):
    """The server is set so that a commit can be lost (promise P3 could not be kept), or so that no
    cancel could be decided."""


def connect_to(
    database_url: str,
    *,
    name: str,
    pool_size: int = 4,
    limits: dict[str, str] | None = None,
    writes: bool = True,
) -> Engine:
    """An engine on the ledger, at a `postgresql://` URL as libpq takes it. `name` is shown in
    `pg_stat_activity`; `limits` override the session settings for long work such as an audit.

    A server that takes no writes counts as away, unless the URL's `target_session_attrs` says
    otherwise or nothing is to be written (`writes`). Raises `ValueError` for what is no such URL.
    """
    parameters = parameters_of(database_url)
    wanted = parameters.get("target_session_attrs", "read-write" if writes else "any")
    engine = create_engine(
        _sqlalchemy_url(parameters),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,  # seconds; a pool that is empty for longer means trouble
        pool_pre_ping=False,  # `_Watchman` asks less often, and with a limit
        pool_recycle=SESSION_LIFETIME_S,
        hide_parameters=True,  # an error goes to logs and to Flower, players do not
        isolation_level="READ COMMITTED",
        connect_args={
            "target_session_attrs": wanted,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": f"unbet-{name}",
            "client_encoding": "utf8",  # not the shell's, nor the database's
            **KEEPALIVE,
        },
    )
    session = SESSION_SETTINGS | (limits or {})
    _Watchman(session, must_write=wanted in ("read-write", "primary")).watch(engine)
    return engine


class _Watchman:
    """Prepares each session, asks those that were idle, and throws away what is no good."""

    def __init__(self, session: Mapping[str, str], *, must_write: bool) -> None:
        self._settings = [word for setting in session.items() for word in setting]
        self._set = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(session))
        self._must_write = must_write
        self._doubted_at = float("-inf")
        self._lock = threading.Lock()

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "connect", self._connected, insert=True)
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)
        event.listen(engine, "handle_error", self._failed)

    def _connected(self, driver: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
        """Not by the startup parameter `options`, which poolers refuse; one round trip."""
        try:
            has_connected(driver)
            with cut_after(CONNECT_TIMEOUT_S, driver):
                driver.autocommit = True
                driver.execute(self._set.encode(), self._settings)
                driver.autocommit = False
        except psycopg.Error:
            driver.close()  # the pool does not know it yet
            raise
        record.info["good_at"] = time.monotonic()

    def _taken(
        self, driver: psycopg.Connection[Any], record: ConnectionPoolEntry, _fairy: object
    ) -> None:
        good_at = record.info["good_at"]
        if time.monotonic() - good_at < TRUSTED_FOR_S and good_at > self._doubted_at:
            return
        if not self._is_good(driver):
            raise InvalidatePoolError("a session that was idle is no good")
        record.info["good_at"] = time.monotonic()

    def _given_back(
        self, driver: psycopg.Connection[Any] | None, record: ConnectionPoolEntry
    ) -> None:
        if driver is not None:
            record.info["good_at"] = time.monotonic()

    def _is_good(self, driver: psycopg.Connection[Any]) -> bool:
        try:
            with cut_after(CHECK_LIMIT_S, driver):
                found = driver.pgconn.exec_(b"SHOW transaction_read_only").get_value(0, 0)
        except psycopg.Error:
            return False
        return found == b"off" or (found == b"on" and not self._must_write)

    def _failed(self, context: ExceptionContext) -> None:
        fault = fault_of_driver(context.original_exception)
        if context.connection is None:
            # Those that are connected may be good all the same, as where there are too many.
            self._doubted_at = time.monotonic()
        elif fault in (Fault.SESSION, Fault.SERVER):
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = fault is Fault.SERVER


def _connect(
    dialect: Dialect, _record: object, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> DBAPIConnection:
    with no_bare_os_error():
        return dialect.connect(*arguments, **keywords)


def _sqlalchemy_url(parameters: Mapping[str, str]) -> URL:
    left = dict(parameters)
    hosts, ports = left.get("host", "").split(","), left.get("port", "").split(",")
    if len(ports) < len(hosts) and left.get("port"):  # one for all, which SQLAlchemy wants repeated
        left["port"] = ",".join(ports * len(hosts))
    return URL.create(
        "postgresql+psycopg",
        username=left.pop("user", None),
        password=left.pop("password", None),
        database=left.pop("dbname", None),
        query=left,
    )


def require_durability(connection: Connection) -> None:
    """Refuse a server that may forget a commit (P3), or that cannot hold what a provider sends.
    Raises `UnsafeDatabaseError`."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise UnsafeDatabaseError(
            f"the database's encoding is {encoding}: not every reference could be stored. Create "
            "it with ENCODING 'UTF8'."
        )
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        value = connection.execute(
            text("SELECT current_setting(:name)"), {"name": setting}
        ).scalar()
        if value == "off":
            raise UnsafeDatabaseError(
                f"PostgreSQL runs with {setting}=off: a stake that was given back could be "
                f"forgotten in a crash. Set {setting}=on."
            )


class ReadOnlyError(SQLAlchemyError):
    """The server takes no writes: no cancel can be decided or parked on it."""


def require_writable(connection: Connection) -> None:
    """Raise `ReadOnlyError` on a server that takes no writes, such as a standby."""
    if connection.execute(text("SHOW transaction_read_only")).scalar() != "off":
        raise ReadOnlyError


def require_room(connection: Connection) -> None:
    """Refuse a ledger in which no cancel could be decided, its sequences being behind their tables.
    Raises `UnsafeDatabaseError`. What the login may not read is not looked at."""
    for problem in lagging(connection):
        raise UnsafeDatabaseError(problem)

"""The ledger's connections: each with limits, none to a server that may forget a commit."""

from typing import Final

from sqlalchemy import Connection, Engine, create_engine, make_url, text

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
CONNECT_TIMEOUT_S: Final = 2
KEEPALIVE: Final = {
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 4000,  # milliseconds: a peer that vanished is noticed, not waited for
}


class UnsafeDatabaseError(Exception):
    """The server is set so that a commit can be lost: promise P3 could not be kept."""


def connect_to(
    database_url: str, *, name: str, pool_size: int = 4, limits: dict[str, str] | None = None
) -> Engine:
    """An engine on the ledger, at a `postgresql://` URL. `name` is shown in `pg_stat_activity`;
    `limits` override the session settings for long work such as an audit."""
    session = SESSION_SETTINGS | (limits or {})
    return create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,  # seconds; a pool that is empty for longer means trouble, not patience
        pool_pre_ping=False,
        hide_parameters=True,  # an error goes to logs and to Flower, players do not
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": f"unbet-{name}",
            "client_encoding": "utf8",  # not the shell's, nor the database's
            "options": " ".join(f"-c {key}={value}" for key, value in session.items()),
            **KEEPALIVE,
        },
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

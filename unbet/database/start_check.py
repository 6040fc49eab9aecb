"""What every program asks of its database before it works with it."""

from collections.abc import Callable

from sqlalchemy import Connection

from unbet.database.deadlines import CALL_LIMIT_S, connect_within
from unbet.database.deployment import Identity, require_deployment
from unbet.database.engine import connect_to
from unbet.database.pooling import require_own_sessions


def check_database(
    url: str, name: str, identity: Identity, *requirements: Callable[[Connection], None]
) -> list[str]:
    """Refuse a database that is another deployment's, is behind a pooler that shares its sessions,
    or does not meet one of `requirements`; what a person is to be warned of.

    Raises what those raise, and `DBAPIError` where the database is away.
    """
    # By an engine that is not compared: what is wrong with a database is told in its own words.
    engine = connect_to(url, name=f"{name}-start", pool_size=1)
    try:
        with connect_within(engine, CALL_LIMIT_S) as connection:
            for require in requirements:
                require(connection)
            warnings = require_deployment(connection, identity)
        require_own_sessions(engine)
    finally:
        engine.dispose()
    return warnings

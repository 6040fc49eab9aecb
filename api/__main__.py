"""Start a receiver: `python -m api`."""

import sys

import structlog
from sqlalchemy.exc import DBAPIError

from api.app import create_app
from api.protocol import TooFewFilesError
from api.server import serve
from unbet.broker import redis_server
from unbet.database.deployment import DeploymentError, Identity
from unbet.database.engine import UnsafeDatabaseError, require_durability
from unbet.database.faults import first_line
from unbet.database.migrate import SchemaError, require_schema
from unbet.database.start_check import check_database
from unbet.runtime import logs
from unbet.runtime.gc_tuning import collect_rarely
from unbet.runtime.settings import Settings, SettingsError, settings, warn_of_unknown_names
from unbet.spool import SpoolError

log = structlog.get_logger("receiver")


def main() -> None:
    try:
        chosen = settings()
        if not chosen.by_secret():
            raise SettingsError(
                "UNBET_URL_SECRET is not set: without it anybody could cancel bets. "
                "Expected at least 16 characters out of A-Z a-z 0-9 - . _ ~."
            )
        logs.configure(chosen.log_format)
        warn_of_unknown_names()
        identity = Identity(chosen.deployment)
        _check_dependencies(chosen, identity)
        application = create_app(chosen, identity)
    except (
        SettingsError,
        UnsafeDatabaseError,
        SchemaError,
        DeploymentError,
        SpoolError,
        redis_server.UnsafeBrokerError,
    ) as error:
        sys.exit(f"The receiver does not start: {error}")
    collect_rarely()
    try:
        serve(application, chosen)
    except TooFewFilesError as error:
        sys.exit(f"The receiver does not start: {error}")


def _check_dependencies(chosen: Settings, identity: Identity) -> None:
    """Refuse what would break a promise. A dependency that is away is no reason not to start:
    the receiver says so at /readyz and answers 100 (retry) meanwhile."""
    required = (require_durability, require_schema)
    try:
        for warning in check_database(chosen.database_url, "receiver", identity, *required):
            log.warning(warning)
    except DBAPIError as error:
        log.warning("PostgreSQL is away", error=first_line(error))
    for url in {chosen.broker_url, chosen.redis_url}:
        try:
            with redis_server.connect(url) as client:
                for warning in redis_server.check(client):
                    log.warning(warning)
        except redis_server.AWAY as error:
            log.warning("Redis is away", error=str(error))


if __name__ == "__main__":
    main()

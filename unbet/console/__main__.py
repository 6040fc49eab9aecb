"""Start the console: `python -m unbet.console`."""

import logging
import sys

import structlog
import uvicorn
from sqlalchemy.exc import DBAPIError

from unbet.console.app import create_app
from unbet.database.deployment import DeploymentError, Identity
from unbet.database.engine import UnsafeDatabaseError
from unbet.database.faults import first_line
from unbet.database.migrate import SchemaError, require_schema
from unbet.database.start_check import check_database
from unbet.runtime import logs
from unbet.runtime.settings import Settings, SettingsError, settings, warn_of_unknown_names

log = structlog.get_logger("console")


def main() -> None:
    try:
        chosen = settings()
        if not chosen.console_basic_auth:
            raise SettingsError(
                "UNBET_CONSOLE_BASIC_AUTH is not set: without it anybody on this machine could "
                "look at players and close cancels. Expected user:password."
            )
        logs.configure(chosen.log_format)
        warn_of_unknown_names()
        # A line for each look at a receiver.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        _check_schema(chosen)
        application = create_app(chosen)
    except (SettingsError, SchemaError, DeploymentError, UnsafeDatabaseError) as error:
        sys.exit(f"The console does not start: {error}")
    uvicorn.run(
        application,
        # Never elsewhere: passwords travel on it as they are. TLS is a proxy's matter.
        host="127.0.0.1",
        port=chosen.console_port,
        http="httptools",
        ws="none",
        # Addresses of pages hold references and players.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=300,
        # A page that follows never ends by itself.
        timeout_graceful_shutdown=1,
    )


def _check_schema(chosen: Settings) -> None:
    """A ledger of another version is not shown; one that is away is, as away."""
    identity = Identity(chosen.deployment)
    try:
        for warning in check_database(chosen.database_url, "console", identity, require_schema):
            log.warning(warning)
    except DBAPIError as error:
        log.warning("PostgreSQL is away", error=first_line(error))


if __name__ == "__main__":
    main()

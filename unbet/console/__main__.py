"""Start the console: `python -m unbet.console`."""

import logging

import uvicorn

from unbet.console.app import create_app
from unbet.database.deployment import Identity
from unbet.database.migrate import require_schema
from unbet.runtime import logs
from unbet.runtime.settings import ConsoleSettings, SettingsError, read, warn_of_unknown_names
from unbet.start import check_database, starting, unless_away

NAME = "console"


def main() -> None:
    with starting(NAME):
        chosen = read(ConsoleSettings)
        if not chosen.console_basic_auth:
            raise SettingsError(
                "UNBET_CONSOLE_BASIC_AUTH is not set: without it anybody on this machine could "
                "look at players and close cancels. Expected user:password."
            )
        logs.configure(chosen.log_format)
        warn_of_unknown_names()
        # A line for each look at a receiver.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # A ledger of another version is not shown; one that is away is, as away.
        identity = Identity(chosen.deployment)
        with unless_away(NAME):
            check_database(chosen.database_url, NAME, identity, require_schema)
        application = create_app(chosen, identity)
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


if __name__ == "__main__":
    main()

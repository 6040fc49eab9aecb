"""Start a receiver: `python -m api`."""

import structlog

from api.app import create_app
from api.protocol import TooFewFilesError
from api.server import serve
from unbet.database.deployment import Identity
from unbet.database.engine import require_durability
from unbet.database.migrate import require_schema
from unbet.runtime import logs
from unbet.runtime.gc_tuning import tune_gc
from unbet.runtime.settings import ReceiverSettings, SettingsError, read, warn_of_unknown_names
from unbet.spool import SpoolError
from unbet.start import check_database, check_redis, starting, unless_away

NAME = "receiver"


def main() -> None:
    with starting(NAME, SpoolError):
        chosen = read(ReceiverSettings)
        if not chosen.by_secret():
            raise SettingsError(
                "UNBET_URL_SECRET is not set: without it anybody could cancel bets. "
                "Expected at least 16 characters out of A-Z a-z 0-9 - . _ ~."
            )
        logs.configure(chosen.log_format)
        warn_of_unknown_names()
        identity = Identity(chosen.deployment)
        if chosen.wallet_dry_run:
            structlog.get_logger(NAME).warning("a dry run: no cancel is decided")
        _check_dependencies(chosen, identity)
        application = create_app(chosen, identity)
    tune_gc()
    with starting(NAME, TooFewFilesError):
        serve(application, chosen)


def _check_dependencies(chosen: ReceiverSettings, identity: Identity) -> None:
    """Refuse what would break a promise. A dependency that is away is no reason not to start:
    the receiver says so at /readyz and answers 100 (retry) meanwhile."""
    required = (require_durability, require_schema)
    with unless_away(NAME):
        check_database(chosen.database_url, NAME, identity, *required)
    for url in {chosen.broker_url, chosen.redis_url}:
        with unless_away(NAME):
            check_redis(url, NAME)


if __name__ == "__main__":
    main()

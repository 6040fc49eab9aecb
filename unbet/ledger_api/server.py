"""The web server under the ledger: uvicorn, within a receiver's bounds on connections."""

import sys
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.protocol import Bounded, TooFewFilesError, raise_file_limit
from unbet.core.wallet_names import LEDGER
from unbet.database.deployment import Identity
from unbet.database.engine import require_durability, require_room
from unbet.database.faults import first_line
from unbet.database.migrate import require_schema
from unbet.journal.routes import require_recorded
from unbet.ledger_api.app import create_app
from unbet.ledger_api.calls import DEADLINE_S
from unbet.runtime.retrying import retry_until
from unbet.runtime.settings import LedgerServerSettings, SettingsError
from unbet.start import AWAY, check_database, refuse, starting

NAME: Final = "ledger"
START_LIMIT_S: Final = 30.0
"""How long it waits for its database at the start."""
MAX_START_PAUSE_S: Final = 1.0

log = structlog.get_logger(NAME)


def serve(chosen: LedgerServerSettings) -> None:
    """Serve until a signal ends it."""
    with starting(NAME, TooFewFilesError):
        _require_ledger(chosen.wallets())
        identity = Identity(chosen.deployment)
        _require_a_safe_database(chosen, identity)
        Bounded.max_connections = raise_file_limit()
        application = create_app(chosen, identity)
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=chosen.ledger_host,
            port=chosen.ledger_port,
            loop="uvloop",
            http=Bounded,
            ws="none",
            # Questions about balances hold players.
            access_log=False,
            log_config=None,
            server_header=False,
            # Whose address a request comes from is not for its sender to say.
            proxy_headers=False,
            # What is held gets its answer before a stop.
            timeout_graceful_shutdown=int(DEADLINE_S) + 1,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _require_a_safe_database(chosen: LedgerServerSettings, identity: Identity) -> None:
    """Wait for the database: without it nothing can be served, and what was never looked at could
    lose what was answered."""
    required = (
        *(require_durability, require_schema, require_room),
        require_recorded(chosen.wallet_choice()),
    )
    try:
        retry_until(
            time.monotonic() + START_LIMIT_S,
            lambda: check_database(chosen.database_url, NAME, identity, *required),
            errors=AWAY,
            may_retry=_report,
            max_pause_s=MAX_START_PAUSE_S,
        )
    except AWAY as error:
        refuse(NAME, first_line(error))


def _report(error: Exception) -> bool:
    log.warning("waiting for the database", error=first_line(error))
    return True


def _require_ledger(wallets: Collection[str]) -> None:
    """Refuse to take bets that no cancel would find. Raises `SettingsError`."""
    if LEDGER not in wallets:
        raise SettingsError(
            "UNBET_LEDGER_TOKENS is set, and no provider's bets are in the built-in ledger: "
            f"UNBET_WALLET and the endpoints name {', '.join(wallets)}."
        )

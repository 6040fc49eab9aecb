"""The web server under the ledger: uvicorn, within a receiver's bounds on connections."""

import sys
from collections.abc import Collection
from contextlib import suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.protocol import Bounded, TooFewFilesError, raise_file_limit
from unbet.core.wallet_names import LEDGER
from unbet.database.deployment import Identity
from unbet.database.engine import require_durability
from unbet.database.migrate import require_schema
from unbet.ledger_api.app import create_app
from unbet.ledger_api.calls import DEADLINE_S
from unbet.runtime.settings import LedgerServerSettings, SettingsError
from unbet.start import check_database, starting, unless_away

NAME = "ledger"


def serve(chosen: LedgerServerSettings) -> None:
    """Serve until a signal ends it. A database that is away is no reason not to start."""
    with starting(NAME, TooFewFilesError):
        _require_ledger(chosen.wallets())
        identity = Identity(chosen.deployment)
        with unless_away(NAME):
            check_database(chosen.database_url, NAME, identity, require_durability, require_schema)
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


def _require_ledger(wallets: Collection[str]) -> None:
    """Refuse to take bets that no cancel would find. Raises `SettingsError`."""
    if LEDGER not in wallets:
        raise SettingsError(
            "UNBET_LEDGER_TOKENS is set, and no provider's bets are in the built-in ledger: "
            f"UNBET_WALLET and UNBET_ENDPOINTS name {', '.join(wallets)}."
        )

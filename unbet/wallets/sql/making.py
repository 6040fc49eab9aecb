"""Makes the wallet of an operator's function, and looks whether the function is there."""

from typing import Final

from sqlalchemy import Connection, Engine, text

from unbet.database.engine import UnsafeDatabaseError
from unbet.runtime.settings import SettingsError, WalletSettings, read
from unbet.wallets.dry_run import RolledBack
from unbet.wallets.sql.wallet import LOCK_WAIT_S, SqlWallet, call_function, decide

RETURNS: Final = (
    "TABLE(request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)"
)
_FIND_FUNCTION: Final = text("""
    SELECT pg_get_function_result(oid) AS returns, provolatile = 'v' AS may_write,
           has_function_privilege(oid, 'EXECUTE') AS may_call
      FROM pg_proc
     WHERE oid = to_regprocedure('unbet_cancel(jsonb)')
""")


def make(engine: Engine, *, hold_unknown: bool, parked: bool) -> SqlWallet:
    """As `chosen.Factory`."""
    if hold_unknown:
        raise SettingsError(
            "UNBET_UNKNOWN_REFERENCE is hold, and UNBET_WALLET is sql: only the built-in ledger "
            "can hold the cancel of an unknown bet. Your function decides it."
        )
    return wallet_of(read(WalletSettings), engine, parked=parked)


def wallet_of(variables: WalletSettings, engine: Engine, *, parked: bool) -> SqlWallet:
    """What the scaffold begins with refuses late bets: an operator whose Bet does not says so."""
    closes_unknown = variables.wallet_closes_unknown is not False
    # The sweep does not wait for locks: the next round tries again.
    lock_wait_s = 0.0 if parked else LOCK_WAIT_S
    return SqlWallet(
        engine,
        parked=parked,
        lock_wait_s=lock_wait_s,
        closes_unknown=closes_unknown,
        cancels_rounds=variables.wallet_cancels_rounds,
    )


def make_dry_run(engine: Engine, *, hold_unknown: bool) -> RolledBack:
    """As `chosen.DryRunFactory`."""
    del hold_unknown  # refused by `make`
    own = wallet_of(read(WalletSettings), engine, parked=False)
    return RolledBack(engine, own.abilities, decide)


def make_to_ask(engine: Engine) -> RolledBack:
    """For `chosen.wallet_to_ask`: the function alone, without the journal."""
    own = wallet_of(read(WalletSettings), engine, parked=False)
    return RolledBack(engine, own.abilities, call_function)


def require_function(connection: Connection) -> None:
    """Refuse a database without the function, or one in which it is not what it should be. Raises
    `UnsafeDatabaseError`."""
    found = connection.execute(_FIND_FUNCTION).one_or_none()
    if found is None:
        raise UnsafeDatabaseError(
            "UNBET_WALLET is sql, and the database has no function unbet_cancel(jsonb) on the "
            "login's search_path. `unbet wallet scaffold` prints one to begin with."
        )
    if found.returns != RETURNS:
        raise UnsafeDatabaseError(f"unbet_cancel returns {found.returns}, expected {RETURNS}.")
    if not found.may_write:
        raise UnsafeDatabaseError("unbet_cancel is not VOLATILE: it could not move money.")
    if not found.may_call:
        raise UnsafeDatabaseError(
            "this login may not call unbet_cancel. GRANT EXECUTE ON FUNCTION unbet_cancel(jsonb) "
            "TO unbet_worker."
        )

"""What `unbet wallet scaffold` prints works in tables of other names, and may be run again."""

from sqlalchemy import Engine

from tests.wallets.contract import require_kept, results_of
from tests.wallets.sql_casino import EXAMPLE, FUNCTION, SqlCasino, run_sql
from unbet.wallets.sql.scaffold import scaffold
from unbet.wallets.sql.wallet import SqlWallet

RENAME = """
    CREATE SCHEMA casino;
    ALTER TABLE users SET SCHEMA casino;
    ALTER TABLE casino.users RENAME TO players;
    ALTER TABLE transactions RENAME TO wagers;
"""
VIEWS = """
    CREATE VIEW public.users AS TABLE casino.players;
    CREATE VIEW public.transactions AS TABLE wagers;
"""
"""The example's Bet and Result know their own names only."""


def test_with_other_names_it_cancels_in_other_tables(
    engine: Engine, sql_wallet: SqlWallet, database_url: str
) -> None:
    run_sql(database_url, (EXAMPLE / "tables.sql").read_text() + RENAME)
    run_sql(database_url, scaffold("casino.players", "wagers"))
    run_sql(database_url, VIEWS + (EXAMPLE / "bets.sql").read_text())
    casino = SqlCasino(engine)
    rule = "a split stake goes back where it came from"
    require_kept(results_of(sql_wallet, casino, engine, rule))


def test_installed_again_it_changes_nothing(
    database_url: str, sql_casino: SqlCasino, sql_wallet: SqlWallet
) -> None:
    run_sql(database_url, FUNCTION)
    rule = "a bet that stands is given back before success is told"
    require_kept(results_of(sql_wallet, sql_casino, sql_casino.engine, rule))

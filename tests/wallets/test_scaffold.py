"""What `unbet wallet scaffold` prints works in tables of other names, and may be run again."""

from sqlalchemy import Engine

from tests.wallets.contract import WalletContract
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
    WalletContract().test_a_split_stake_returns_to_where_it_came_from(sql_wallet, casino)


def test_installed_again_it_changes_nothing(
    database_url: str, sql_casino: SqlCasino, sql_wallet: SqlWallet
) -> None:
    run_sql(database_url, FUNCTION)
    WalletContract().test_a_bet_that_stands_is_given_back(sql_wallet, sql_casino)

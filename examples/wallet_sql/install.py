"""`python -m examples.wallet_sql.install` makes the tables and the functions, as `psql` would."""

from pathlib import Path
from typing import Final

from examples.wallet_sql.casino import casino_of_environment

SCRIPTS: Final = ("tables.sql", "unbet_cancel.sql", "bets.sql")

if __name__ == "__main__":
    with casino_of_environment().engine.begin() as connection:
        for name in SCRIPTS:
            connection.exec_driver_sql(Path(__file__).with_name(name).read_text("utf-8"))

"""`python -m examples.wallet_sql.install` makes the tables and the functions in
CASINO_DATABASE_URL, as `psql` would."""

from pathlib import Path
from typing import Final

from examples.casino.database import engine_of_environment

SCRIPTS: Final = ("tables.sql", "unbet_cancel.sql", "bets.sql")

if __name__ == "__main__":
    with engine_of_environment().connect() as connection:
        as_it_stands = connection.execution_options(no_parameters=True)
        for name in SCRIPTS:
            as_it_stands.exec_driver_sql(Path(__file__).with_name(name).read_text("utf-8"))
        connection.commit()

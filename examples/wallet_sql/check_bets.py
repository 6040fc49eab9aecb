"""`unbet wallet check --command "python -m examples.wallet_sql.check_bets"`, with
CASINO_DATABASE_URL."""

from examples.casino.check_bets import answer_lines
from examples.casino.database import engine_of_environment
from examples.wallet_sql.casino import SqlCasino

if __name__ == "__main__":
    answer_lines(SqlCasino(engine_of_environment()))

"""`unbet wallet check --command "python -m examples.wallet_sql.check_bets"`"""

from examples.casino.check_bets import answer_lines
from examples.wallet_sql.casino import casino_of_environment

if __name__ == "__main__":
    answer_lines(casino_of_environment())

"""`unbet wallet check --command "python -m examples.wallet_http.check_bets"`: places and looks at
bets for the check, a line of JSON in, a line of JSON out (docs/wallets.md)."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal

from sqlalchemy import Engine, create_engine, text

from examples.wallet_http.bets import Bets

CURRENCY = "EUR"
# Whatever the service is doing then fails in the middle, as it does when the database restarts.
INTERRUPT = text("""
    SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
""")

Request = Mapping[str, str]


class CheckBets:
    """One method for each request of the check, which answers it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def player(self, _request: Request) -> dict[str, object]:
        return {"player": f"check-{secrets.token_hex(8)}", "currency": CURRENCY}

    def deposit(self, request: Request) -> dict[str, object]:
        amount, nothing = Decimal(request["amount"]), Decimal(0)
        cash, bonus = (nothing, amount) if request["bonus"] else (amount, nothing)
        self.bets(request).deposit(request["player"], cash, bonus)
        return {}

    def bet(self, request: Request) -> dict[str, object]:
        player, reference, amount = (request[name] for name in ("player", "reference", "amount"))
        return {"taken": self.bets(request).place(player, reference, Decimal(amount))}

    def settle(self, request: Request) -> dict[str, object]:
        self.bets(request).settle(request["reference"], Decimal(request["amount"]))
        return {}

    def freeze(self, request: Request) -> dict[str, object]:
        self.bets(request).freeze(request["player"])
        return {}

    def money(self, request: Request) -> dict[str, object]:
        cash, bonus = self.bets(request).balance(request["player"])
        return {"cash": format(cash, "f"), "bonus": format(bonus, "f")}

    def interrupt(self, _request: Request) -> dict[str, object]:
        with self._engine.connect() as connection:
            connection.execute(INTERRUPT)
        return {}

    def bets(self, request: Request) -> Bets:
        """Of the request's provider."""
        return Bets(self._engine, request.get("provider", ""), CURRENCY)


def main() -> None:
    checked = CheckBets(create_engine(os.environ["CASINO_DATABASE_URL"], pool_size=1))
    for line in sys.stdin:
        request = json.loads(line)
        answer: Callable[[Request], dict[str, object]] = getattr(checked, request["do"])
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""`unbet wallet check --command "python examples/wallet_sql/check_bets.py"`: places and looks at
bets for the check, a line of JSON in, a line of JSON out (docs/wallets.md)."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, create_engine, text

CURRENCY = "EUR"
PLAYER = text("INSERT INTO users (id, currency) VALUES (:player, :currency)")
DEPOSIT = text("""
    UPDATE users
       SET cash = cash + CASE WHEN :bonus THEN 0 ELSE CAST(:amount AS numeric) END,
           bonus = bonus + CASE WHEN :bonus THEN CAST(:amount AS numeric) ELSE 0 END
     WHERE id = :player
""")
BET = text("""
    SELECT place_bet(:provider, :reference, :player, :currency, CAST(:amount AS numeric))
""")
SETTLE = text("SELECT settle_bet(:provider, :reference, CAST(:amount AS numeric))")
FREEZE = text("UPDATE users SET frozen = true WHERE id = :player")
MONEY = text("SELECT cash::text, bonus::text FROM users WHERE id = :player")

Request = Mapping[str, Any]


class CheckBets:
    """One method for each request of the check, which answers it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def player(self, _request: Request) -> dict[str, object]:
        player = {"player": f"check-{secrets.token_hex(8)}", "currency": CURRENCY}
        self._do(PLAYER, player)
        return {**player}

    def deposit(self, request: Request) -> dict[str, object]:
        self._do(DEPOSIT, request)
        return {}

    def bet(self, request: Request) -> dict[str, object]:
        return {"taken": self._do(BET, request)[0][0] == "placed"}

    def settle(self, request: Request) -> dict[str, object]:
        self._do(SETTLE, request)
        return {}

    def freeze(self, request: Request) -> dict[str, object]:
        self._do(FREEZE, request)
        return {}

    def money(self, request: Request) -> dict[str, object]:
        ((cash, bonus),) = self._do(MONEY, request)
        return {"cash": cash, "bonus": bonus}

    def _do(self, statement: Any, values: Request) -> Any:
        with self._engine.begin() as connection:
            result = connection.execute(statement, values)
            return result.all() if result.returns_rows else []


def main() -> None:
    url = os.environ["UNBET_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    checked = CheckBets(create_engine(url, pool_size=1))
    for line in sys.stdin:
        request = json.loads(line)
        answer: Callable[[Request], dict[str, object]] = getattr(checked, request["do"])
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""The casino, whose rules are the functions of `bets.sql`."""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine, TextClause, text

from examples.casino.database import transact

DEPOSIT: Final = text("""
    INSERT INTO public.users (id, currency, cash, bonus)
    VALUES (:player, :currency, :cash, :bonus)
        ON CONFLICT (id) DO UPDATE
       SET cash = users.cash + excluded.cash, bonus = users.bonus + excluded.bonus
""")
BET: Final = text("SELECT public.place_bet(:provider, :reference, :player, :currency, :amount)")
SETTLE: Final = text("SELECT public.settle_bet(:provider, :reference, :win)")
FREEZE: Final = text("UPDATE public.users SET frozen = true WHERE id = :player")
BALANCE: Final = text("""
    SELECT cash, bonus FROM public.users WHERE id = :player AND currency = :currency
""")


class SqlCasino:
    """A `Casino`. A player has one currency."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def deposit(self, player: str, currency: str, cash: Decimal, bonus: Decimal) -> None:
        self._do(DEPOSIT, player=player, currency=currency, cash=cash, bonus=bonus)

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        whose = {"player": player, "currency": currency}
        bet = {"provider": provider, "reference": reference, "amount": amount}
        return str(self._do(BET, **whose, **bet)[0][0])

    def settle(self, provider: str, reference: str, win: Decimal) -> str:
        return str(self._do(SETTLE, provider=provider, reference=reference, win=win)[0][0])

    def freeze(self, player: str) -> None:
        self._do(FREEZE, player=player)

    def balance(self, player: str, currency: str) -> tuple[Decimal, Decimal]:
        found = self._do(BALANCE, player=player, currency=currency)
        return (found[0].cash, found[0].bonus) if found else (Decimal(0), Decimal(0))

    def _do(self, statement: TextClause, **values: object) -> Any:
        def work(connection: Connection) -> Any:
            result = connection.execute(statement, values)
            return result.all() if result.returns_rows else []

        return transact(self.engine, work)

"""The built-in ledger: its bets lie beside the journal."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine

from testbed.chaos.evidence import WalletRows
from testbed.chaos.program import Program
from testbed.chaos.system import PROVIDER_ID, System
from testbed.provider import LedgerOperator, Operator

ROWS: Final = WalletRows(
    bets="SELECT reference, state, user_id, currency, amount, outcome FROM unbet_ledger.bets WHERE",
    wins="SELECT bet_reference, amount FROM unbet_ledger.wins WHERE refusal IS NULL AND",
    wins_reference="bet_reference",
    doubled="""
    WITH moved AS (
        SELECT transfers.bet_id, transfers.kind, count(DISTINCT transfers.id) AS transfers,
               coalesce(sum(entries.amount) FILTER (WHERE accounts.kind IN ('cash', 'bonus')), 0)
                   AS amount
          FROM unbet_ledger.transfers
          LEFT JOIN unbet_ledger.entries ON entries.transfer_id = transfers.id
          LEFT JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
         WHERE transfers.kind IN ('bet', 'reversal')
         GROUP BY transfers.bet_id, transfers.kind
    )
    SELECT bets.reference, moved.kind, moved.transfers, moved.amount, bets.amount AS stake
      FROM moved
      JOIN unbet_ledger.bets ON bets.id = moved.bet_id
     WHERE moved.transfers > 1 OR abs(moved.amount) > coalesce(bets.amount, 0)
     UNION ALL
    SELECT reference, 'row', count(*), 0, 0 FROM unbet_ledger.bets
     GROUP BY reference HAVING count(*) > 1
""",
    money="""
    WITH paid_in AS (
        SELECT user_id, currency, sum(amount) AS amount FROM unbet_ledger.deposits
         GROUP BY user_id, currency
    ), standing AS (
        SELECT user_id, currency, sum(amount) AS amount FROM unbet_ledger.bets
         WHERE state IN ('placed', 'settled') GROUP BY user_id, currency
    ), won AS (
        SELECT user_id, currency, sum(wins.amount) AS amount
          FROM unbet_ledger.wins JOIN unbet_ledger.bets ON bets.reference = wins.bet_reference
                             AND bets.provider = wins.provider
         WHERE wins.refusal IS NULL GROUP BY user_id, currency
    ), has AS (
        SELECT owner AS user_id, currency, sum(balance) AS amount FROM unbet_ledger.accounts
         WHERE kind IN ('cash', 'bonus') GROUP BY owner, currency
    )
    SELECT user_id, currency, coalesce(has.amount, 0) AS has,
           coalesce(paid_in.amount, 0) - coalesce(standing.amount, 0) + coalesce(won.amount, 0)
               AS due
      FROM has
      FULL JOIN paid_in USING (user_id, currency)
      FULL JOIN standing USING (user_id, currency)
      FULL JOIN won USING (user_id, currency)
     WHERE coalesce(has.amount, 0) <> coalesce(paid_in.amount, 0)
                                    - coalesce(standing.amount, 0) + coalesce(won.amount, 0)
""",
    standing_bets="SELECT FROM unbet_ledger.bets WHERE state = 'placed' ORDER BY id DESC LIMIT 5"
    " FOR UPDATE SKIP LOCKED",
    account="SELECT FROM unbet_ledger.accounts WHERE kind = 'cash' AND owner = %s FOR UPDATE",
)


class Ledger:
    """As `WalletUnderTest`."""

    name = "ledger"
    rows = ROWS
    has_audit = True

    def install(self, system: System) -> None:
        """`unbet migrate` has made it."""

    def programs(self) -> list[Program]:
        return []

    def variables(self) -> Mapping[str, str]:
        return {}

    def operator(self, engine: Engine) -> Operator:
        return LedgerOperator(engine, PROVIDER_ID)

    def service_url(self, system: System) -> str:
        return system.service_url

    def url(self, system: System) -> str:
        return system.postgres.url

    def stop(self) -> None:
        """Nothing of it runs by itself."""

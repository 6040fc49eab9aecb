"""The money: accounts, bets and their reversal, in PostgreSQL.

An operator's own Bet and Result endpoints use the functions named here. Each takes a connection,
does its work in the caller's transaction and does not commit; `transact` makes one.
"""

from ledger.bets import place_all, place_bet
from ledger.deposits import deposit, deposit_all
from ledger.engine import connect_to
from ledger.operations import (
    Balance,
    Bet,
    Deposit,
    InvalidOperationError,
    Purse,
    Refusal,
    Result,
    Settlement,
    StakeOrder,
    Status,
)
from ledger.players import balance, freeze, is_frozen, unfreeze
from ledger.settlements import settle_all, settle_bet
from ledger.transaction import transact

__all__ = [
    "Balance",
    "Bet",
    "Deposit",
    "InvalidOperationError",
    "Purse",
    "Refusal",
    "Result",
    "Settlement",
    "StakeOrder",
    "Status",
    "balance",
    "connect_to",
    "deposit",
    "deposit_all",
    "freeze",
    "is_frozen",
    "place_all",
    "place_bet",
    "settle_all",
    "settle_bet",
    "transact",
    "unfreeze",
]

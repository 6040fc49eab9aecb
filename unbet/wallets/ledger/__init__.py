"""The money: accounts, bets and their reversal, in PostgreSQL.

An operator's own Bet and Result endpoints use the functions named here. Each takes a connection,
does its work in the caller's transaction and does not commit; `transact` makes one. They are for
bets that are in this ledger: where `UNBET_WALLET` names another wallet, cancels do not look here.

What decides a cancel is `reversal.py`, from the queue as from the sweep (`sweeping.py`); groups of
which some stand in the way of the others go on in `unbet/wallets/parts.py`. What a person does by
hand is apart from that, in `interventions.py` and `closing.py`.
"""

from unbet.database.engine import connect_to
from unbet.database.transaction import transact
from unbet.wallets.ledger.bets import place_all, place_bet
from unbet.wallets.ledger.deposits import deposit, deposit_all
from unbet.wallets.ledger.operations import (
    Balance,
    BalanceType,
    Bet,
    BonusConversion,
    Correction,
    Deposit,
    Direction,
    EndKind,
    InvalidOperationError,
    Purse,
    Refusal,
    Result,
    Settlement,
    StakeOrder,
    Status,
    Withdrawal,
    WithdrawalEnd,
)
from unbet.wallets.ledger.player_operations import (
    convert_all,
    convert_bonus,
    correct,
    correct_all,
    hold_all,
    hold_withdrawal,
)
from unbet.wallets.ledger.players import balance, freeze, is_frozen, unfreeze
from unbet.wallets.ledger.settlements import settle_all, settle_bet
from unbet.wallets.ledger.withdrawal_ends import (
    complete_withdrawal,
    end_all,
    release_withdrawal,
)

__all__ = [
    "Balance",
    "BalanceType",
    "Bet",
    "BonusConversion",
    "Correction",
    "Deposit",
    "Direction",
    "EndKind",
    "InvalidOperationError",
    "Purse",
    "Refusal",
    "Result",
    "Settlement",
    "StakeOrder",
    "Status",
    "Withdrawal",
    "WithdrawalEnd",
    "balance",
    "complete_withdrawal",
    "connect_to",
    "convert_all",
    "convert_bonus",
    "correct",
    "correct_all",
    "deposit",
    "deposit_all",
    "end_all",
    "freeze",
    "hold_all",
    "hold_withdrawal",
    "is_frozen",
    "place_all",
    "place_bet",
    "release_withdrawal",
    "settle_all",
    "settle_bet",
    "transact",
    "unfreeze",
]

"""Posts transfers: players' accounts are locked in id order, then all transfers are written in
bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import BalanceType


class AccountKey(NamedTuple):
    """An account by what makes it unique."""

    owner: str
    currency: str
    kind: str

    @classmethod
    def player(cls, user_id: str, currency: str, balance_type: BalanceType) -> "AccountKey":
        return cls(user_id, currency, balance_type.value)

    @classmethod
    def held(cls, user_id: str, currency: str) -> "AccountKey":
        """The player's money in withdrawals that have not ended."""
        return cls(user_id, currency, "held")

    @classmethod
    def house(cls, provider: str, currency: str) -> "AccountKey":
        """The operator's side of a provider's bets and wins."""
        return cls(provider, currency, "house")

    @classmethod
    def funding(cls, currency: str) -> "AccountKey":
        """Where deposits come from, and withdrawals go."""
        return cls("", currency, "funding")

    @classmethod
    def corrections(cls, currency: str) -> "AccountKey":
        """The operator's side of corrections."""
        return cls("", currency, "correction")


@dataclass
class _Account:
    id: int
    balance: Decimal | None
    moved: bool = False


class PostingBatch:
    """The accounts of one transaction: players' locked, moves collected, then written at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._accounts: dict[AccountKey, _Account] = {}
        self._transfers: list[dict[str, object]] = []
        self._entries: list[dict[str, object]] = []
        self._free_ids: list[int] = []

    def open(
        self, keys: Iterable[AccountKey], *, transfers: int, add: Iterable[AccountKey] = ()
    ) -> None:
        """Lock the accounts `keys` and `add`; those of `add` are made where missing.

        Up to `transfers` moves can follow. Their ids are taken here, under the locks, so that an
        account's entries in the order of their transfers are its history.
        """
        added = sorted(set(add))
        self._connection.execute(_ADD_MISSING, _wanted(added))
        wanted = _wanted({*keys, *added})
        for statement in (_LOCK_PLAYERS, _FIND_OPERATORS):
            for account_id, balance, *key in self._connection.execute(statement, wanted):
                self._accounts[AccountKey(*key)] = _Account(account_id, balance)
        ids = self._connection.execute(_TAKE_IDS, {"count": transfers}).scalars()
        self._free_ids = sorted(ids, reverse=True)

    def balance(self, key: AccountKey) -> Decimal:
        """What a player's account holds after the moves so far; 0 if there is no such account."""
        account = self._accounts.get(key)
        return Decimal(0) if account is None or account.balance is None else account.balance

    def take_id(self) -> int:
        """The id of the transfer that is moved next."""
        return self._free_ids.pop()

    def move(
        self,
        transfer_id: int,
        kind: str,
        legs: Mapping[AccountKey, Decimal],
        bet_id: int | None = None,
    ) -> None:
        """Add a transfer. `legs` sum to zero; those of 0 make no entry."""
        self._transfers.append({"id": transfer_id, "kind": kind, "bet_id": bet_id})
        for key, amount in legs.items():
            if amount == 0:
                continue
            account = self._accounts[key]
            if account.balance is not None:
                account.balance = EXACT.add(account.balance, amount)
                account.moved = True
            entry = {"transfer_id": transfer_id, "account_id": account.id, "amount": amount}
            self._entries.append(entry | {"balance_after": account.balance})

    def write(self) -> None:
        """Send the moves to the database: one statement a table."""
        if self._transfers:
            self._connection.execute(_ADD_TRANSFERS, columns(_TRANSFER, self._transfers))
        if self._entries:
            self._connection.execute(_ADD_ENTRIES, columns(_ENTRY, self._entries))
        moved = [account for account in self._accounts.values() if account.moved]
        if moved:
            self._connection.execute(_SET_BALANCES, columns(("id", "balance"), map(vars, moved)))


_TRANSFER: Final = ("id", "kind", "bet_id")
_ENTRY: Final = ("transfer_id", "account_id", "amount", "balance_after")
_WANTED: Final = """
    unnest(CAST(:owner AS text[]), CAST(:currency AS text[]), CAST(:kind AS text[]))
        AS wanted (owner, currency, kind)
"""
_ADD_MISSING: Final = text(f"""
    INSERT INTO unbet_ledger.accounts (owner, currency, kind, balance)
    SELECT owner, currency, kind, CASE WHEN kind IN ('cash', 'bonus', 'held') THEN 0 END
      FROM {_WANTED}
     WHERE NOT EXISTS (SELECT FROM unbet_ledger.accounts
                        WHERE (accounts.owner, accounts.currency, accounts.kind)
                            = (wanted.owner, wanted.currency, wanted.kind))
     ORDER BY owner COLLATE "C", currency COLLATE "C", kind COLLATE "C"
        ON CONFLICT DO NOTHING
""")  # noqa: S608 - no value is formatted in
_LOCK_PLAYERS: Final = text(f"""
    SELECT id, balance, owner, currency, kind
      FROM unbet_ledger.accounts JOIN {_WANTED} USING (owner, currency, kind)
     WHERE balance IS NOT NULL
     ORDER BY id
       FOR NO KEY UPDATE OF accounts
""")  # noqa: S608
_FIND_OPERATORS: Final = text(f"""
    SELECT id, balance, owner, currency, kind
      FROM unbet_ledger.accounts JOIN {_WANTED} USING (owner, currency, kind)
     WHERE balance IS NULL
""")  # noqa: S608
_TAKE_IDS: Final = text("""
    SELECT nextval(pg_get_serial_sequence('unbet_ledger.transfers', 'id'))
      FROM generate_series(1, CAST(:count AS integer))
""")
_ADD_TRANSFERS: Final = text("""
    INSERT INTO unbet_ledger.transfers (id, kind, bet_id)
    SELECT * FROM unnest(CAST(:id AS bigint[]), CAST(:kind AS text[]), CAST(:bet_id AS bigint[]))
""")
_ADD_ENTRIES: Final = text("""
    INSERT INTO unbet_ledger.entries (transfer_id, account_id, amount, balance_after)
    SELECT * FROM unnest(CAST(:transfer_id AS bigint[]), CAST(:account_id AS bigint[]),
                         CAST(:amount AS numeric[]), CAST(:balance_after AS numeric[]))
""")
_SET_BALANCES: Final = text("""
    UPDATE unbet_ledger.accounts SET balance = new.balance
      FROM unnest(CAST(:id AS bigint[]), CAST(:balance AS numeric[])) AS new (id, balance)
     WHERE accounts.id = new.id
""")


def columns(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> dict[str, list[object]]:
    """An array for each of `names`, for `unnest`: of that the planner expects few rows, and looks
    each up by its key. Of a JSON's it expects a hundred, for which it reads a small table whole,
    and goes on to when the table is no longer small."""
    found = list(rows)
    return {name: [row[name] for row in found] for name in names}


def _wanted(keys: Iterable[AccountKey]) -> dict[str, list[object]]:
    return columns(AccountKey._fields, (key._asdict() for key in keys))

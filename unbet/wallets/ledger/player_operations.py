"""Withdrawals, corrections and conversions of bonus: a player's balance is changed once per
reference, or the operation is refused, and stays so."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import (
    BalanceType,
    BonusConversion,
    Correction,
    Direction,
    Refusal,
    Result,
    Status,
    Withdrawal,
)
from unbet.wallets.ledger.players import frozen_among
from unbet.wallets.ledger.posting import AccountKey, PostingBatch, columns

_ADD: Final = text("""
    INSERT INTO unbet_ledger.operations (kind, reference, user_id, currency, balance_type, amount,
                                         reason, made_by, transfer_id)
    SELECT *
      FROM unnest(CAST(:kind AS text[]), CAST(:reference AS text[]), CAST(:user_id AS text[]),
                  CAST(:currency AS text[]), CAST(:balance_type AS text[]),
                  CAST(:amount AS numeric[]), CAST(:reason AS text[]), CAST(:made_by AS text[]),
                  CAST(:transfer_id AS bigint[]))
           AS operation (kind, reference, user_id, currency, balance_type, amount, reason, made_by,
                         transfer_id)
     ORDER BY reference COLLATE "C"
        ON CONFLICT DO NOTHING
    RETURNING reference, transfer_id
""")
_REFUSE: Final = text("""
    INSERT INTO unbet_ledger.refused_operations (kind, reference, refusal)
    SELECT * FROM unnest(CAST(:kind AS text[]), CAST(:reference AS text[]),
                         CAST(:refusal AS text[]))
""")
_FIND: Final = text("""
    SELECT operations.*, refused_operations.refusal
      FROM unnest(CAST(:kind AS text[]), CAST(:reference AS text[])) AS wanted (kind, reference)
      JOIN unbet_ledger.operations USING (kind, reference)
      LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
""")


@dataclass(frozen=True)
class _Operation:
    """A row of `operations`: what is added to a balance, below zero where it is taken."""

    kind: str
    reference: str
    user_id: str
    currency: str
    balance_type: BalanceType
    amount: Decimal
    reason: str | None = None
    made_by: str | None = None

    @property
    def account(self) -> AccountKey:
        return AccountKey.player(self.user_id, self.currency, self.balance_type)

    @property
    def other(self) -> AccountKey:
        """Where it comes from, or goes."""
        match self.kind:
            case "withdrawal":
                return AccountKey.held(self.user_id, self.currency)
            case "conversion":
                return AccountKey.player(self.user_id, self.currency, BalanceType.CASH)
            case _:
                return AccountKey.corrections(self.currency)

    @property
    def is_the_players_wish(self) -> bool:
        """A frozen player has none; what a person puts right does not wait for that."""
        return self.kind != "correction"


_COLUMNS: Final = tuple(_Operation.__dataclass_fields__)


def hold_withdrawal(connection: Connection, withdrawal: Withdrawal) -> Result:
    """Hold the cash of one withdrawal; see `hold_all`."""
    return hold_all(connection, [withdrawal])[0]


def hold_all(connection: Connection, batch: Sequence[Withdrawal]) -> list[Result]:
    """Move cash to the players' held accounts, in their order. Does not commit.

    The first decision of a reference is final: where player, currency and amount are the same it is
    replayed, also once the withdrawal has ended; else it is a `conflict`. Refused is a frozen
    player's, and what the cash does not cover: bonus cannot be withdrawn.
    """
    return _apply(
        connection,
        [
            _Operation(
                "withdrawal",
                *(w.reference, w.user_id, w.currency, BalanceType.CASH, EXACT.minus(w.amount)),
            )
            for w in batch
        ],
    )


def correct(connection: Connection, correction: Correction) -> Result:
    """Put one balance right; see `correct_all`."""
    return correct_all(connection, [correction])[0]


def correct_all(connection: Connection, batch: Sequence[Correction]) -> list[Result]:
    """Credit or debit balances, in their order, on record with reason and name. Does not commit.

    The first decision of a reference is final: where everything is the same, reason and name
    included, it is replayed; else it is a `conflict`. Refused is a debit of more than the balance.
    A frozen player's balance is corrected like any other.
    """
    return _apply(
        connection,
        [
            _Operation(
                "correction",
                *(c.reference, c.user_id, c.currency, c.balance_type),
                c.amount if c.direction is Direction.CREDIT else EXACT.minus(c.amount),
                *(c.reason, c.made_by),
            )
            for c in batch
        ],
    )


def convert_bonus(connection: Connection, conversion: BonusConversion) -> Result:
    """Make bonus cash, once; see `convert_all`."""
    return convert_all(connection, [conversion])[0]


def convert_all(connection: Connection, batch: Sequence[BonusConversion]) -> list[Result]:
    """Move bonus to cash, in their order. Does not commit.

    The first decision of a reference is final: where player, currency and amount are the same it is
    replayed, else it is a `conflict`. Refused is a frozen player's, and what the bonus does not
    cover.
    """
    return _apply(
        connection,
        [
            _Operation(
                "conversion",
                *(c.reference, c.user_id, c.currency, BalanceType.BONUS, EXACT.minus(c.amount)),
            )
            for c in batch
        ],
    )


def _apply(connection: Connection, batch: Sequence[_Operation]) -> list[Result]:
    """All of one kind."""
    firsts: dict[str, _Operation] = {}
    for operation in batch:
        firsts.setdefault(operation.reference, operation)
    postings = PostingBatch(connection)
    postings.open(
        (),
        add={key for one in firsts.values() for key in (one.account, one.other)},
        transfers=len(firsts),
    )
    rows = columns(_COLUMNS, map(vars, firsts.values()))
    ids = {"transfer_id": [postings.take_id() for _ in firsts]}
    new = {row.reference: row.transfer_id for row in connection.execute(_ADD, rows | ids)}
    _decide(connection, postings, {firsts[ref]: new[ref] for ref in firsts if ref in new})
    postings.write()
    wanted = {name: rows[name] for name in ("kind", "reference")}
    stored = {row["reference"]: dict(row) for row in connection.execute(_FIND, wanted).mappings()}

    results = []
    for operation in batch:
        row = stored[operation.reference]
        replayed = new.pop(operation.reference, None) is None
        if any(row[name] != value for name, value in vars(operation).items()):
            results.append(Result(status=Status.CONFLICT))
            continue
        refusal = row["refusal"] and Refusal(row["refusal"])
        status = Status.REFUSED if refusal else Status.DONE
        results.append(Result(status=status, replayed=replayed, refusal=refusal))
    return results


def _decide(
    connection: Connection, postings: PostingBatch, operations: dict[_Operation, int]
) -> None:
    """Apply new operations, each with its transfer's id, or note why not."""
    frozen = frozen_among(connection, {one.user_id for one in operations})
    refused = []
    for one, transfer_id in operations.items():
        if one.user_id in frozen and one.is_the_players_wish:
            refused.append(vars(one) | {"refusal": Refusal.PLAYER_FROZEN.value})
        elif EXACT.add(postings.balance(one.account), one.amount) < 0:
            refused.append(vars(one) | {"refusal": Refusal.INSUFFICIENT_FUNDS.value})
        else:
            legs = {one.account: one.amount, one.other: EXACT.minus(one.amount)}
            postings.move(transfer_id, one.kind, legs)
    if refused:
        connection.execute(_REFUSE, columns(("kind", "reference", "refusal"), refused))

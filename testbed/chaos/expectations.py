"""What a wallet's rows mean for a cancel: whether it has its outcome, and which answer was right.
Written from DESIGN, not from the code that decides."""

from typing import Final

from testbed.chaos.evidence import BetRow, CancelKey, Evidence

STANDS: Final = frozenset({"placed", "settled"})
TAKEN: Final = STANDS | {"reversed"}


def has_outcome(key: CancelKey, row: BetRow | None, evidence: Evidence) -> bool:
    """Whether what became of the cancel is in the wallet for ever."""
    if row is None:
        return False
    if row.state == "tombstone" or is_of(key, row):
        return row.outcome is not None
    # A cancel of somebody else's bet binds nobody: it leaves its record only.
    return key in evidence.requests


def code_of(key: CancelKey, row: BetRow | None) -> int | None:
    """What the bet as it stands has a cancel answered (DESIGN: tombstone, player, currency, state);
    None if nothing final can have been said."""
    if row is None:
        return None
    if row.state == "tombstone":
        return 120 if row.outcome == "closed" else 0
    if row.user_id != key.user_id:
        return 7
    if row.currency != key.currency:
        return 2
    if row.outcome == "closed":
        return 120
    return {"reversed": 0, "refused": 0, "settled": 120}.get(row.state)


def outcome_of(key: CancelKey, row: BetRow | None) -> str | None:
    """What the journal may say of the cancel, by the bet as it stands."""
    if row is None:
        return None
    if row.state == "tombstone":
        return "closed" if row.outcome == "closed" else "no_bet"
    if row.user_id != key.user_id:
        return "mismatch"
    if row.currency != key.currency:
        return "currency_mismatch"
    return row.outcome


def is_of(key: CancelKey, row: BetRow) -> bool:
    """Whether the cancel names the bet's player and currency."""
    return (key.user_id, key.currency) == (row.user_id, row.currency)


def shown(key: CancelKey) -> str:
    """For a person."""
    return f"{key.reference} of {key.user_id} in {key.currency}"


def described(row: BetRow | None) -> str:
    """For a person."""
    if row is None:
        return "the wallet has no such bet"
    return f"the wallet has it {row.state}, outcome {row.outcome}"

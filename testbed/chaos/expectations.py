"""What a wallet's rows mean for a cancel: whether it has its outcome, and which answer was right.
Written from DESIGN, not from the code that decides."""

from collections.abc import Iterable
from typing import Final

from testbed.chaos.evidence import BetRow, CancelKey, Evidence
from testbed.provider import Case, Code, Dialect

STANDS: Final = frozenset({"placed", "settled"})
TAKEN: Final = STANDS | {"reversed"}

_PROMISING: Final = (
    Case.FIRST,
    Case.REPEATED,
    Case.UNKNOWN,
    Case.BET_REFUSED,
    Case.SETTLED,
    Case.OTHER_CURRENCY,
    Case.TEMPORARY,
)


def has_outcome(key: CancelKey, row: BetRow | None, evidence: Evidence) -> bool:
    """Whether what became of the cancel is in the wallet for ever."""
    if row is None:
        return False
    if row.state == "tombstone" or names_bet(key, row):
        return row.outcome is not None
    # A cancel of somebody else's bet binds nobody: it leaves its record only.
    return key in evidence.requests


def allowed_codes(key: CancelKey, row: BetRow | None, dialect: Dialect) -> frozenset[Code]:
    """What the bet as it stands may have a cancel answered for good; empty if nothing can have
    been said."""
    return _codes(dialect, *_cases_of(key, row))


def _cases_of(key: CancelKey, row: BetRow | None) -> tuple[Case, ...]:
    """In DESIGN's order: tombstone, player, currency, state. What a person has closed is answered
    as what is settled."""
    if row is None:
        return ()
    if row.state == "tombstone":
        return (Case.SETTLED,) if row.outcome == "closed" else (Case.UNKNOWN,)
    if not names_player(key, row):
        return (Case.OTHER_PLAYER,)
    if not names_bet(key, row):
        return (Case.OTHER_CURRENCY,)
    if row.outcome == "closed":
        return (Case.SETTLED,)
    return {
        "reversed": (Case.FIRST, Case.REPEATED),
        "refused": (Case.BET_REFUSED,),
        "settled": (Case.SETTLED,),
    }.get(row.state, ())


def promising_codes(dialect: Dialect) -> frozenset[Code]:
    """Whoever is answered one of these need not call again (P2). Another player's cancel is left
    out: Lucky Monaco has the same code for a request of the wrong form."""
    return _codes(dialect, *_PROMISING)


def _codes(dialect: Dialect, *cases: Case) -> frozenset[Code]:
    return frozenset().union(*(dialect.allowed.get(case, ()) for case in cases))


def outcome_of(key: CancelKey, row: BetRow | None) -> str | None:
    """What the journal may say of the cancel, by the bet as it stands."""
    if row is None:
        return None
    if row.state == "tombstone":
        return "closed" if row.outcome == "closed" else "no_bet"
    if not names_player(key, row):
        return "mismatch"
    if not names_bet(key, row):
        return "currency_mismatch"
    return row.outcome


def names_player(key: CancelKey, row: BetRow) -> bool:
    """Whether the cancel names the bet's player, or none."""
    return key.user_id in (None, row.user_id)


def names_bet(key: CancelKey, row: BetRow) -> bool:
    """Whether the cancel names the bet's player and currency, as far as it names them."""
    return names_player(key, row) and key.currency in (None, row.currency)


def shown(key: CancelKey) -> str:
    """For a person."""
    player, currency = key.user_id or "some player", key.currency or "some currency"
    return f"{key.reference} of {player} in {currency}"


def listed(codes: Iterable[Code]) -> str:
    """For a person."""
    return ", ".join(sorted(map(str, codes)))


def described(row: BetRow | None) -> str:
    """For a person."""
    if row is None:
        return "the wallet has no such bet"
    return f"the wallet has it {row.state}, outcome {row.outcome}"

"""The operator's own wallet, behind a function of theirs in the journal's database: what it decides
and what the journal says of it are one transaction and one commit."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.engine import UnsafeDatabaseError
from unbet.database.rows import as_json
from unbet.journal.closings import find_closed
from unbet.journal.recording import contradiction, record_requests
from unbet.journal.sweeping import lock_parked, remove_parked
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.runtime.settings import SettingsError
from unbet.wallets.parts import PartedGroup, WrongAnswerError
from unbet.wallets.port import Abilities, Decided, Memory, Verdict

LOCK_WAIT_S: Final = 0.5
"""After the lock timeout: a busy player's transactions are over by then."""

RETURNS: Final = (
    "TABLE(request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)"
)
_CALL: Final = text("""
    SELECT request_id, outcome, wallet_ref, cash, replayed
      FROM unbet_cancel(CAST(:cancels AS jsonb))
""")
_FIND_FUNCTION: Final = text("""
    SELECT pg_get_function_result(oid) AS returns, provolatile = 'v' AS may_write,
           has_function_privilege(oid, 'EXECUTE') AS may_call
      FROM pg_proc
     WHERE oid = to_regprocedure('unbet_cancel(jsonb)')
""")
_FINAL: Final = frozenset(Outcome) - {Outcome.PARKED}
_BINDS_NOBODY: Final = frozenset({Outcome.MISMATCH, Outcome.CURRENCY_MISMATCH})
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")
_LARGEST_TRANSFER_ID: Final = 2**63 - 1


class SqlWallet:
    """`unbet_cancel(jsonb)`, as the port wants a wallet.

    A group is one call. Where it fails, or returns anything but one decision for each cancel, all
    of it is rolled back, and the group is halved until the cancel that it fails on is alone: that
    one is AMBIGUOUS, or what its error says, and the others are decided.
    """

    abilities = Abilities(
        remembers=Memory.FOR_EVER,
        closes_unknown=True,
        tells_cash=True,
        finds=False,
        max_together=256,
        keeps_journal=True,
    )
    """If the function is as `unbet wallet scaffold` begins it."""

    def __init__(
        self, engine: Engine, *, parked: bool = False, lock_wait_s: float = LOCK_WAIT_S
    ) -> None:
        """With `parked` it decides cancels that are parked, and removes them in the transaction
        that decides; what is parked no more is left out."""
        self._engine = engine
        self._parked = parked
        self._lock_wait_s = lock_wait_s

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        most = self.abilities.max_together
        for begin in range(0, len(cancels), most):
            started = time.monotonic()
            group = PartedGroup(self._engine, self._work, started, deadline, self._lock_wait_s)
            yield from group.part(list(cancels[begin : begin + most]), wait_for_locks=True)

    def _work(self, connection: Connection, cancels: list[Cancel]) -> list[Decided]:
        ours = lock_parked(connection, cancels) if self._parked else cancels
        decided = decide(connection, ours)
        if self._parked:
            remove_parked(connection, [cancel.request_id for cancel in ours])
        if ARMED:
            crash_point("before_commit", cancels)
        return decided


def make(engine: Engine, *, hold_unknown: bool, parked: bool) -> SqlWallet:
    """As `chosen.Factory`."""
    if hold_unknown:
        raise SettingsError(
            "UNBET_UNKNOWN_REFERENCE is hold, and UNBET_WALLET is sql: only the built-in ledger "
            "can hold the cancel of an unknown bet. Your function decides it."
        )
    # The sweep does not wait for locks: the next round tries again.
    return SqlWallet(engine, parked=True, lock_wait_s=0.0) if parked else SqlWallet(engine)


def decide(connection: Connection, cancels: Sequence[Cancel]) -> list[Decided]:
    """Have the function decide `cancels`, except those of closed references, and write the journal.
    Does not commit. Raises `WrongAnswerError`, and whatever the driver raises: both mean that
    nothing may be committed."""
    if not cancels:
        return []
    closed = find_closed(connection, cancels)
    left = [cancel for cancel in cancels if cancel.request_id not in closed]
    rows = connection.execute(_CALL, {"cancels": _items(left)}).all() if left else []
    decided = {one.decision.request_id: one for one in read_answer(left, rows)}
    verdicts = [decided.get(cancel.request_id) or _closed(cancel) for cancel in cancels]
    outcomes = [one.decision.outcome for one in verdicts]
    before = record_requests(connection, list(zip(cancels, outcomes, strict=True)))
    for one in verdicts:
        problem = contradiction(one.decision, before)
        if problem:
            raise _wrong(one.decision.request_id, problem)
    return verdicts


def read_answer(cancels: Sequence[Cancel], rows: Sequence[Row[Any]]) -> list[Decided]:
    """The decisions in what the function has returned, in the order of `cancels`. Raises
    `WrongAnswerError` unless there is exactly one good row for each."""
    found: dict[UUID, Row[Any]] = {}
    asked: Mapping[UUID, Cancel] = {cancel.request_id: cancel for cancel in cancels}
    for row in rows:
        if row.request_id not in asked:
            raise _wrong(row.request_id, "was not asked about")
        if row.request_id in found:
            raise _wrong(row.request_id, "is returned twice")
        found[row.request_id] = row
    for request_id in asked:
        if request_id not in found:
            raise _wrong(request_id, "is not returned")
    return [_decided(cancel, found[cancel.request_id]) for cancel in cancels]


def _closed(cancel: Cancel) -> Decided:
    decision = Decision(
        request_id=cancel.request_id, outcome=Outcome.CLOSED, currency=cancel.currency
    )
    return Decided(decision)


def _decided(cancel: Cancel, row: Row[Any]) -> Decided:
    if row.outcome not in _FINAL:
        raise _wrong(cancel.request_id, f"has the outcome {row.outcome!r}, which is none")
    outcome = Outcome(row.outcome)
    if outcome is Outcome.REVERSED and not row.wallet_ref:
        raise _wrong(cancel.request_id, "is reversed, and has no wallet_ref to show for it")
    if row.cash is not None and not (isinstance(row.cash, Decimal) and row.cash.is_finite()):
        raise _wrong(cancel.request_id, f"has {row.cash!r} for cash")
    # What belongs to another player's bet, or to one in another currency, is not told.
    tells = outcome not in _BINDS_NOBODY
    decision = Decision(
        request_id=cancel.request_id,
        outcome=outcome,
        transfer_id=_number(row.wallet_ref) if tells else None,
        currency=cancel.currency,
        cash=row.cash if tells else None,
    )
    return Decided(decision, row.replayed)


def _number(wallet_ref: str | None) -> int | None:
    """The wallet's reference, if it can take the place of a transfer's number."""
    if wallet_ref is None or not _NUMBER.fullmatch(wallet_ref):
        return None
    number = int(wallet_ref)
    return number if number <= _LARGEST_TRANSFER_ID else None


def _wrong(request_id: object, problem: str) -> WrongAnswerError:
    return WrongAnswerError(f"unbet_cancel: request {request_id} {problem}")


def _items(cancels: Sequence[Cancel]) -> str:
    return as_json(
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "player": cancel.player,
            "currency": cancel.currency,
            "uuid": cancel.uuid,
            "received_at": cancel.received_at,
        }
        for cancel in cancels
    )


def require_function(connection: Connection) -> None:
    """Refuse a database without the function, or one in which it is not what it should be. Raises
    `UnsafeDatabaseError`."""
    found = connection.execute(_FIND_FUNCTION).one_or_none()
    if found is None:
        raise UnsafeDatabaseError(
            "UNBET_WALLET is sql, and the database has no function unbet_cancel(jsonb) on the "
            "login's search_path. `unbet wallet scaffold` prints one to begin with."
        )
    if found.returns != RETURNS:
        raise UnsafeDatabaseError(f"unbet_cancel returns {found.returns}, expected {RETURNS}.")
    if not found.may_write:
        raise UnsafeDatabaseError("unbet_cancel is not VOLATILE: it could not move money.")
    if not found.may_call:
        raise UnsafeDatabaseError(
            "this login may not call unbet_cancel. GRANT EXECUTE ON FUNCTION unbet_cancel(jsonb) "
            "TO unbet_worker."
        )

"""A guard around a wallet in Python of the operator's: only a decision of what was asked passes for
one, and a call that hangs ends the process instead of holding it for ever."""

import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

import structlog

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.parts import WrongAnswerError
from unbet.wallets.port import MAX_WALLET_REF, Abilities, Decided, Undecided, Verdict, Wallet, Why

HANG_S: Final = 2.0
"""A call may end so much after its deadline; then its process ends."""
MIN_CALL_S: Final = 0.1
"""With less than this left nothing is asked: it would only be in doubt."""
HUNG: Final = 70
"""The exit status of a process whose wallet hung."""
_NOT_THEIRS: Final = frozenset({Outcome.PARKED, Outcome.CLOSED})
"""Nobody but Unbet says so."""

log = structlog.get_logger("wallet")


class CheckedWallet:
    """`wallet`, whose errors and wrong answers are no decisions.

    It is asked about at most `max_together` cancels in one call. Where a call raises, or yields
    what is no verdict on what was asked, the cancels that are left are asked alone, each once, if
    it remembers until the deadline; one that fails alone is AMBIGUOUS, which counts a try. A call
    that has not ended `HANG_S` seconds after its deadline ends the process, whose group comes back.
    Raises `LedgerAwayError` as the wallet does.
    """

    def __init__(self, wallet: Wallet) -> None:
        """Raises `TypeError` or `ValueError` where it does not say what it can do."""
        abilities = wallet.abilities
        if not isinstance(abilities, Abilities):
            raise TypeError("its `abilities` are no unbet.wallets.port.Abilities")
        if abilities.max_together < 1:
            raise ValueError("its `max_together` is less than 1")
        self.abilities = abilities
        self.guarded = wallet

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        most = self.abilities.max_together
        remembers = self.abilities.may_ask_again_for_s >= deadline - time.monotonic()
        for begin in range(0, len(cancels), most):
            together = cancels[begin : begin + most]
            left, problem = yield from self._ask(together, deadline)
            for cancel in left:
                error = problem
                if remembers and len(together) > 1 and deadline - time.monotonic() >= MIN_CALL_S:
                    again, error = yield from self._ask([cancel], deadline)
                    if not again:
                        continue
                yield [Undecided(cancel, Why.AMBIGUOUS, "the wallet failed", error)]

    def _ask(
        self, cancels: Sequence[Cancel], deadline: float
    ) -> Generator[Sequence[Verdict], None, tuple[list[Cancel], str]]:
        """Yield good verdicts; the cancels without one, and why they have none."""
        left = {cancel.request_id: cancel for cancel in cancels}
        try:
            parts = iter(self.guarded.cancel(list(cancels), deadline))
            while True:
                with _process_ends(deadline + HANG_S):
                    verdicts = next(parts, None)
                if verdicts is None:
                    return [*left.values()], "no verdict"
                good, wrong = _sorted(verdicts, left)
                yield good
                if wrong:
                    raise wrong
        except LedgerAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a module of the operator's raises
            problem = f"{type(error).__name__}: {error}"
            log.warning("the wallet failed", cancels=len(cancels), error=problem)
            return [*left.values()], problem


def _sorted(
    verdicts: Sequence[object], asked: dict[UUID, Cancel]
) -> tuple[list[Verdict], WrongAnswerError | None]:
    """The good ones before the first that is wrong, and what is wrong with it; removes what good
    ones are on from `asked`."""
    good: list[Verdict] = []
    for verdict in verdicts:
        try:
            del asked[_checked(verdict, asked)]
        except WrongAnswerError as wrong:
            return good, wrong
        good.append(cast("Verdict", verdict))
    return good, None


def _checked(verdict: object, asked: dict[UUID, Cancel]) -> UUID:
    """The request that `verdict` is on. Raises `WrongAnswerError`."""
    if isinstance(verdict, Undecided) and isinstance(verdict.cancel, Cancel):
        request_id = verdict.cancel.request_id
    elif isinstance(verdict, Decided) and isinstance(verdict.decision, Decision):
        request_id = verdict.decision.request_id
    else:
        raise WrongAnswerError(f"{verdict!r:.200} is no verdict")
    if request_id not in asked:
        raise WrongAnswerError(f"request {request_id} was not asked about, or is answered twice")
    if isinstance(verdict, Decided):
        _check_decided(verdict)
    return request_id


def _check_decided(verdict: Decided) -> None:
    decision, ref = verdict.decision, verdict.wallet_ref
    if decision.outcome in _NOT_THEIRS:
        raise WrongAnswerError(f"the outcome {decision.outcome.value!r} is none of a wallet's")
    if isinstance(decision.cash, Decimal) and not decision.cash.is_finite():
        raise WrongAnswerError(f"the cash {decision.cash} is no amount")
    if ref is not None and not (isinstance(ref, str) and len(ref) <= MAX_WALLET_REF):
        raise WrongAnswerError(f"wallet_ref is no text of up to {MAX_WALLET_REF} characters")
    if not (verdict.replayed is None or isinstance(verdict.replayed, bool)):
        raise WrongAnswerError("replayed is no bool")
    if verdict.late is not None:
        raise WrongAnswerError("late is not a wallet's to say")


@contextmanager
def _process_ends(at: float) -> Iterator[None]:
    """Unless what is inside has ended by then: a thread cannot be stopped, and a process that
    waits for it decides nothing more."""
    timer = threading.Timer(max(0.0, at - time.monotonic()), _end_process)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_process() -> None:
    log.critical("the wallet hangs, the process ends", after_deadline_s=HANG_S)
    os._exit(HUNG)

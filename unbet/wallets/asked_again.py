"""Holds the journal against a wallet that is not the ledger: each decision on record is asked for
again, with the same key. A wallet that remembers repeats it, and moves nothing."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from unbet.core.message import Cancel
from unbet.core.outcomes import BINDS_NOTHING, Outcome
from unbet.database.faults import LedgerAwayError
from unbet.journal.decided import DecidedRequest
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Wallet, Why

ASK_LIMIT_S: Final = 5.0
"""For one call."""
TRIES_ALONE: Final = 2
PAUSE_S: Final = 1.0
"""Before a cancel is asked about alone once more: a breaker has closed by then."""
MAX_SILENCE: Final = 3
"""Cancels in a row of which the wallet, asked alone, has said nothing: it is away."""

CHECKS: Final = {
    "outcome": "the wallet tells another outcome than the journal has",
    "wallet_ref": "the wallet tells another reference than the journal has: it has booked twice",
    "decided_anew": "the wallet says that it had not decided it before: it does not remember",
}
"""Names of differences, and what they mean."""


class Difference(NamedTuple):
    """One thing about a cancel on which journal and wallet do not agree."""

    check: str
    request_id: UUID
    provider: str
    reference: str
    journal: str | None
    wallet: str | None


class Unanswered(NamedTuple):
    """A cancel that the wallet, asked again, did not decide."""

    request_id: UUID
    provider: str
    reference: str
    why: Why
    detail: str


class Compared(NamedTuple):
    """What came of asking about some cancels."""

    requests: int
    """That the wallet told an outcome of."""
    differences: list[Difference]
    unanswered: list[Unanswered]
    after: UUID | None
    """The last request that was asked about; what follows it was not, or not answered to."""
    is_away: bool
    """The wallet says nothing any more: no use in going on."""


def may_be_asked(abilities: Abilities) -> bool:
    """Whether a wallet moves nothing if it is asked again what it has decided at any time."""
    return abilities.remembers is Memory.FOR_EVER


def not_to_ask_about(abilities: Abilities) -> frozenset[Outcome]:
    """Outcomes that are no decision of the wallet's, or that it would decide anew: a wallet that
    does not close an unknown bet has perhaps that bet by now."""
    unclosed = () if abilities.closes_unknown else (Outcome.NO_BET,)
    return frozenset({Outcome.CLOSED, Outcome.BATCH_REFUSED, *unclosed})


class AskedAgain:
    """One audit: `wallet` is asked about no more than `per_second` cancels a second."""

    def __init__(
        self,
        wallet: Wallet,
        per_second: float,
        *,
        after: UUID | None = None,
        pause_s: float = PAUSE_S,
    ) -> None:
        """`after` is the request before the first that is to be asked about, if there is one."""
        self._wallet = wallet
        self._per_second = per_second
        self._pause_s = pause_s
        self._next_at = time.monotonic()
        self._silence = 0
        self._last = self._before_silence = after

    def compare(self, decided: Sequence[DecidedRequest]) -> Iterator[Compared]:
        """Ask about `decided`, in their order, some at a time. Ends early where the wallet says
        nothing any more."""
        most = max(1, min(self._wallet.abilities.max_together, int(self._per_second)))
        for begin in range(0, len(decided), most):
            found = self._compare(decided[begin : begin + most])
            yield found
            if found.is_away:
                return

    def _compare(self, group: Sequence[DecidedRequest]) -> Compared:
        told, left = self._ask([one.cancel for one in group])
        unanswered = []
        for undecided in left:
            again = self._ask_alone(undecided)
            if isinstance(again, Decided):
                told[again.decision.request_id] = again
            else:
                unanswered.append(_unanswered(again))
            if self._is_away(undecided.cancel, again, told):
                return Compared(0, [], unanswered, self._before_silence, is_away=True)
        self._last = group[-1].cancel.request_id
        differences = [
            difference
            for one in group
            if one.cancel.request_id in told
            for difference in _differences(one, told[one.cancel.request_id])
        ]
        return Compared(len(told), differences, unanswered, self._last, is_away=False)

    def _is_away(
        self, cancel: Cancel, again: Decided | Undecided, told: Mapping[UUID, Decided]
    ) -> bool:
        """Whether the wallet has been silent for too long. It is not while it answers anything."""
        if told or (isinstance(again, Undecided) and again.why is Why.REJECTED):
            self._silence = 0
        else:
            if self._silence == 0:
                self._before_silence = self._last
            self._silence += 1
            self._last = cancel.request_id
        return self._silence >= MAX_SILENCE

    def _ask_alone(self, undecided: Undecided) -> Decided | Undecided:
        for _ in range(TRIES_ALONE):
            if undecided.why is Why.REJECTED:
                break
            time.sleep(self._pause_s)
            told, left = self._ask([undecided.cancel])
            if told:
                return told[undecided.cancel.request_id]
            (undecided,) = left
        return undecided

    def _ask(self, cancels: Sequence[Cancel]) -> tuple[dict[UUID, Decided], list[Undecided]]:
        """What it has decided, and the verdict on each of the others, in the order of `cancels`."""
        self._keep_pace(len(cancels))
        told: dict[UUID, Decided] = {}
        left = {c.request_id: Undecided(c, Why.AMBIGUOUS, "no verdict", "") for c in cancels}
        try:
            for verdicts in self._wallet.cancel(cancels, time.monotonic() + ASK_LIMIT_S):
                for one in verdicts:
                    if isinstance(one, Decided):
                        told[one.decision.request_id] = one
                        left.pop(one.decision.request_id, None)
                    else:
                        left[one.cancel.request_id] = one
        except LedgerAwayError as error:
            for name, one in left.items():
                left[name] = one._replace(why=Why.AWAY, detail=str(error))
        return told, [*left.values()]

    def _keep_pace(self, cancels: int) -> None:
        now = time.monotonic()
        time.sleep(max(0.0, self._next_at - now))
        self._next_at = max(self._next_at, now) + cancels / self._per_second


def _differences(recorded: DecidedRequest, told: Decided) -> Iterator[Difference]:
    cancel, outcome = recorded.cancel, told.decision.outcome
    key = cancel.request_id, cancel.provider, cancel.reference
    if outcome is not recorded.outcome:
        yield Difference("outcome", *key, recorded.outcome.value, outcome.value)
        return
    if (
        None not in (recorded.wallet_ref, told.wallet_ref)
        and recorded.wallet_ref != told.wallet_ref
    ):
        yield Difference("wallet_ref", *key, recorded.wallet_ref, told.wallet_ref)
    if told.replayed is False and outcome not in BINDS_NOTHING:
        yield Difference("decided_anew", *key, outcome.value, "not replayed")


def _unanswered(verdict: Undecided) -> Unanswered:
    cancel = verdict.cancel
    detail = f"{verdict.reason}: {verdict.detail}"
    return Unanswered(cancel.request_id, cancel.provider, cancel.reference, verdict.why, detail)

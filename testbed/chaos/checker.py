"""The independent check of a run: compares the provider's own log with the rows of the database. It
uses neither Unbet's record of answers nor its functions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from testbed.chaos import evidence
from testbed.chaos.check_result import CheckResult, Kind
from testbed.chaos.clients import DEAF
from testbed.chaos.evidence import BetRow, CancelKey, Evidence, WalletRows
from testbed.chaos.expectations import (
    STANDS,
    TAKEN,
    codes_of,
    described,
    final,
    has_outcome,
    is_of,
    listed,
    outcome_of,
    promised,
    shown,
)
from testbed.chaos.outages import Outage, excused, overlaps
from testbed.chaos.parts import Part, split
from testbed.chaos.tally import LATE_S, answered_in
from testbed.provider import V4, Attempt, Bet, Cancel, Code, Dialect, Sent, Win, read_log
from unbet.wallets.ledger.audit import audit

_UNKEPT: Final = 503
"""The status of an answer that says that the cancel is stored nowhere, in every dialect."""


@dataclass
class _Answers:
    """What the provider saw of one cancel, all its transmissions and equal requests together."""

    codes: set[Code] = field(default_factory=set)
    was_promised: bool = False
    """One of them says that nobody need call again."""
    succeeded_at: datetime | None = None
    """When a success was first answered."""


@dataclass(frozen=True)
class Circumstances:
    """What the run did, as far as it excuses something."""

    outages: Sequence[Outage] = ()
    """Of the receivers."""
    receivers: int = 1
    without_room: Sequence[Outage] = ()
    """When neither ledger nor disk could keep a cancel: HTTP 503 is right then."""
    held_up: Callable[[datetime, float], float] = lambda _since, _seconds: 0.0
    """For how much of that time the provider itself was held up: reported, but no excuse."""


@dataclass(frozen=True)
class Judged:
    """Whose rows are compared with the log; nothing is written to them."""

    journal: Engine
    wallet: Engine
    """The same database's, for a wallet that lies there."""
    rows: WalletRows
    has_audit: bool
    dialect: Dialect = V4
    """In which the run's cancels are sent."""

    def key_of(self, reference: str, user_id: str, currency: str) -> CancelKey:
        """Of what is sent in the dialect."""
        return CancelKey(
            reference,
            user_id if self.dialect.player else None,
            currency if self.dialect.currency else None,
        )


def check(log: Path, judged: Judged, around: Circumstances, scratch: Path) -> CheckResult:
    """Everything that does not hold, of a log of any length, part by part; `scratch` is a directory
    to be made."""
    result = CheckResult()
    files = split(log, scratch)
    for number, file in enumerate(files):
        _check_part(result, read_log(file), judged, Part(number, len(files)), around)
        file.unlink()
    scratch.rmdir()
    _check_wallet(result, judged)
    return result


def _check_part(
    result: CheckResult, log: Iterable[Sent], judged: Judged, part: Part, around: Circumstances
) -> None:
    with judged.journal.begin() as journal, judged.wallet.begin() as wallet:
        seen = evidence.read(journal, wallet, judged.rows, part)
    dialect = judged.dialect
    answers: dict[CancelKey, _Answers] = defaultdict(_Answers)
    placed: list[tuple[CancelKey, datetime]] = []
    for sent in log:
        match sent.message:
            case Cancel() as cancel:
                for reference in (cancel.reference, *cancel.others):
                    key = judged.key_of(reference, cancel.user_id, cancel.currency)
                    _record(answers[key], sent, dialect)
                for kind, what in _unpunctual(sent, cancel, around):
                    result.add(kind, what)
            case Bet() as bet:
                key = judged.key_of(bet.reference, bet.user_id, bet.currency)
                placed += [(key, attempt.at) for attempt in sent.attempts if attempt.code == 0]
                _check_bet(result, sent, bet, seen)
            case Win() as win:
                _check_win(result, sent, win, seen)
    for key, given in answers.items():
        _check_outcome(result, key, given, seen, dialect)
        _check_codes(result, key, given, seen.bets.get(key.reference), dialect)
    _check_order(result, placed, answers)
    for key, outcomes in seen.requests.items():
        _check_journal(result, key, outcomes, seen.bets.get(key.reference))
    for key in seen.parked:
        result.add(Kind.UNDRAINED, f"{shown(key)} is still parked")


def _record(given: _Answers, sent: Sent, dialect: Dialect) -> None:
    for attempt in sent.attempts:
        if attempt.code is None:
            continue
        given.codes.add(attempt.code)
        given.was_promised |= attempt.status != _UNKEPT and attempt.code in promised(dialect)
        if attempt.code in dialect.done:
            answered = attempt.at + timedelta(seconds=attempt.seconds)
            given.succeeded_at = min(given.succeeded_at or answered, answered)


def _unpunctual(sent: Sent, cancel: Cancel, around: Circumstances) -> Iterator[tuple[Kind, str]]:
    """The transmissions with a late answer, and those with none that nothing excuses."""
    for number, attempt in enumerate(sent.attempts, start=1):
        what = f"{cancel.reference} {cancel.uuid}, try {number} at {attempt.at:%H:%M:%S.%f}"
        if (answered_in(attempt) or 0) > LATE_S:
            held_up_s = around.held_up(attempt.at, attempt.seconds)
            yield (
                Kind.LATE_ANSWER,
                f"{what}: {attempt.label} after {answered_in(attempt):.3f} s"
                f" (the provider itself was held up for {held_up_s:.1f} s of it)",
            )
        answered = attempt.code is not None and attempt.status != _UNKEPT
        if not answered and not _is_excused(attempt, around):
            yield (
                Kind.UNANSWERED,
                f"{what}: {attempt.text} after {attempt.seconds:.1f} s ({attempt.client})",
            )


def _is_excused(attempt: Attempt, around: Circumstances) -> bool:
    if attempt.client in DEAF:
        return True
    if attempt.status == _UNKEPT:
        return overlaps(around.without_room, attempt.at, attempt.seconds)
    hung = attempt.status is None and "no answer within" in attempt.text
    return not hung and excused(around.outages, around.receivers, attempt.at, attempt.seconds)


def _check_bet(result: CheckResult, sent: Sent, bet: Bet, evidence: Evidence) -> None:
    row = evidence.bets.get(bet.reference)
    known = row is not None and row.state in TAKEN
    same = row is not None and row[1:4] == (bet.user_id, bet.currency, bet.amount)
    if any(attempt.code == 0 for attempt in sent.attempts) and not (known and same):
        result.add(Kind.UNRECORDED, f"bet {bet.reference} was reported as placed: {described(row)}")


def _check_win(result: CheckResult, sent: Sent, win: Win, evidence: Evidence) -> None:
    paid = evidence.wins.get(win.reference)
    if any(attempt.code == 0 for attempt in sent.attempts) and paid != win.amount:
        result.add(Kind.UNRECORDED, f"win {win.reference} was reported as paid: {paid} is paid")


def _check_outcome(
    result: CheckResult, key: CancelKey, given: _Answers, evidence: Evidence, dialect: Dialect
) -> None:
    row = evidence.bets.get(key.reference)
    if not given.was_promised or has_outcome(key, row, evidence):
        return
    if key in evidence.dead:
        result.dead += 1
    elif not given.codes & dialect.done or (row is not None and row.state not in STANDS):
        # `_check_codes` has a worse name for a success that is none.
        result.add(Kind.LOST, f"{shown(key)} was answered {listed(given.codes)}: {described(row)}")


def _check_codes(
    result: CheckResult, key: CancelKey, given: _Answers, row: BetRow | None, dialect: Dialect
) -> None:
    told = given.codes & final(dialect)
    wrong = told - codes_of(key, row, dialect)
    if not wrong:
        return
    what = f"{shown(key)} was answered {listed(told)}: {described(row)}"
    succeeded = bool(wrong & dialect.done)
    if succeeded and row is None:
        result.add(Kind.UNCOMMITTED, what)
    elif succeeded and row is not None and row.state in STANDS and is_of(key, row):
        result.add(Kind.LATE_DEBIT, what)
    else:
        result.add(Kind.CONTRADICTION, what)


def _check_order(
    result: CheckResult,
    placed: Iterable[tuple[CancelKey, datetime]],
    answers: dict[CancelKey, _Answers],
) -> None:
    """A bet that was sent after its cancel's success must not have been taken."""
    for key, begun in placed:
        succeeded_at = answers[key].succeeded_at if key in answers else None
        if succeeded_at is not None and begun > succeeded_at:
            late_s = (begun - succeeded_at).total_seconds()
            result.add(
                Kind.LATE_DEBIT, f"{shown(key)}: taken {late_s:.3f} s after its cancel succeeded"
            )


def _check_journal(
    result: CheckResult, key: CancelKey, outcomes: set[str], row: BetRow | None
) -> None:
    """What the journal says of a cancel, the wallet says as well."""
    if outcomes != {outcome_of(key, row)}:
        what = f"{shown(key)} is {', '.join(sorted(outcomes))} in the journal: {described(row)}"
        result.add(Kind.CONTRADICTION, what)


def _check_wallet(result: CheckResult, judged: Judged) -> None:
    with judged.wallet.begin() as connection:
        for what in evidence.doubled(connection, judged.rows):
            result.add(Kind.DOUBLED, what)
        for what in evidence.wrong_balances(connection, judged.rows):
            result.add(Kind.MONEY, what)
    if not judged.has_audit:
        return
    with judged.journal.begin() as connection:  # another one: an audit sets its own level
        for violation in audit(connection).violations:
            result.add(
                Kind.AUDIT, f"{violation.meaning} Not for {violation.count}: {violation.rows[0]}"
            )

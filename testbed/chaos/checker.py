"""The independent check of a run: compares the provider's own log with the rows of the database. It
uses neither Unbet's record of answers nor its functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from testbed.chaos import evidence
from testbed.chaos.check_result import CheckResult, Kind
from testbed.chaos.circumstances import Circumstances, is_unpersisted
from testbed.chaos.evidence import BetRow, CancelKey, Evidence, WalletRows
from testbed.chaos.expectations import (
    STANDS,
    TAKEN,
    allowed_codes,
    described,
    has_outcome,
    listed,
    names_bet,
    outcome_of,
    shown,
)
from testbed.chaos.parts import Part, split
from testbed.chaos.tally import LATE_S, answered_in
from testbed.provider import V4, Bet, Cancel, Case, Code, Dialect, Sent, Win, read_log
from unbet.wallets.ledger.audit import audit


@dataclass
class _Answers:
    """What the provider saw of one cancel, all its transmissions and equal requests together."""

    codes: set[Code] = field(default_factory=set)
    was_promised: bool = False
    """One of them says that nobody need call again."""
    succeeded_at: datetime | None = None
    """When a success was first answered."""


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
                    _record(answers[key], sent, dialect, around)
                for kind, what in _unpunctual(sent, cancel, around, dialect):
                    result.add(kind, what)
            case Bet() as bet:
                key = judged.key_of(bet.reference, bet.user_id, bet.currency)
                placed += [(key, attempt.at) for attempt in sent.attempts if attempt.code == 0]
                _check_bet(result, sent, bet, seen)
            case Win() as win:
                _check_win(result, sent, win, seen)
    for key, given in answers.items():
        has_worse = _check_codes(result, key, given, seen.bets.get(key.reference), dialect)
        _check_outcome(result, key, given, seen, has_worse=has_worse)
    _check_order(result, placed, answers)
    for key, outcomes in seen.requests.items():
        _check_journal(result, key, outcomes, seen.bets.get(key.reference))
    for key in seen.parked:
        result.add(Kind.UNDRAINED, f"{shown(key)} is still parked")


def _record(given: _Answers, sent: Sent, dialect: Dialect, around: Circumstances) -> None:
    for attempt in sent.attempts:
        if attempt.code is None:
            continue
        given.codes.add(attempt.code)
        given.was_promised |= around.was_promised(attempt, dialect)
        if attempt.code in dialect.done:
            answered = attempt.at + timedelta(seconds=attempt.seconds)
            given.succeeded_at = min(given.succeeded_at or answered, answered)


def _unpunctual(
    sent: Sent, cancel: Cancel, around: Circumstances, dialect: Dialect
) -> Iterator[tuple[Kind, str]]:
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
        answered = attempt.code is not None and not is_unpersisted(attempt, dialect)
        if not answered and not around.excuse(attempt):
            yield (
                Kind.UNANSWERED,
                f"{what}: {attempt.text} after {attempt.seconds:.1f} s ({attempt.client})",
            )


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
    result: CheckResult, key: CancelKey, given: _Answers, evidence: Evidence, *, has_worse: bool
) -> None:
    """`has_worse`: `_check_codes` has found a success without a reversal."""
    row = evidence.bets.get(key.reference)
    if not given.was_promised or has_outcome(key, row, evidence):
        return
    if key in evidence.dead:
        result.dead += 1
    elif not has_worse:
        result.add(Kind.LOST, f"{shown(key)} was answered {listed(given.codes)}: {described(row)}")


def _check_codes(
    result: CheckResult, key: CancelKey, given: _Answers, row: BetRow | None, dialect: Dialect
) -> bool:
    """Whether a success was told without a reversal."""
    final = given.codes - dialect.allowed[Case.TEMPORARY]
    wrong = final - allowed_codes(key, row, dialect)
    if not wrong:
        return False
    what = f"{shown(key)} was answered {listed(final)}: {described(row)}"
    succeeded = bool(wrong & dialect.done)
    if succeeded and row is None:
        result.add(Kind.UNCOMMITTED, what)
    elif succeeded and row is not None and row.state in STANDS and names_bet(key, row):
        result.add(Kind.LATE_DEBIT, what)
    else:
        result.add(Kind.CONTRADICTION, what)
        return False
    return True


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

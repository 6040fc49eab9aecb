"""Predicts the answer to a Cancel: it is parsed and decided as usual, nothing is sent, and the
decision is rolled back. The secret and the sender's address are not checked."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from unbet.core.message import Cancel, Decision
from unbet.core.money import amount
from unbet.core.outcomes import Outcome
from unbet.core.wallet_names import LEDGER
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import (
    MAX_BODY_LENGTH,
    Reading,
    answer_to,
    cancels_of,
    decode,
    parse_kept,
    raw_of,
    render,
)
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError
from unbet.history.prediction import Prediction, predict, predict_by_function
from unbet.history.records import EntryRecord
from unbet.history.timeline.phrases import balances
from unbet.wallets.chosen import required_of

TOO_LONG: Final = 413
"""The HTTP status for a body longer than `MAX_BODY_LENGTH`."""

_NEW: Final = {
    Outcome.REVERSED: "The bet stands: its stake would be returned",
    Outcome.NO_BET: "There is no such bet: from then on it would be refused",
    Outcome.BET_REFUSED: "The bet was refused: nothing would be returned",
    Outcome.SETTLED: "The bet has its result: nothing would be returned",
    Outcome.MISMATCH: "The bet is another player's: nothing would change",
    Outcome.CURRENCY_MISMATCH: "The bet is in another currency: nothing would change",
    Outcome.AMOUNT_MISMATCH: "The bet has another stake: nothing would change",
    Outcome.BATCH_REFUSED: "Another bet of the request cannot be cancelled: nothing would change",
    Outcome.CLOSED: "A person has closed it: nothing would be returned",
    Outcome.PARKED: "There is no such bet: the cancel would be parked until it is imported",
}


class WrongReferenceError(Exception):
    """The body is about another reference, or about several."""


class DryRun(NamedTuple):
    """What would be answered, and why."""

    http_status: int
    answer: bytes
    """The body; empty if there is none."""
    given_when_decided: tuple[str, ...]
    """Fields that the answer has besides, and that exist only once it is decided."""
    outcome: Outcome | None
    """None for what the receiver refuses by itself."""
    is_repeat: bool
    returned: tuple[EntryRecord, ...] | None
    """None where the wallet does not say."""
    says: str
    """A sentence."""


def read_request(body: bytes, reference: str, provider: str, dialect: Dialect) -> Cancel | DryRun:
    """The cancel of `body`, or how the receiver refuses it. Raises `WrongReferenceError`, for a
    request of several bets as well."""
    if len(body) > MAX_BODY_LENGTH:
        return _refused(TOO_LONG, b"", f"The body is longer than {MAX_BODY_LENGTH} bytes.")
    try:
        parsed = parse_kept(body, provider, dialect)
    except BadRequestError as error:
        _compare(error.reference, reference)
        refusal = dialect.refusal(str(error))
        answer = render(dialect, AnswerContext(refusal, error.reference))
        says = f"Refused, with no trace in the ledger: {error}."
        return _refused(refusal.status, answer, says)
    cancels = cancels_of(
        parsed,
        provider=provider,
        dialect=dialect,
        received_at=datetime.now(UTC),
        received_from="nowhere",
    )
    if len(cancels) > 1:
        problem = f"the body asks for {len(cancels)} bets: leave the one in it that you ask about"
        raise WrongReferenceError(problem)
    _compare(cancels[0].reference, reference)
    return cancels[0]


def decide(
    connection: Connection, cancel: Cancel, dialect: Dialect, wallet: str, *, hold_unknown: bool
) -> DryRun:
    """What would be answered to `cancel` by `wallet`, which is one of `ONE_COMMIT`. Rolls back what
    the connection has done."""
    if wallet == LEDGER:
        found = predict(connection, cancel, hold_unknown=hold_unknown)
    else:
        for require in required_of(wallet):
            require(connection)
        found = predict_by_function(connection, cancel)
    answer = _answer(cancel, dialect, found.decision)
    later: tuple[str, ...] = ()
    if found.decision.outcome is Outcome.REVERSED and not found.is_repeat:
        decided = found.decision.model_copy(update={"transfer_id": 0})
        read = dialect.codec.read_answer
        later = tuple(read(_answer(cancel, dialect, decided)).keys() - read(answer).keys())
    status = dialect.answer_of(found.decision.outcome).status
    return DryRun(
        status, answer, later, found.decision.outcome, found.is_repeat, found.returned, _says(found)
    )


def _says(found: Prediction) -> str:
    if found.is_repeat and found.decision.outcome is not Outcome.CLOSED:
        outcome = found.decision.outcome.value.replace("_", " ")
        return f"It was decided before ({outcome}): nothing would change."
    moved = f"; {_moved(found)}" if found.decision.outcome is Outcome.REVERSED else ""
    return f"{_NEW[found.decision.outcome]}{moved}."


def _moved(found: Prediction) -> str:
    if found.returned is not None:
        return balances(found.returned)
    cash = found.decision.cash
    return "your wallet tells no cash" if cash is None else f"cash {amount(cash)} after it"


def _answer(cancel: Cancel, dialect: Dialect, decision: Decision) -> bytes:
    document = decode(raw_of(cancel.body.encode(), dialect), dialect)
    parked = dialect.answer_of(Outcome.PARKED)
    return answer_to(dialect, Reading(document, None, cancel.reference, parked), [decision])[1]


def _refused(status: int, answer: bytes, says: str) -> DryRun:
    return DryRun(status, answer, (), None, False, (), says)


def _compare(given: str | None, reference: str) -> None:
    if given is not None and given != reference:
        raise WrongReferenceError(f"the body's reference is {given!r}, not {reference!r}")

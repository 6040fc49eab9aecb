"""Each request of a history: those that were decided, those that are parked, and those that shared
the wait of an equal one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError

from unbet.core.older import read_cancel
from unbet.core.outcomes import Outcome
from unbet.history.records import AnswerRecord, BetRecord, History, ParkedRecord, RequestRecord


class ReceivedRequest(NamedTuple):
    """One request, without the body and the player's session."""

    request_id: UUID
    received_at: datetime
    uuid: str | None = None
    """The provider's; it and what follows is None where the parked cancel cannot be read."""
    received_from: str | None = None
    dialect: str | None = None
    """None also for one that shared a wait: it is not kept."""
    user_id: str | None = None
    """None also where the request does not say it, as with the next two."""
    currency: str | None = None
    amount: Decimal | None = None
    batch: UUID | None = None
    """Of a request that asks for several bets."""
    outcome: Outcome | None = None
    """None: not decided yet."""
    answer: AnswerRecord | None = None
    """None where none could be noted, or was given."""
    shares: str | None = None
    """The uuid of the request whose wait it shared."""
    is_again: bool = False
    """Its uuid has come before: a retransmission."""

    @property
    def was_put_off(self) -> bool:
        """Whether the provider was told to ask again."""
        return self.answer is not None and self.answer.outcome in (None, Outcome.PARKED)


def all_requests(history: History) -> list[ReceivedRequest]:
    """The requests of `history`, in the order in which they came."""
    decided = {request.request_id for request in history.requests}
    found = [
        one
        for request in history.requests
        for one in _with_sharers(_of_request(request), request.answers)
    ]
    found += [
        one
        for parked in history.parked
        if parked.request_id not in decided
        for one in _with_sharers(_of_parked(parked, history.bet), parked.answers)
    ]
    return list(_marked(sorted(found, key=lambda one: one.received_at)))


def _of_request(request: RequestRecord) -> ReceivedRequest:
    return ReceivedRequest(
        request.request_id,
        request.received_at,
        request.uuid,
        request.received_from,
        request.dialect,
        request.user_id,
        request.currency,
        request.amount,
        request.batch,
        request.outcome,
    )


def _of_parked(parked: ParkedRecord, bet: BetRecord | None) -> ReceivedRequest:
    # What a person has closed is decided, and stays where it is in case it is reopened.
    binds = bet is not None and bet.cancel_request_id == parked.request_id
    try:
        cancel = read_cancel(parked.cancel)
    except ValidationError:
        return ReceivedRequest(parked.request_id, parked.parked_at)
    return ReceivedRequest(
        parked.request_id,
        cancel.received_at,
        cancel.uuid,
        cancel.received_from,
        cancel.dialect,
        cancel.player,
        cancel.currency,
        cancel.amount,
        cancel.batch,
        bet.outcome if bet and binds else None,
    )


def _with_sharers(
    one: ReceivedRequest, answers: Iterable[AnswerRecord]
) -> Iterator[ReceivedRequest]:
    shared = [answer for answer in answers if answer.request_id != one.request_id]
    own = next((answer for answer in answers if answer.request_id == one.request_id), None)
    yield one._replace(answer=own)
    for answer in shared:
        yield one._replace(
            request_id=answer.request_id,
            received_at=answer.received_at,
            uuid=answer.uuid,
            received_from=answer.received_from,
            dialect=None,
            answer=answer,
            shares=one.uuid,
        )


def _marked(in_order: Iterable[ReceivedRequest]) -> Iterator[ReceivedRequest]:
    seen: set[str] = set()
    for one in in_order:
        yield one._replace(is_again=one.uuid in seen)
        if one.uuid is not None:
            seen.add(one.uuid)

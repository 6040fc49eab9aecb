"""Each request of a story: those that were decided, those that are parked, and those that shared
the wait of an equal one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError

from unbet.core.older import read_cancel
from unbet.core.outcomes import Outcome
from unbet.history.story import AnswerFact, BetFact, ParkedFact, RequestFact, Story


class Asked(NamedTuple):
    """One request, without the body and the player's session."""

    request_id: UUID
    received_at: datetime
    uuid: str | None
    """The provider's; it and what follows is None where the parked cancel cannot be read."""
    received_from: str | None
    dialect: str | None
    """None also for one that shared a wait: it is not kept."""
    user_id: str | None
    currency: str | None
    outcome: Outcome | None
    """None: not decided yet."""
    answer: AnswerFact | None = None
    """None where none could be noted, or was given."""
    shares: str | None = None
    """The uuid of the request whose wait it shared."""
    is_again: bool = False
    """Its uuid has come before: a retransmission."""

    @property
    def was_put_off(self) -> bool:
        """Whether the provider was told to ask again."""
        return self.answer is not None and self.answer.outcome in (None, Outcome.PARKED)


def all_asked(story: Story) -> list[Asked]:
    """The requests of `story`, in the order in which they came."""
    decided = {request.request_id for request in story.requests}
    found = [
        asked
        for request in story.requests
        for asked in _with_sharers(_of_request(request), request.answers)
    ]
    found += [
        asked
        for parked in story.parked
        if parked.request_id not in decided
        for asked in _with_sharers(_of_parked(parked, story.bet), parked.answers)
    ]
    return list(_marked(sorted(found, key=lambda asked: asked.received_at)))


def _of_request(request: RequestFact) -> Asked:
    return Asked(
        request.request_id,
        request.received_at,
        request.uuid,
        request.received_from,
        request.dialect,
        request.user_id,
        request.currency,
        request.outcome,
    )


def _of_parked(parked: ParkedFact, bet: BetFact | None) -> Asked:
    # What a person has closed is decided, and stays where it is in case it is reopened.
    binds = bet is not None and bet.cancel_request_id == parked.request_id
    try:
        cancel = read_cancel(parked.cancel)
    except ValidationError:
        return Asked(parked.request_id, parked.parked_at, None, None, None, None, None, None)
    return Asked(
        parked.request_id,
        cancel.received_at,
        cancel.uuid,
        cancel.received_from,
        cancel.dialect,
        cancel.player,
        cancel.currency,
        bet.outcome if bet and binds else None,
    )


def _with_sharers(asked: Asked, answers: Iterable[AnswerFact]) -> Iterator[Asked]:
    shared = [answer for answer in answers if answer.request_id != asked.request_id]
    own = next((answer for answer in answers if answer.request_id == asked.request_id), None)
    yield asked._replace(answer=own)
    for answer in shared:
        yield asked._replace(
            request_id=answer.request_id,
            received_at=answer.received_at,
            uuid=answer.uuid,
            received_from=answer.received_from,
            dialect=None,
            answer=answer,
            shares=asked.uuid,
        )


def _marked(in_order: Iterable[Asked]) -> Iterator[Asked]:
    seen: set[str] = set()
    for asked in in_order:
        yield asked._replace(is_again=asked.uuid in seen)
        if asked.uuid is not None:
            seen.add(asked.uuid)

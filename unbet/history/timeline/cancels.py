"""What happened to the cancels: came, were parked, tried again, decided, answered."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from unbet.core.outcomes import Outcome
from unbet.history.records import History, ParkedRecord, ParkingHistoryRecord
from unbet.history.timeline.event import Event, EventKind
from unbet.history.timeline.phrases import because, tried, when
from unbet.history.timeline.requests import ReceivedRequest

_MEANING: Final = {
    Outcome.REVERSED: "the bet stands no more",
    Outcome.NO_BET: "there is no such bet; if it still comes, it is refused",
    Outcome.BET_REFUSED: "the bet had been refused: nothing to return",
    Outcome.SETTLED: "the bet had its result already: nothing is returned",
    Outcome.CLOSED: "nothing is returned, unless a person reopens it",
    Outcome.MISMATCH: "the bet is another player's: nothing changes",
    Outcome.CURRENCY_MISMATCH: "the bet is in another currency: nothing changes",
}
_SHORT: Final = {
    Outcome.MISMATCH: "another player's bet",
    Outcome.CURRENCY_MISMATCH: "a bet in another currency",
}

_DONE: Final = {"close": "Closed", "reopen": "Reopened", "retry": "Retry"}


def cancel_events(history: History, requests: Sequence[ReceivedRequest]) -> Iterator[Event]:
    """The events, in no order."""
    uuids = {one.request_id: one.uuid for one in requests}
    yield from map(_request, requests)
    yield from (_parked(one, uuids) for one in history.parked)
    yield from (_parked(one, uuids) for one in history.parking_history)
    for done in history.interventions:
        about = [_uuid(uuids, done.request_id), *([done.reason] if done.reason else [])]
        title = f"{_DONE[done.action]} by {done.made_by}"
        yield Event(done.made_at, EventKind.INTERVENTION, title, "; ".join(about))
    yield from _decisions(history, uuids)
    yield from _answers(requests)


def _request(one: ReceivedRequest) -> Event:
    if one.uuid is None:
        return Event(one.received_at, EventKind.REQUEST, "Cancel", "cannot be read any more")
    about = [f"shares the wait of uuid {one.shares}"] if one.shares else []
    about.append(f"from {one.received_from}")
    about += [one.dialect] if one.dialect else []
    about += [f"player {one.user_id}", f"{one.currency}"]
    title = "Cancel again" if one.is_again else "Cancel"
    detail = f"uuid {one.uuid}; {', '.join(about)}"
    return Event(one.received_at, EventKind.REQUEST, title, detail)


def _parked(parked: ParkedRecord | ParkingHistoryRecord, uuids: dict[UUID, str | None]) -> Event:
    about = [_uuid(uuids, parked.request_id), because(parked.reason), tried(parked.tries)]
    if parked.last_error:
        about.append(f"last error: {parked.last_error}")
    state = parked.state if isinstance(parked, ParkedRecord) else "decided"
    if isinstance(parked, ParkedRecord) and state == "parked":
        about.append(f"next try at {when(parked.next_try_at)}")
    by_now = "" if state == "parked" else f", {state} by now"
    return Event(parked.parked_at, EventKind.PARKED, f"Parked{by_now}", "; ".join(about))


def _decisions(history: History, uuids: dict[UUID, str | None]) -> Iterator[Event]:
    """The one that binds, and those that the provider's answer does not tell as well."""
    bet = history.bet
    if bet and bet.outcome and bet.cancelled_at:
        by = f"{_uuid(uuids, bet.cancel_request_id)}; " if bet.cancel_request_id else ""
        title = f"Decided: {_words(bet.outcome)}"
        detail = f"{by}{_MEANING[bet.outcome]}"
        yield Event(bet.cancelled_at, EventKind.DECISION, title, detail)
    for request in history.requests:
        own = [a.outcome for a in request.answers if a.request_id == request.request_id]
        if (bet and request.request_id == bet.cancel_request_id) or own == [request.outcome]:
            continue
        as_before = bet is not None and bet.outcome is request.outcome
        title = f"Decided: {_words(request.outcome)}{', as before' if as_before else ''}"
        detail = f"uuid {request.uuid}" + ("" if as_before else f"; {_MEANING[request.outcome]}")
        yield Event(request.decided_at, EventKind.DECISION, title, detail)


def _answers(requests: Sequence[ReceivedRequest]) -> Iterator[Event]:
    for one in requests:
        if one.answer is None:
            continue
        # When it was noted is later: answers are written in batches.
        at = one.received_at + timedelta(microseconds=int(one.answer.seconds * 1_000_000))
        outcome = one.answer.outcome or Outcome.PARKED
        answer = "please retry" if one.was_put_off else _words(outcome)
        about = f"uuid {one.answer.uuid}; after {one.answer.seconds:.3f} s"
        yield Event(at, EventKind.ANSWER, f"Answered {one.answer.code}: {answer}", about)


def _uuid(uuids: dict[UUID, str | None], request_id: UUID) -> str:
    """The provider's uuid; ours where the request's record has been removed."""
    uuid = uuids.get(request_id)
    return f"uuid {uuid}" if uuid else f"request {request_id}"


def _words(outcome: Outcome) -> str:
    return _SHORT.get(outcome, outcome.value.replace("_", " "))

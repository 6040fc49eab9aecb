"""The timeline of a history: what happened to the bet's money and to its cancels, one by one.

(Over 250 lines: each kind of event stands here once.)
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from unbet.core.outcomes import Outcome
from unbet.core.wallet_names import LEDGER
from unbet.history.records import (
    BetRecord,
    History,
    ParkedRecord,
    ParkingHistoryRecord,
    RequestRecord,
)
from unbet.history.timeline.elsewhere import closed_elsewhere, told_besides
from unbet.history.timeline.phrases import (
    balances,
    because,
    counted,
    listed,
    money,
    refused,
    tried,
    when,
)
from unbet.history.timeline.requests import ReceivedRequest, all_requests
from unbet.history.timeline.rounds import MEANING, detail_of, title_of

_MEANING: Final = {
    Outcome.REVERSED: "the bet stands no more",
    Outcome.NO_BET: "there is no such bet; if it still comes, it is refused",
    Outcome.BET_REFUSED: "the bet had been refused: nothing to return",
    Outcome.SETTLED: "the bet had its result already: nothing is returned",
    Outcome.CLOSED: "nothing is returned, unless a person reopens it",
    Outcome.MISMATCH: "the bet is another player's: nothing changes",
    Outcome.CURRENCY_MISMATCH: "the bet is in another currency: nothing changes",
    Outcome.AMOUNT_MISMATCH: "the bet has another stake: nothing changes",
    Outcome.BATCH_REFUSED: "another bet of the request cannot be cancelled: nothing of it is done",
}
_SHORT: Final = {
    Outcome.MISMATCH: "another player's bet",
    Outcome.CURRENCY_MISMATCH: "a bet in another currency",
    Outcome.AMOUNT_MISMATCH: "a bet of another stake",
    Outcome.BATCH_REFUSED: "a request with a bet that cannot be cancelled",
}

_FOUND: Final = {
    Outcome.REVERSED: "reversed",
    Outcome.SETTLED: "not reversed: it had its result when it was found",
}

_DONE: Final = {"close": "Closed", "reopen": "Reopened", "retry": "Retry"}


class EventKind(StrEnum):
    """What kind of thing; of several at the same moment, the earlier here comes first."""

    BET = "bet"
    """The stake was taken, or the bet refused."""
    REQUEST = "request"
    """A cancel came."""
    PARKED = "parked"
    """It was kept, to be decided later."""
    INTERVENTION = "intervention"
    """A person had it tried again, closed or reopened it."""
    DECISION = "decision"
    """It got its outcome."""
    MONEY = "money"
    """The stake was returned."""
    ANSWER = "answer"
    """The provider was answered."""
    LATE_BET = "late_bet"
    """The bet came after its cancel: it was refused, or found afterwards."""
    WIN = "win"
    """A win was paid, or refused."""


class Event(NamedTuple):
    """What happened, in words."""

    at: datetime
    kind: EventKind
    title: str
    """A few words."""
    detail: str
    """The rest of what is known."""


def timeline(history: History) -> list[Event]:
    """Everything that is known of a reference, in the order of time."""
    events = [*_bet_events(history), *_cancel_events(history, all_requests(history))]
    order = list(EventKind)
    return sorted(events, key=lambda event: (event.at, order.index(event.kind)))


def _bet_events(history: History) -> Iterator[Event]:
    if history.bet and history.bet.amount is not None:
        yield from _bet(history, history.bet, money(history.bet.amount, history.bet.currency))
    for late in history.late_bets:
        title = f"Late bet refused: {money(late.amount, late.currency)}"
        detail = f"player {late.user_id}; its cancel had been here before"
        yield Event(late.refused_at, EventKind.LATE_BET, title, detail)
    for found in history.found_late:
        title = f"Late bet {_FOUND.get(found.outcome, f'found: {_words(found.outcome)}')}"
        of_wallet = f"; the wallet's reference {found.wallet_ref}" if found.wallet_ref else ""
        detail = f"it came after its cancel, which had been no bet{of_wallet}"
        yield Event(found.found_at, EventKind.LATE_BET, title, detail)
    for bet in history.round.bets if history.round else ():
        at = bet.cancelled_at or bet.created_at
        yield Event(at, EventKind.MONEY, title_of(bet), detail_of(bet))
    yield from _wins(history)


def _bet(history: History, bet: BetRecord, stake: str) -> Iterator[Event]:
    moved = {transfer.kind: transfer for transfer in history.transfers}
    player = f"player {bet.user_id}"
    if bet.refusal:
        detail = f"{player}; {refused(bet.refusal)}"
        yield Event(bet.created_at, EventKind.BET, f"Bet refused: {stake}", detail)
    else:
        detail = f"{player}; {balances(moved['bet'].entries)}" if "bet" in moved else player
        yield Event(bet.created_at, EventKind.BET, f"Bet placed: {stake}", detail)
    if returned := moved.get("reversal"):
        detail = balances(returned.entries)
        yield Event(returned.created_at, EventKind.MONEY, f"Returned: {stake}", detail)


def _wins(history: History) -> Iterator[Event]:
    transfers = {transfer.id: transfer for transfer in history.transfers}
    for win in history.wins:
        # A win of another bet may have this bet's reference; that bet's currency is not known here.
        is_own = win.bet_reference == history.reference
        won = money(win.amount, history.bet.currency if history.bet and is_own else None)
        about = [f"reference {win.reference}, of bet {win.bet_reference}"]
        if win.refusal:
            about.append(refused(win.refusal))
        elif win.transfer_id in transfers:
            about.append(balances(transfers[win.transfer_id].entries))
        title = f"Win {'refused' if win.refusal else 'paid'}: {won}"
        yield Event(win.created_at, EventKind.WIN, title, "; ".join(about))


def _cancel_events(history: History, requests: Sequence[ReceivedRequest]) -> Iterator[Event]:
    uuids = {one.request_id: one.uuid for one in requests}
    yield from (_request(one, history) for one in requests)
    yield from (_parked(one, uuids) for one in history.parked)
    yield from (_parked(one, uuids) for one in history.parking_history)
    for done in history.interventions:
        about = [_uuid(uuids, done.request_id), *([done.reason] if done.reason else [])]
        title = f"{_DONE[done.action]} by {done.made_by}"
        yield Event(done.made_at, EventKind.INTERVENTION, title, "; ".join(about))
    yield from _decisions(history, uuids)
    yield from _answers(requests)


def _request(one: ReceivedRequest, history: History) -> Event:
    if one.uuid is None:
        return Event(one.received_at, EventKind.REQUEST, "Cancel", "cannot be read any more")
    about = [f"shares the wait of uuid {one.shares}"] if one.shares else []
    about.append(f"from {one.received_from}")
    about += [one.dialect] if one.dialect else []
    about += [f"player {one.user_id}"] if one.user_id is not None else []
    about += [money(one.amount, one.currency)] if one.amount is not None else []
    about += [one.currency] if one.amount is None and one.currency is not None else []
    about += _others(one, history)
    title = "Cancel again" if one.is_again else "Cancel"
    detail = f"uuid {one.uuid}; {', '.join(about)}"
    return Event(one.received_at, EventKind.REQUEST, title, detail)


def _others(one: ReceivedRequest, history: History) -> Iterator[str]:
    """That the request asked for other bets as well, and what became of those."""
    members = [member for member in history.batches if member.batch == one.batch]
    if members:
        others = [
            f"{member.reference} ({_words(member.outcome) if member.outcome else member.state})"
            for member in members
            if member.reference != history.reference
        ]
        also = f", also {listed(others)}" if others else ""
        yield f"asks for {counted(len(members), 'bet')}{also}"


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
    bet, decision = history.bet, history.decision
    # A closing that met another wallet's decision is none: that one stands.
    stands = decision is not None and bet is not None and bet.outcome is Outcome.CLOSED
    if bet and bet.outcome and bet.cancelled_at and not stands:
        by = f"{_uuid(uuids, bet.cancel_request_id)}; " if bet.cancel_request_id else ""
        title = f"Decided: {_words(bet.outcome)}"
        closed = history.wallet != LEDGER and bet.outcome is Outcome.CLOSED
        detail = f"{by}{closed_elsewhere(history) if closed else _MEANING[bet.outcome]}"
        yield Event(bet.cancelled_at, EventKind.DECISION, title, detail)
    if decision:
        yield _told(decision)
    for request in history.requests:
        if request is decision:
            continue
        own = [a.outcome for a in request.answers if a.request_id == request.request_id]
        if (bet and request.request_id == bet.cancel_request_id) or own == [request.outcome]:
            continue
        first = decision or bet
        as_before = first is not None and first.outcome is request.outcome
        title = f"Decided: {_words(request.outcome)}{', as before' if as_before else ''}"
        meaning = f"; {_meaning(request)}"
        detail = f"uuid {request.uuid}" + ("" if as_before else meaning)
        yield Event(request.decided_at, EventKind.DECISION, title, detail)


def _meaning(request: RequestRecord) -> str:
    if request.of_round:
        return MEANING[request.outcome]
    if request.wallet and request.outcome is Outcome.NO_BET:
        return f"the wallet {request.wallet} has no such bet"
    return _MEANING[request.outcome]


def _told(decision: RequestRecord) -> Event:
    """By a wallet other than the ledger, whose rows would say the rest."""
    title = f"Decided: {_words(decision.outcome)}"
    said = ", ".join([f"by the wallet {decision.wallet}", *told_besides(decision)])
    detail = f"uuid {decision.uuid}; {said}"
    return Event(decision.decided_at, EventKind.DECISION, title, detail)


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

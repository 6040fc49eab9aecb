"""What became of a reference, in one sentence.

(Over 250 lines: each sentence that there can be stands here.)
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from unbet.core.money import EXACT, amount
from unbet.core.outcomes import Outcome
from unbet.core.wallet_names import LEDGER
from unbet.history.records import BetRecord, History, InterventionRecord, ParkedRecord, WinRecord
from unbet.history.timeline.elsewhere import (
    closed_elsewhere,
    decided_elsewhere,
    nothing_returned,
    unknown_elsewhere,
    watched,
)
from unbet.history.timeline.phrases import (
    because,
    counted,
    listed,
    money,
    of_player,
    refused,
    tried,
    when,
)
from unbet.history.timeline.requests import ReceivedRequest, all_requests
from unbet.history.timeline.rounds import bets_of_round, cancelled_round, round_of_bet
from unbet.wallets.ledger.operations import Refusal

_MISMATCHES: Final = {
    Outcome.MISMATCH: "player",
    Outcome.CURRENCY_MISMATCH: "currency",
    Outcome.AMOUNT_MISMATCH: "stake",
}


def summary(history: History) -> str:
    """One plain sentence. What the provider sent stands in it unchanged: whoever shows it escapes
    it."""
    requests = all_requests(history)
    bet = history.bet
    decision = history.decision
    if decision is not None:
        repeats = _repeats(history, decision.outcome, decision.request_id, requests)
        parts = [decided_elsewhere(decision), *watched(history), *repeats, *_still_parked(history)]
        parts += _by_people(history, None)
    elif history.round is not None and (history.round.cancelled or not history.parked):
        first = next(iter(history.round.cancelled), None)
        parts = [cancelled_round(history.round)]
        if first is not None:
            parts += _repeats(history, first.outcome, first.cancel_request_id, requests)
        parts += [*_still_parked(history), *_by_people(history, None)]
    elif bet is not None and bet.outcome is not None:
        repeats = _repeats(history, bet.outcome, bet.cancel_request_id, requests)
        parts = [_decided(history, bet), *repeats, *_still_parked(history)]
        parts += _by_people(history, bet)
    elif history.parked:
        parts = [_undecided(history)]
    elif bet is not None:
        parts = [_never_cancelled(history, bet)]
    elif history.wins:
        parts = ["No bet: " + "; ".join(map(_win_alone, history.wins))]
    elif history.wallet != LEDGER:
        parts = [unknown_elsewhere(history)]
    else:
        parts = ["No bet and no cancel is known"]
    return (
        "; ".join(
            [
                *parts,
                *bets_of_round(history),
                *round_of_bet(history),
                *_batches(requests, history),
                *_mismatches(requests),
                *_late(history),
                *_found_late(history),
                *_refused_wins(history),
            ]
        )
        + "."
    )


def _decided(history: History, bet: BetRecord) -> str:
    at = when(bet.cancelled_at or bet.created_at)
    if bet.outcome is Outcome.CLOSED:
        return _decided_by_a_person(history, bet, at)
    if bet.amount is None:
        return f"No such bet: a tombstone refuses it since {at}"
    stake = money(bet.amount, bet.currency)
    if bet.outcome is Outcome.REVERSED:
        return f"Cancelled once: {_returned(history, bet, stake)} on {at}"
    if bet.refusal:
        return f"Nothing to return on {at}: the bet of {stake} was refused ({refused(bet.refusal)})"
    settled = f"the bet of {stake} was {_settled(history, bet)}"
    return f"Cancelled too late on {at}: {settled}, nothing was returned"


def _decided_by_a_person(history: History, bet: BetRecord, at: str) -> str:
    closed = next((done for done in reversed(history.interventions) if _binds(done, bet)), None)
    who = f"Closed by {closed.made_by} on {at} ({closed.reason})" if closed else f"Closed on {at}"
    if history.wallet != LEDGER:
        return f"{who}: {closed_elsewhere(history)}"
    if bet.amount is None:
        return f"{who}: there is no such bet, and a tombstone refuses it"
    stake = money(bet.amount, bet.currency)
    if bet.refusal:
        return f"{who}: nothing to return, the bet of {stake} was refused ({refused(bet.refusal)})"
    stands = _settled(history, bet) if bet.state == "settled" else "not settled"
    return f"{who}: nothing was returned, the bet of {stake} stands, {stands}"


def _binds(done: InterventionRecord, bet: BetRecord) -> bool:
    return (done.action, done.request_id) == ("close", bet.cancel_request_id)


def _by_people(history: History, bet: BetRecord | None) -> Iterator[str]:
    """Closings and reopenings that are not shown already, with the decision of `bet`."""
    binds = bet is not None and bet.outcome is Outcome.CLOSED
    shown = [done for done in history.interventions if binds and bet and _binds(done, bet)][-1:]
    words = {"close": "closed", "reopen": "reopened"}
    for done in history.interventions:
        if done.action in words and done not in shown:
            at = when(done.made_at)
            yield f"{words[done.action]} by {done.made_by} on {at} ({done.reason})"


def _returned(history: History, bet: BetRecord, stake: str) -> str:
    reversal = next((t for t in history.transfers if t.id == bet.reversal_id), None)
    legs = of_player(reversal.entries) if reversal else []
    if not legs:
        return "the stake was zero, nothing had to be returned,"
    if len(legs) == 1:
        return f"{stake} returned to {legs[0].kind}"
    return f"{stake} returned, {listed(f'{amount(leg.amount)} to {leg.kind}' for leg in legs)},"


def _settled(history: History, bet: BetRecord) -> str:
    won = Decimal()
    for win in _own_wins(history):
        won = won if win.refusal else EXACT.add(won, win.amount)
    return f"settled for {money(won, bet.currency)}"


def _own_wins(history: History) -> list[WinRecord]:
    """A win of another bet may have this bet's reference."""
    return [win for win in history.wins if win.bet_reference == history.reference]


def _repeats(
    history: History, outcome: Outcome, by: UUID | None, requests: Sequence[ReceivedRequest]
) -> Iterator[str]:
    decided = [one for one in requests if one.outcome is outcome]
    more = [one for one in decided if one.request_id != by and not one.was_put_off]
    again = sum(one.is_again for one in more)
    numbers = {"retransmission": again, "further cancel": len(more) - again}
    kinds = [counted(number, thing) for thing, number in numbers.items() if number]
    if kinds:
        shown = "answered" if all(one.answer for one in more) else "decided"
        yield f"{listed(kinds)} {shown} the same"
    yield from _put_off(history, [one for one in decided if one.was_put_off])


def _put_off(history: History, requests: Sequence[ReceivedRequest]) -> Iterator[str]:
    """Those that were told to ask again, and why: as far as it is still known."""
    reasons = {parking.request_id: parking.reason for parking in history.parking_history}
    reasons |= {parked.request_id: parked.reason for parked in history.parked}
    by_reason: defaultdict[str | None, list[str]] = defaultdict(list)
    for one in requests:
        answer = one.answer
        if answer is not None:
            why = reasons.get(answer.shared_request_id or answer.request_id)
            by_reason[why].append(str(answer.code))
    for reason, codes in by_reason.items():
        shown = f"{counted(len(codes), 'request')} answered {listed(sorted(set(codes)))}"
        yield f"{shown} first, {because(reason)}" if reason else f"{shown} first"


def _still_parked(history: History) -> Iterator[str]:
    decided = {request.request_id for request in history.requests}
    for state in ("parked", "dead"):
        number = sum(p.state == state and p.request_id not in decided for p in history.parked)
        if number:
            yield f"{counted(number, 'further cancel')} {'is' if number == 1 else 'are'} {state}"


def _undecided(history: History) -> str:
    """Of several, the one that can still be decided, and that was parked first."""
    parked = min(
        history.parked, key=lambda p: (("parked", "dead", "closed").index(p.state), p.parked_at)
    )
    since = f"parked since {when(parked.parked_at)} {because(parked.reason)}, {tried(parked.tries)}"
    error = f", last error: {parked.last_error}" if parked.last_error else ""
    returned = nothing_returned(history)
    if parked.state == "parked":
        due = f"next try at {when(parked.next_try_at)}"
        return f"Not decided yet: {since}, {due}{error}; {returned}"
    if parked.state == "dead":
        return f"Not decided, and dead until a person looks: {since}{error}; {returned}"
    return f"Not decided, and {_closed(history, parked)}: {since}{error}; {returned}"


def _closed(history: History, parked: ParkedRecord) -> str:
    for done in reversed(history.interventions):
        if done.request_id == parked.request_id and done.action == "close":
            return f"closed for good by {done.made_by} on {when(done.made_at)} ({done.reason})"
    return "closed for good"


def _never_cancelled(history: History, bet: BetRecord) -> str:
    at = when(bet.created_at)
    stake = "bet" if bet.amount is None else f"bet of {money(bet.amount, bet.currency)}"
    if bet.refusal is Refusal.CANCELLED:
        return f"Refused on {at}: the {stake} came after the cancel of its round"
    if bet.refusal:
        return f"Never cancelled: the {stake} was refused on {at} ({refused(bet.refusal)})"
    since = f", {_settled(history, bet)} since" if bet.state == "settled" else ""
    return f"Never cancelled: the {stake} was placed on {at}{since}"


def _batches(requests: Sequence[ReceivedRequest], history: History) -> Iterator[str]:
    """Those that asked for other bets as well; the timeline has these."""
    for batch in dict.fromkeys(one.batch for one in requests if one.batch is not None):
        number = sum(member.batch == batch for member in history.batches)
        yield f"one request asked for {counted(number, 'bet')} at once"


def _mismatches(requests: Sequence[ReceivedRequest]) -> Iterator[str]:
    for outcome, what in _MISMATCHES.items():
        number = sum(one.outcome is outcome for one in requests)
        if number:
            yield f"{counted(number, 'cancel')} of another {what} changed nothing"


def _late(history: History) -> Iterator[str]:
    late = history.late_bets
    if len(late) == 1:
        yield f"1 late bet of {money(late[0].amount, late[0].currency)} was refused"
    elif late:
        yield f"{len(late)} late bets were refused"


def _found_late(history: History) -> Iterator[str]:
    words = {Outcome.REVERSED: "was reversed", Outcome.SETTLED: "was settled, and not reversed"}
    for found in history.found_late:
        if found.outcome in words:
            yield f"the bet came late and {words[found.outcome]} on {when(found.found_at)}"


def _refused_wins(history: History) -> Iterator[str]:
    number = sum(win.refusal is not None for win in _own_wins(history))
    if history.bet and number:
        yield f"{counted(number, 'win')} {'was' if number == 1 else 'were'} refused"


def _win_alone(win: WinRecord) -> str:
    became = f"refused ({refused(win.refusal)})" if win.refusal else "paid"
    at = when(win.created_at)
    return f"a win of {money(win.amount, None)} on bet {win.bet_reference} was {became} on {at}"

"""What happened to the bet's money: stake, return, wins, and bets that came too late."""

from collections.abc import Iterator

from unbet.history.records import BetRecord, History
from unbet.history.timeline.event import Event, EventKind
from unbet.history.timeline.phrases import balances, money, refused


def bet_events(history: History) -> Iterator[Event]:
    """The events, in no order."""
    if history.bet and history.bet.amount is not None:
        yield from _bet(history, history.bet, money(history.bet.amount, history.bet.currency))
    for late in history.late_bets:
        title = f"Late bet refused: {money(late.amount, late.currency)}"
        detail = f"player {late.user_id}; its cancel had been here before"
        yield Event(late.refused_at, EventKind.LATE_BET, title, detail)
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

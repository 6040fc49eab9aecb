"""`unbet explain`: the story of one reference."""

from typing import Annotated

import typer

from ledger.explain import explain
from ledger.story import AnswerFact, BetFact, ParkedFact, RequestFact, Story, TransferFact
from ops import database
from ops.display import AsJson, amount, moment, plain, print_json, print_table

app = typer.Typer()


@app.command("explain")
def tell(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="A bet's or a win's.")],
    provider: Annotated[
        str | None, typer.Option("--provider", help="Of this provider only; all if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show everything known of a reference. Exit status 1 if that is nothing.

    The bodies that the provider sent are shown with --json only: they carry players' sessions.
    """
    with database.snapshot() as connection:
        stories = explain(connection, reference, provider)
    if as_json:
        print_json({"reference": reference, "stories": [story.model_dump() for story in stories]})
    for story in stories:
        if not as_json:
            _show(story)
    if not stories:
        where = f" at {provider}" if provider else ""
        typer.echo(f"Nothing is known of {plain(reference)}{plain(where)}.", err=True)
        raise typer.Exit(1)


def _show(story: Story) -> None:
    typer.echo(f"{plain(story.reference)} at {plain(story.provider)}: {_state(story.bet)}")
    if story.bet and story.bet.outcome and story.bet.cancelled_at:
        cash = story.bet.cash_after
        rest = "" if cash is None else f"; the player's cash was then {amount(cash)}"
        typer.echo(f"Cancel: {story.bet.outcome}, {moment(story.bet.cancelled_at)}{rest}.")
    print_table(
        "Requests",
        ("received", "uuid", "player", "currency", "from", "outcome", "answered"),
        map(_request, story.requests),
    )
    print_table(
        "Parked",
        ("parked", "state", "reason", "tries", "last error", "next try", "answered"),
        map(_parked, story.parked),
    )
    print_table(
        "Bets refused because they came after the cancel",
        ("refused", "player", "amount", "currency"),
        ((bet.refused_at, bet.user_id, bet.amount, bet.currency) for bet in story.late_bets),
    )
    print_table(
        "Wins",
        ("came", "reference", "bet", "amount", "refused"),
        (
            (win.created_at, win.reference, win.bet_reference, win.amount, win.refusal)
            for win in story.wins
        ),
    )
    print_table(
        "Transfers",
        ("transfer", "when", "kind", "account", "amount", "currency", "balance after"),
        (row for transfer in story.transfers for row in _entries(transfer)),
    )


def _state(bet: BetFact | None) -> str:
    if bet is None:
        return "no bet."
    if bet.amount is None:
        return f"no bet; a cancel for player {plain(bet.user_id)} left a tombstone."
    refused = f" ({bet.refusal})" if bet.refusal else ""
    return (
        f"bet of {amount(bet.amount)} {bet.currency} by player {plain(bet.user_id)}, "
        f"{moment(bet.created_at)}: {bet.state}{refused}."
    )


def _request(r: RequestFact) -> tuple[object, ...]:
    told = _answered(r.answers)
    return r.received_at, r.uuid, r.user_id, r.currency, r.received_from, r.outcome, told


def _parked(p: ParkedFact) -> tuple[object, ...]:
    told = _answered(p.answers)
    return p.parked_at, p.state, p.reason, p.tries, p.last_error, p.next_try_at, told


def _answered(answers: tuple[AnswerFact, ...]) -> str:
    """The code that each request got; several where equal requests shared one wait."""
    return ", ".join(
        f"{a.code} after {a.seconds:.3f} s"
        + (f" (shared by {a.uuid})" if a.shared_request_id else "")
        for a in answers
    )


def _entries(transfer: TransferFact) -> list[tuple[object, ...]]:
    about = (transfer.id, transfer.created_at, transfer.kind)
    if not transfer.entries:
        return [(*about, "nothing moved")]
    return [
        (*about, f"{e.owner} {e.kind}", e.amount, e.currency, e.balance_after)
        for e in transfer.entries
    ]

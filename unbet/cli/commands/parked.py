"""`unbet parked`: the cancels that wait for the sweep, the dead ones that wait for a person, and
the closed ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final
from uuid import UUID

import typer
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from unbet.cli import database
from unbet.cli.display import AsJson, print_json, print_table, report
from unbet.cli.failing import CommandError
from unbet.cli.people import login
from unbet.core.outcomes import Outcome
from unbet.database.faults import Fault, fault_of
from unbet.history.timeline.phrases import when
from unbet.journal.parking import Parked, count_parked, list_parked
from unbet.wallets.ledger.interventions import (
    Closing,
    InterventionError,
    Record,
    close_parked,
    reopen_parked,
    retry_parked,
)

app = typer.Typer(name="parked", no_args_is_help=True, help="Cancels without a final outcome yet.")

LISTED: Final = 1000
_NONE: Final = "No such cancel is parked or dead."

By = Annotated[
    str | None, typer.Option("--by", help="Who says so, for the record; your login if not given.")
]


@app.command("list")
def show(
    dead: Annotated[bool, typer.Option("--dead", help="Only those that are dead.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Only those that were closed.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Show no more than this.")] = LISTED,
    as_json: AsJson = False,
) -> None:
    """Show what is parked, the longest parked first."""
    if dead and closed:
        raise typer.BadParameter("--dead and --closed exclude each other")
    states = ("dead",) if dead else ("closed",) if closed else ("parked", "dead")
    with database.transaction() as connection:
        counts = count_parked(connection)
        rows = list_parked(connection, states=states, most=most)
    if as_json:
        print_json({**counts._asdict(), "cancels": [row._asdict() for row in rows]})
        return
    typer.echo(f"{counts.parked} parked, {counts.dead} dead, {counts.closed} closed.")
    columns = [name.replace("_", " ") for name in Parked._fields]
    more = f"the first {most}" if len(rows) == most else None
    print_table(" and ".join(states).capitalize(), columns, rows, more=more)


@app.command()
def retry(
    request_id: Annotated[UUID | None, typer.Argument(help="As `list` shows it.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="All that are parked for this bet.")
    ] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that are dead.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Have the sweep try cancels again at once, dead ones too. Exit status 1 if nothing matched.

    A closed one is not: `reopen` it.
    """
    if [request_id is not None, reference is not None, all_dead].count(True) != 1:
        raise typer.BadParameter("name one of REQUEST_ID, --reference and --all-dead")
    with _recorded() as connection:
        found = retry_parked(
            connection,
            made_by=by or login(),
            request_id=request_id,
            reference=reference,
            all_dead=all_dead,
        )
    report(as_json, {"retried": found}, f"{found} will be tried again.")
    raise typer.Exit(0 if found else 1)


@app.command()
def close(
    request_id: Annotated[UUID, typer.Argument(help="As `list` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why nobody tries it again.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Decide a cancel by hand: nothing is returned, and whoever sends it again is told to stop.

    `reopen` takes it back. Exit status 1 if there was no such cancel, or if it was decided
    meanwhile. For a cancel that is closed already, the command says who closed it and when.
    """
    with _recorded() as connection:
        done = close_parked(connection, request_id, made_by=by or login(), reason=reason)
    document = {"closed": int(done.closed), "outcome": done.outcome}
    report(as_json, document | _said_by(done.before), _said_of(done))
    raise typer.Exit(0 if done.closed else 1)


@app.command()
def reopen(
    request_id: Annotated[UUID, typer.Argument(help="As `list --closed` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is tried again.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Have a closed cancel tried again, and its bet decided anew. Exit status 1 if it was not
    closed. For one that is reopened already, the command says who did it and when."""
    with _recorded() as connection:
        done = reopen_parked(connection, request_id, made_by=by or login(), reason=reason)
    if done is None:
        says = "No such cancel is closed."
    elif done.before:
        says = f"It is reopened already: {_words(done.before)}"
    else:
        says = "Reopened: it will be tried again."
    report(as_json, {"reopened": int(done is not None)} | _said_by(done and done.before), says)
    raise typer.Exit(1 if done is None else 0)


def _said_of(done: Closing) -> str:
    outcome = str(done.outcome).replace("_", " ")
    if not done.closed:
        return f"Not closed: it was decided meanwhile ({outcome})." if done.outcome else _NONE
    if done.before:
        return f"It is closed already: {_words(done.before)}"
    match done.outcome:
        case Outcome.CLOSED:
            return "Closed: every cancel of this bet is told to stop, and nothing moves."
        case (
            Outcome.MISMATCH
            | Outcome.CURRENCY_MISMATCH
            | Outcome.AMOUNT_MISMATCH
            | Outcome.BATCH_REFUSED
        ):
            return (
                "Closed. The bet is another player's, in another currency or of another stake, or "
                "another one of its request is: it is not bound."
            )
        case None:
            return "Closed. It is of a round, or cannot be read: no bet is bound by it."
        case _:
            return f"Closed. The bet had been decided before ({outcome}), which stays."


def _words(record: Record) -> str:
    return f"by {record.made_by} on {when(record.made_at)} ({record.reason})."


def _said_by(before: Record | None) -> dict[str, object]:
    """Of what was done before, and is not done again."""
    if before is None:
        return {}
    return {"made_by": before.made_by, "made_at": before.made_at, "reason": before.reason}


@contextmanager
def _recorded() -> Iterator[Connection]:
    with database.transaction() as connection:
        try:
            yield connection
        except InterventionError as error:
            raise typer.BadParameter(str(error)) from None
        except DBAPIError as error:
            if fault_of(error) is not Fault.LOCKED:
                raise
            raise CommandError("nothing changed: somebody holds the cancel or its bet.") from None

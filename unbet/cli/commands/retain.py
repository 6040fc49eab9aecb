"""`unbet retain`: removes old records of requests, of parked cancels and of answers."""

from contextlib import closing
from datetime import datetime
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, moment, report
from unbet.history.timeline.phrases import listed
from unbet.journal.retention import LIMITS, RECORDS, count_older, cutoff, remove_older

_LABELS: Final = {"parkings": "parking records"}
"""For a person; the JSON document has the names of the tables."""

app = typer.Typer()

LEAST_DAYS: Final = 30
"""A month is reconciled and disputed, and its refused requests are replayed, in the month after:
who asks then wants to see what was sent and answered."""

MAX_DAYS: Final = 36_500


@app.command()
def retain(
    days: Annotated[int, typer.Option("--days", max=MAX_DAYS, help="How long they are kept.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is older.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove records of requests, of parking and of answers that are older than --days.

    Outcomes, bets, transfers, entries and parked cancels are kept for ever. The command works in
    small steps with pauses, beside the running system. It can be stopped at any moment and run
    again. The database role unbet_retention may do this and nothing else.
    """
    if days < LEAST_DAYS:
        raise typer.BadParameter(
            f"{days} is too few: at least {LEAST_DAYS}, for questions about the last month",
            param_hint="'--days'",
        )
    with database.ledger_engine(LIMITS) as engine:
        committing = engine.execution_options(isolation_level="AUTOCOMMIT")
        with committing.connect() as connection:
            than = cutoff(connection, days)
            older = {kept.table: count_older(connection, kept, than) for kept in RECORDS}
            found = older if dry_run else _remove(connection, than, sum(older.values()))
    counts = listed(f"{count} {_LABELS.get(table, table)}" for table, count in found.items())
    done = "to remove" if dry_run else "removed"
    document = {"older_than": than, "dry_run": dry_run, **found}
    report(as_json, document, f"{counts} {done}: older than {moment(than)}.")


def _remove(connection: Connection, than: datetime, total: int) -> dict[str, int]:
    removed = dict.fromkeys((kept.table for kept in RECORDS), 0)
    with bar("rows", total) as update:
        for kept in RECORDS:
            with closing(remove_older(connection, kept, than)) as steps:
                for rows in steps:
                    removed[kept.table] += rows
                    update(description=f"removing {kept.table}", advance=rows)
    return removed

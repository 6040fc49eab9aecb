"""`unbet export`: the outcomes of a period, for a warehouse or a spreadsheet."""

import csv
import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

import typer

from unbet.cli import database
from unbet.cli.display import as_text
from unbet.cli.periods import moment_of, require_order
from unbet.cli.spreadsheets import protect
from unbet.cli.statement_file import Form
from unbet.journal.exporting import STREAM_LIMITS, Exported, export

app = typer.Typer()


Since = Annotated[
    datetime, typer.Option("--since", parser=moment_of, metavar="WHEN", help="From this moment on.")
]
Until = Annotated[
    datetime, typer.Option("--until", parser=moment_of, metavar="WHEN", help="Before this moment.")
]


@app.command("export")
def write(
    since: Since,
    until: Until,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Of this provider only; all if not given.")
    ] = None,
    form: Annotated[Form, typer.Option("--format")] = Form.CSV,
) -> None:
    """Write the outcomes of a period to standard output, in the order of time.

    WHEN is a date or a moment, UTC unless it says otherwise. In CSV an apostrophe stands before
    what a spreadsheet would take for a formula; JSON lines have everything as it is.
    """
    require_order(since, until)
    with database.snapshot(STREAM_LIMITS) as connection:
        put = _WRITERS[form]()
        for row in export(connection, since, until, provider):
            put(row)


def _csv() -> Callable[[Exported], object]:
    # Python's csv quotes a cell for the characters that end its rows only: these must be both.
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(Exported._fields)
    return lambda row: writer.writerow(
        "" if value is None else protect(as_text(value)) for value in row
    )


def _json_lines() -> Callable[[Exported], object]:
    return lambda row: sys.stdout.write(json.dumps(row._asdict(), default=as_text) + "\n")


_WRITERS: Final = {Form.CSV: _csv, Form.JSONL: _json_lines}

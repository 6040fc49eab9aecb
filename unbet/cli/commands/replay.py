"""`unbet replay`: requests that were refused at validation, decided once they are corrected."""

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import typer

from unbet.cli import database
from unbet.cli.display import AsJson, print_json, print_table
from unbet.cli.replaying import LogError, Refused, cancels_in, refusals_in
from unbet.core.message import Cancel
from unbet.dialects.raw import BadRequestError
from unbet.journal.parking import park

app = typer.Typer()


@app.command()
def replay(
    log: Annotated[
        typer.FileText,
        typer.Argument(errors="replace", help="A receiver's log, as JSON lines; - for the input."),
    ],
    body: Annotated[
        typer.FileBinaryRead | None,
        typer.Option("--body", help="The mended body, if the log has one refusal only."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Park the Cancels that a receiver has refused, for the sweep to decide: the provider does not
    send them again.

    Fix the cause first: the address that was not allowed, the secret that had expired, or the body,
    which --body replaces. Running it twice moves nothing twice. Exit status 1 if one was refused
    again.
    """
    try:
        refused = list(refusals_in(log))
    except (OSError, LogError) as error:
        raise typer.BadParameter(f"{log.name}: {error}") from None
    if body is not None and len(refused) != 1:
        raise typer.BadParameter(f"--body is for one refusal, {log.name} has {len(refused)}")
    found = [each for one in refused for each in _read(one, None if body is None else body.read())]
    cancels = [one.cancel for one in found if one.cancel]
    with database.transaction() as connection:
        park(connection, cancels, reason="replayed")
    _print_result(found, len(cancels), as_json)
    raise typer.Exit(0 if len(cancels) == len(found) else 1)


class _Read(NamedTuple):
    received_at: datetime
    reference: str | None
    request_id: UUID | None
    """Ours, by which it is parked; None where it is refused again."""
    problem: str | None
    cancel: Cancel | None


def _read(refused: Refused, body: bytes | None) -> list[_Read]:
    try:
        cancels = cancels_in(refused, body)
    except BadRequestError as error:
        return [_Read(refused.received_at, error.reference, None, str(error), None)]
    return [
        _Read(refused.received_at, cancel.reference, cancel.request_id, None, cancel)
        for cancel in cancels
    ]


def _print_result(found: list[_Read], parked: int, as_json: bool) -> None:
    columns, rows = _Read._fields[:-1], [one[:-1] for one in found]
    if as_json:
        replayed = [dict(zip(columns, row, strict=True)) for row in rows]
        print_json({"parked": parked, "replayed": replayed})
        return
    print_table("Refused requests", [name.replace("_", " ") for name in columns], rows)
    typer.echo(f"{parked} parked for the sweep, {len(found) - parked} refused again.")

"""`unbet spool`: what lies on a receiver's disk, and on that of a machine that is no more."""

import os
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from unbet.cli import database
from unbet.cli.display import AsJson, print_json, print_table, report
from unbet.core.message import Cancel
from unbet.database.faults import Fault, fault_of, first_line
from unbet.journal.parking import park
from unbet.spool.inspecting import Listed, cancels_in, list_files
from unbet.spool.inspecting import check as check_file

app = typer.Typer(
    name="spool",
    no_args_is_help=True,
    help="Cancels on a receiver's disk. Nothing here changes a file.",
)

DIRECTORY: Final = "UNBET_SPOOL_DIR"

Directory = Annotated[
    Path | None,
    typer.Argument(help="The spool's directory, or a copy; UNBET_SPOOL_DIR if not given."),
]


class _Damaged(NamedTuple):
    file: str
    offset: int
    bytes: int
    state: str
    """`damaged`, or `torn`: the end of what a crash has cut off, which was not answered."""


@app.command("list")
def show(directory: Directory = None, as_json: AsJson = False) -> None:
    """Show the files: those of receivers that live, those that wait for one, and those that were
    kept because something in them is damaged."""
    files = _files(directory)
    columns = ("file", "version", "deployment", "bytes", "state")
    rows = [(file.path.name, *file[1:]) for file in files]
    if as_json:
        print_json({"files": [dict(zip(columns, row, strict=True)) for row in rows]})
        return
    print_table("Spool files", columns, rows)
    damaged = sum(file.state == "damaged" for file in files)
    typer.echo(f"{len(files)} files, {damaged} of them damaged.")


@app.command()
def check(directory: Directory = None, as_json: AsJson = False) -> None:
    """Read every record and its checksum. Exit status 1 if one is damaged or a file unreadable.

    A receiver may be at work meanwhile: what it is writing just then counts as torn.
    """
    cancels, damage, unreadable = 0, list[_Damaged](), list[str]()
    for file in _files(directory):
        found = check_file(file.path)
        cancels += found.cancels
        for offset, length, torn in found.damage:
            state = "torn" if torn else "damaged"
            damage.append(_Damaged(file.path.name, offset, length, state))
        if found.problem:
            unreadable.append(f"{file.path.name}: {found.problem}")
    if as_json:
        document = {"cancels": cancels, "unreadable": unreadable}
        print_json(document | {"damage": [one._asdict() for one in damage]})
    else:
        print_table("Damage", _Damaged._fields, damage)
        for problem in unreadable:
            typer.echo(problem)
        damaged = sum(one.state == "damaged" for one in damage)
        typer.echo(f"{cancels} cancels are whole, {damaged} records are damaged.")
    bad = unreadable or any(one.state == "damaged" for one in damage)
    raise typer.Exit(1 if bad else 0)


@app.command()
def replay(
    directory: Directory = None,
    deployment: Annotated[
        UUID | None,
        typer.Option("--deployment", help="The ledger's deployment, where files name one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Park every whole record for the sweep to decide, also of damaged files and of the disk of a
    machine that is gone. Done twice, it moves nothing twice. The files stay: remove them yourself.

    Files that name another deployment than --deployment are left out. Exit status 1 if something
    was left out, is damaged or is refused by the ledger.
    """
    parked, problems = 0, list[str]()
    files = _files(directory)
    with database.ledger_engine() as engine:
        for file in files:
            if file.deployment not in (None, deployment):
                problems.append(f"{file.path.name}: of deployment {file.deployment}, left out")
                continue
            refused = list[str]()
            try:
                for batch in cancels_in(file.path):
                    in_batch = _park(engine, batch)
                    parked += len(batch) - len(in_batch)
                    refused += in_batch
            except FileNotFoundError:
                continue  # a receiver has emptied it meanwhile
            except OSError as error:
                problems.append(f"{file.path.name}: {error.strerror}")
            damaged = sum(not one.torn for one in check_file(file.path).damage)
            if damaged:
                problems.append(f"{file.path.name}: {damaged} damaged records")
            if refused:
                problems.append(f"{file.path.name}: {len(refused)} refused, first {refused[0]}")
    summary = f"{parked} cancels of {len(files)} files parked for the sweep."
    report(as_json, {"parked": parked, "problems": problems}, *problems, summary)
    raise typer.Exit(1 if problems else 0)


def _park(engine: Engine, batch: list[Cancel]) -> list[str]:
    """Park `batch`, in a transaction of its own: no more is held, or done again. Which of it the
    ledger refuses by their content, and why."""
    try:
        with engine.begin() as connection:
            park(connection, batch, reason="spooled")
    except DBAPIError as error:
        if fault_of(error) is not Fault.CONTENT:
            raise
        if len(batch) == 1:
            return [f"{batch[0].reference}: {first_line(error)}"]
        return [refused for cancel in batch for refused in _park(engine, [cancel])]
    return []


def _files(directory: Path | None) -> list[Listed]:
    chosen = directory or os.environ.get(DIRECTORY)
    if not chosen:
        raise typer.BadParameter(f"name the directory, or set {DIRECTORY}")
    try:
        return list_files(Path(chosen))
    except OSError as error:
        raise typer.BadParameter(f"{error.filename or chosen}: {error.strerror}") from None

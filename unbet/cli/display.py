"""How the command line shows things: amounts, moments, tables and JSON documents."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from unbet.core.money import amount
from unbet.core.text import plain

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

WIDTH_OF_A_FILE: Final = 200
"""Columns where the output is no terminal: a uuid should not be broken into pieces."""


def moment(value: datetime) -> str:
    """To the millisecond; the JSON has the rest."""
    return value.isoformat(sep=" ", timespec="milliseconds")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Iterable[object]], more: str | None = None
) -> None:
    """A table on standard output, or nothing without rows; `more` is written below it."""
    table = Table(*columns, title=title, title_justify="left", caption=more)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if not table.rows:
        return
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    console.print(table)


def print_json(document: Mapping[str, object]) -> None:
    """One document on standard output; amounts as text, moments in ISO 8601."""
    typer.echo(json.dumps(document, default=as_text))


def report(as_json: bool, document: Mapping[str, object], *lines: str) -> None:
    """`document` where JSON was asked for, else `lines`, for a person."""
    if as_json:
        print_json(document)
    else:
        typer.echo("\n".join(lines))


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return moment(value)
    return plain(as_text(value))


def as_text(value: object) -> str:
    """As JSON and CSV have it: amounts exact, moments in ISO 8601."""
    match value:
        case Decimal():
            return amount(value)
        case datetime():
            return value.isoformat()
    return str(value)

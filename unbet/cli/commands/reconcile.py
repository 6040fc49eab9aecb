"""`unbet reconcile`: a provider's own list of cancels against the ledger."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from unbet.cli import database
from unbet.cli.display import AsJson, as_text, print_table
from unbet.cli.periods import moment_of, require_order
from unbet.cli.statement import SHOWN, read_statement
from unbet.cli.statement_file import Form
from unbet.journal.exporting import STREAM_LIMITS
from unbet.journal.reconciling import (
    Difference,
    Repeated,
    differences,
    extra,
    repeated,
    take,
)
from unbet.runtime.settings import ProviderSettings, load

app = typer.Typer()

_KINDS: Final[Mapping[str, str]] = {
    "missing": "Missing: the provider has cancelled, and no cancel is known here",
    "differing": "Differing: the ledger has something else",
    "extra": "Extra: cancelled here, and not in the list",
    "repeated": "In the list more than once",
}
_FORMS: Final = {".csv": Form.CSV, ".jsonl": Form.JSONL, ".ndjson": Form.JSONL, ".json": Form.JSONL}

Row = Difference | Repeated
When = Annotated[datetime | None, typer.Option(parser=moment_of, metavar="WHEN")]


@app.command("reconcile")
def compare(
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="The list.")],
    form: Annotated[
        Form | None, typer.Option("--format", help="By FILE's extension, if not given.")
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option("--provider", help="Of lines that name none; UNBET_PROVIDER_ID if not given."),
    ] = None,
    since: When = None,
    until: When = None,
    most: Annotated[
        int,
        typer.Option("--limit", min=1, help="Show no more than this of each kind; JSON has all."),
    ] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Compare the provider's list of the cancels that it has sent with the ledger. Changes nothing.

    FILE is CSV with a header, or JSON lines: `reference`, and where it has them `userId`,
    `currency`, `providerId`, `uuid`, `time` and `code`, which is what we have answered. With
    --since and --until, a date or a moment each, it also says what has been cancelled meanwhile and
    is not in FILE. Exit status 1 if there are differences, 2 if a line cannot be read: then nothing
    is compared.
    """
    period = _period(since, until)
    form = form or _form_of(file)
    provider = provider or load(ProviderSettings).provider_id
    with (
        database.ledger_engine(STREAM_LIMITS) as engine,
        read_statement(file, form, provider) as statement,
        engine.connect() as connection,
    ):
        with connection.begin():
            lines = take(connection, statement)
        with database.reading(connection):
            more = extra(connection, *period, provider) if period else ()
            found = chain[Row](differences(connection), more, repeated(connection))
            counts = (_print_document if as_json else _print_tables)(found, lines, most)
    raise typer.Exit(0 if _agrees(counts) else 1)


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime] | None:
    if since is None and until is None:
        return None
    if since is None or until is None:
        missing = "--since" if since is None else "--until"
        raise typer.BadParameter("is needed with the other one", param_hint=f"'{missing}'")
    require_order(since, until)
    return since, until


def _form_of(file: BinaryIO) -> Form:
    try:
        return _FORMS[Path(file.name).suffix.lower()]
    except KeyError:
        raise typer.BadParameter(
            f"{file.name}: is it csv or jsonl?", param_hint="'--format'"
        ) from None


def _print_tables(found: Iterable[Row], lines: int, most: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    shown: dict[str, list[Row]] = {kind: [] for kind in _KINDS}
    for row in found:
        counts[row.kind] += 1
        if counts[row.kind] <= most:
            shown[row.kind].append(row)
    for kind, title in _KINDS.items():
        rows = [row._asdict() for row in shown[kind]]
        used = _used(rows)
        print_table(
            title,
            [name.replace("_", " ") for name in used],
            ([row[name] for name in used] for row in rows),
            more=f"{most} of {counts[kind]}" if counts[kind] > most else None,
        )
    typer.echo(f"{lines} lines: " + ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS) + ".")
    return counts


def _used(rows: list[dict[str, object]]) -> list[str]:
    """Columns that nobody has filled would only make the others narrow."""
    names = list((rows or [{}])[0])[1:]  # the title says the kind
    return [name for name in names if any(row[name] is not None for row in rows)]


def _print_document(found: Iterable[Row], lines: int, _most: int) -> Counter[str]:
    """Row by row: there may be more of them than memory holds."""
    counts: Counter[str] = Counter()
    typer.echo('{"rows": [')
    for number, row in enumerate(found):
        counts[row.kind] += 1
        typer.echo((", " if number else "  ") + json.dumps(row._asdict(), default=as_text))
    ends = {"ok": _agrees(counts), "lines": lines, **{kind: counts[kind] for kind in _KINDS}}
    typer.echo("], " + json.dumps(ends).removeprefix("{"))
    return counts


def _agrees(counts: Counter[str]) -> bool:
    return not any(counts[kind] for kind in ("missing", "differing", "extra"))

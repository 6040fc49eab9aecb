"""`unbet audit`: does the ledger balance, and was nothing given back twice?"""

from dataclasses import asdict
from typing import Annotated, Final

import typer

from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, print_json, print_table
from unbet.database.engine import SCAN_SETTINGS
from unbet.wallets.ledger.audit import CHECKS, MAX_ROWS, Report, Step, audit

MAX_ASKED: Final = 100_000
"""They are held in memory."""

app = typer.Typer()


@app.command("audit")
def check_everything(
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=MAX_ASKED, help="Shown of each violation, at most.")
    ] = MAX_ROWS,
    as_json: AsJson = False,
) -> None:
    """Check the whole ledger, also while it is at work. Exit status 1 if anything is wrong."""
    with (
        database.ledger_engine(SCAN_SETTINGS, writes=False) as engine,
        engine.begin() as connection,
        bar("rows") as update,
    ):
        report = audit(
            connection,
            lambda step: update(description=_words(step), completed=step.rows, total=step.total),
            most_rows=rows,
        )
    if as_json:
        print_json(_document(report))
    else:
        _show(report)
    raise typer.Exit(0 if report.ok else 1)


def _words(step: Step) -> str:
    return f"{step.number}/{len(CHECKS)} {step.doing}" if step.number else step.doing


def _document(report: Report) -> dict[str, object]:
    violations = [asdict(violation) for violation in report.violations]
    return {"ok": report.ok, "checked": dict(report.checked), "violations": violations}


def _show(report: Report) -> None:
    typer.echo("Checked " + ", ".join(f"{n} {table}" for table, n in report.checked.items()) + ".")
    if report.ok:
        typer.echo("Everything holds.")
    for violation in report.violations:
        shown = len(violation.rows)
        print_table(
            f"Does not hold ({violation.check}): {violation.meaning}",
            list(violation.rows[0]),
            (row.values() for row in violation.rows),
            more=f"{shown} of {violation.count} rows" if shown < violation.count else None,
        )

"""`unbet audit`: does the ledger balance, and was nothing given back twice? Of another wallet: does
it still say what the journal has?"""

import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, NoReturn
from uuid import UUID

import typer

from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, print_json
from unbet.cli.failing import failing_on
from unbet.cli.periods import moment_of
from unbet.cli.wallet_audit import audit_wallet
from unbet.cli.wallet_audit_report import document_of, show_report, show_violation
from unbet.core.wallet_names import LEDGER
from unbet.database.engine import SCAN_SETTINGS, UnsafeDatabaseError
from unbet.runtime.settings import WalletNameSettings, load
from unbet.wallets.ledger.audit import CHECKS, MAX_ROWS, Report, Step, audit

MAX_ASKED: Final = 100_000
"""They are held in memory."""

app = typer.Typer()


@app.command("audit")
def check_everything(
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=MAX_ASKED, help="Shown of each violation, at most.")
    ] = MAX_ROWS,
    wallet: Annotated[
        str | None,
        typer.Option("--wallet", help="Which one, if endpoints have several; else UNBET_WALLET's."),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", min=1, max=MAX_ASKED, help="A wallet is asked about no more cancels."
        ),
    ] = 10_000,
    per_second: Annotated[
        float, typer.Option("--per-second", min=0.1, help="A wallet is asked about no more.")
    ] = 50.0,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", parser=moment_of, metavar="WHEN", help="Cancels received from then on."
        ),
    ] = None,
    after: Annotated[
        UUID | None,
        typer.Option("--after", metavar="REQUEST_ID", help="Go on after it, as the last run said."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole ledger, also while it is at work. Exit status 1 if anything is wrong.

    Where UNBET_WALLET is not the ledger, the journal is held against that wallet: it is asked again
    for what it has decided, which moves nothing in a wallet that remembers. Exit status 1 also if
    it does not answer. --limit, --per-second, --since and --after are for that.
    """
    wallets = load(WalletNameSettings).wallets()
    name = wallets[0] if wallet is None else wallet
    if name not in wallets:
        raise typer.BadParameter(f"is none of {', '.join(wallets)}", param_hint="'--wallet'")
    others = ", ".join(one for one in wallets if one != name)
    if others:
        typer.echo(f"unbet: audited is {name}; --wallet names another one: {others}", err=True)
    if name != LEDGER:
        _ask(name, rows, limit, per_second, since, after, as_json=as_json)
    if since or after:
        raise typer.BadParameter("--since and --after are for a wallet that is not the ledger")
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
        show_violation(asdict(violation))


def _ask(
    name: str,
    rows: int,
    limit: int,
    per_second: float,
    since: datetime | None,
    after: UUID | None,
    *,
    as_json: bool,
) -> NoReturn:
    with (
        failing_on(UnsafeDatabaseError),
        database.ledger_engine() as engine,
        bar("cancels") as update,
        redirect_stdout(sys.stderr),  # where a wallet's warnings go: the output is the report
    ):
        report = audit_wallet(
            engine,
            name,
            lambda done, total: update(completed=done, total=total),
            limit=limit,
            per_second=per_second,
            since=since,
            after=after,
        )
    if as_json:
        print_json(document_of(report, rows))
    else:
        show_report(report, rows)
    raise typer.Exit(0 if report.ok else 1)

"""`unbet import`: operations on the built-in ledger in bulk."""

import json
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, BinaryIO

import typer

from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.commands.ledger import EXIT_REFUSED
from unbet.cli.import_lines import Line, Lines
from unbet.cli.importing import LineResult, import_lines
from unbet.core.wallet_names import LEDGER
from unbet.runtime.wallet_choice import WalletChoice

app = typer.Typer()

File = Annotated[
    typer.FileBinaryRead, typer.Argument(metavar="FILE", help="JSON lines; - for standard input.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON, too.")]


@app.command("import")
def import_file(file: File, as_json: AsJson = False) -> None:
    """Execute the JSON lines of FILE in the built-in ledger; a line of result for each, a summary
    on standard error.

    A line is one of these:

    \b
    {"op": "deposit", "user": …, "currency": …, "amount": "10.00", "reference": …, "bonus": false}
    {"op": "bet", "user": …, "currency": …, "amount": "1.00", "provider": …, "reference": …}
    {"op": "settle", "provider": …, "reference": …, "win": "0.00", "win_reference": …}
    {"op": "withdraw", "user": …, "currency": …, "amount": "5.00", "reference": …}
    {"op": "complete_withdrawal", "reference": …}
    {"op": "release_withdrawal", "reference": …}
    {"op": "correct", "user": …, "currency": …, "amount": "2.50", "direction": "credit",
     "reference": …, "reason": …, "by": …, "bonus": false}
    {"op": "convert_bonus", "user": …, "currency": …, "amount": "1.00", "reference": …}
    {"op": "freeze", "user": …}
    {"op": "unfreeze", "user": …}

    Amounts are text; `bonus` and `win_reference` may be left out; a correction is a "credit" or a
    "debit". Nothing happens twice: an interrupted import is run again. Exit status 3 if a line was
    refused, in conflict or invalid.
    """
    wallets = database.require_ledger()
    counts: Counter[str] = Counter()
    begin = time.monotonic()
    lines = Lines(file)
    # Results on the same terminal show as much as a bar.
    is_shown = not sys.stdout.isatty()
    with database.ledger_engine() as engine, bar("bytes", _size(file), shown=is_shown) as update:
        for results in import_lines(engine, (_ours(line, wallets) for line in lines)):
            typer.echo("\n".join(json.dumps(result._asdict()) for result in results))
            sys.stdout.flush()
            counts.update(_counted(results))
            update(completed=lines.bytes_read)
    _summarize(counts, time.monotonic() - begin, as_json=as_json)
    raise typer.Exit(0 if counts["done"] == counts["lines"] else EXIT_REFUSED)


def _ours(line: Line, wallets: WalletChoice) -> Line:
    """A bet whose cancel is decided elsewhere is not taken."""
    provider = getattr(line.instruction, "provider", None)
    if provider is None or wallets.wallet_of(provider) == LEDGER:
        return line
    return replace(line, instruction=None, fault="provider: its bets are in another wallet")


def _counted(results: list[LineResult]) -> Iterator[str]:
    for result in results:
        yield "lines"
        yield result.status
        if result.replayed:
            yield "replayed"


def _summarize(counts: Counter[str], seconds: float, *, as_json: bool) -> None:
    names = ("done", "refused", "conflict", "invalid", "replayed")
    if as_json:
        summary = {name: counts[name] for name in ("lines", *names)}
        typer.echo(json.dumps({**summary, "seconds": round(seconds, 3)}), err=True)
        return
    parts = ", ".join(f"{counts[name]} {name}" for name in names)
    typer.echo(f"{counts['lines']} lines in {seconds:.1f} s: {parts}", err=True)


def _size(file: BinaryIO) -> int | None:
    about = os.fstat(file.fileno())
    return about.st_size if stat.S_ISREG(about.st_mode) else None

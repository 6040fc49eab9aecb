"""`unbet chaos`: a provider plays against a whole Unbet under faults, and all is checked."""

import asyncio
import json
import secrets
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from testbed.chaos import disks, report
from testbed.chaos.holding import whole
from testbed.chaos.report import watched
from testbed.chaos.running import Run, carry_out
from testbed.chaos.system import ChaosError, System
from testbed.chaos.wallets.http import Http
from testbed.chaos.wallets.ledger import Ledger
from testbed.chaos.wallets.port import WalletUnderTest
from testbed.chaos.wallets.sql import Sql
from testbed.provider import DIALECTS, V4
from testbed.provider.dialects import DialectName
from unbet.cli.failing import CommandError
from unbet.local.services import ServicesError
from unbet.local.stopping import EXIT_STOPPED, SIGNALS

app = typer.Typer()


class WalletName(StrEnum):
    LEDGER = "ledger"
    SQL = "sql"
    HTTP = "http"


_RATES: Final = {WalletName.LEDGER: 180.0, WalletName.SQL: 180.0, WalletName.HTTP: 30.0}
"""The example of a service decides one cancel after the other, on the same machine."""


_WHERE: Final = """Kept in {0}/:
  violations.txt   what does not hold, up to 1,000 of each kind
  provider.jsonl   what the provider sent and was told
  logs/            the processes of Unbet, and which fault was done when
  spool/           what the receivers still had
  postgres-1/, postgres-2/, redis-1/, redis-2/, casino/   the servers' data and logs"""


@app.command()
def chaos(
    seconds: Annotated[float, typer.Option(min=1, help="How long faults happen.")] = 60,
    seed: Annotated[
        int | None, typer.Option(help="Repeats the order of bets and faults; random if not given.")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=1, help="Cancels a second; 180 if not given, with `http` 30."),
    ] = None,
    wallet: Annotated[
        WalletName, typer.Option(help="What decides the cancels, as UNBET_WALLET has it.")
    ] = WalletName.LEDGER,
    dialect: Annotated[
        DialectName, typer.Option(help="The provider's form of requests and answers.")
    ] = V4.name,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Where everything is kept meanwhile; must be empty or new."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result there, too.")
    ] = None,
) -> None:
    """Start a whole Unbet, play the provider, do faults to it, and compare what was told with the
    wallet's own rows. Exit status 0 if every promise held, else 1. All that it starts ends too."""
    chosen = Path(tempfile.mkdtemp(prefix="unbet-chaos-")) if directory is None else directory
    if chosen.exists() and any(chosen.iterdir()):
        raise typer.BadParameter(f"{chosen} is not empty.", param_hint="--dir")
    chosen.mkdir(parents=True, exist_ok=True)
    chosen.chmod(0o711)  # PostgreSQL of another account has to pass through
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    rate = _RATES[wallet] if rate is None else rate
    console = Console(highlight=False)
    console.print(
        f"Seed {seed}, {seconds:g} s, {rate:g} cancels a second, wallet {wallet}, "
        f"dialect {dialect}, in {chosen}"
    )
    started = time.monotonic()
    chosen = chosen.absolute()
    shared = Random(f"spool of {seed}").random() < 0.5  # noqa: S311 - a game's dice
    mounts = disks.can_mount(chosen)
    system = System(
        chosen,
        _wallet(wallet, chosen),
        dialect=DIALECTS[dialect],
        shared_spool=shared,
        mounts=mounts,
    )
    run = Run(system, seconds, seed, rate)
    try:
        uvloop.run(_carry_out(run, console))
    except asyncio.CancelledError:
        system.storage.discard()
        console.print("Stopped; nothing of it runs any more.")
        raise typer.Exit(EXIT_STOPPED) from None
    except (ChaosError, ServicesError) as error:
        system.storage.keep()
        raise CommandError(f"{error}\nEverything is kept in {chosen}") from None
    except Exception:
        system.storage.keep()
        typer.echo(f"unbet chaos itself failed; everything is kept in {chosen}", err=True)
        raise
    _print_result(run, console, json_file, time.monotonic() - started)
    if run.result.ok and not run.result.dead:
        system.storage.discard()
    else:
        system.storage.keep()
        with (chosen / "violations.txt").open("w") as file:
            for kind, lines in run.result.violations.items():
                file.writelines(f"{kind}: {line}\n" for line in lines)
        console.print(_WHERE.format(chosen), soft_wrap=True)
    raise typer.Exit(0 if run.result.ok else 1)


def _wallet(name: WalletName, directory: Path) -> WalletUnderTest:
    match name:
        case WalletName.LEDGER:
            return Ledger()
        case WalletName.SQL:
            return Sql()
        case WalletName.HTTP:
            return Http(directory)


async def _carry_out(run: Run, console: Console) -> None:
    """The run; ends everything before it returns, also when a signal asks for it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task  # noqa: S101 - this is one
    for number in SIGNALS:
        # Only the first one counts: a second Ctrl-C must not leave processes behind.
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    try:
        async with watched(run, console):
            await whole(run.system.start)  # only what has been started can be stopped
            await carry_out(run)
    finally:
        run.phase = "stopping"
        await asyncio.to_thread(run.system.stop)


def _print_result(run: Run, console: Console, json_file: Path | None, seconds: float) -> None:
    console.print(report.table(run))
    for line in report.examples(run):
        console.print(line, soft_wrap=True, markup=False)
    console.print(
        f"{'Nothing was lost, nothing doubled' if run.result.ok else 'Promises were broken'}; "
        f"seed {run.seed}, {seconds:.0f} s in all."
    )
    if json_file is not None:
        json_file.write_text(json.dumps(report.document(run), indent=2) + "\n")

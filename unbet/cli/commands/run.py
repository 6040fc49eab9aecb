"""`unbet run`: services, schema, every process of the Procfile, a demonstration; until Ctrl-C."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console

from unbet.cli import database
from unbet.cli.commands.services import DEFAULT_DIRECTORY
from unbet.cli.failing import CommandError
from unbet.dialects import DIALECTS
from unbet.dialects.lucky_monaco import V4
from unbet.local import run_environment, run_record
from unbet.local.demonstration import demonstrate
from unbet.local.processes import ROOT, Processes
from unbet.local.run_record import RunError
from unbet.local.stopping import Stopped, StopRequests, stoppable
from unbet.local.supervisor import Supervisor
from unbet.runtime.endpoint_registry import is_in
from unbet.runtime.endpoints import EndpointConfig
from unbet.runtime.settings import Settings

app = typer.Typer()

READY_LIMIT_S: Final = 60.0
INTERVAL_S: Final = 0.2
"""Between two looks whether all still run."""


class _Output(Console):
    """What a person reads. That nobody can read it any more keeps nothing from being stopped."""

    def print(self, *objects: Any, **options: Any) -> None:
        with suppress(OSError):
            super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Goes on."""


@app.command()
def run(
    directory: Annotated[
        Path, typer.Option("--dir", help="Where data and logs are kept.")
    ] = DEFAULT_DIRECTORY,
    stay: Annotated[
        bool, typer.Option(help="Stay until Ctrl-C; else stop after the demonstration.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many workers.")] = 1,
) -> None:
    """Start everything, send a demonstration cancel, and stay until Ctrl-C. What ends is started
    again. However this ends, what it has started ends with it."""
    console = _Output(highlight=False)
    try:
        with (
            stoppable() as requests,
            _running(directory, workers, console, requests) as (supervisor, chosen),
        ):
            _demonstrate(console, chosen)
            if stay:
                console.print("\nPress [bold]Ctrl-C[/bold] to stop.")
            while stay:
                supervisor.tend()
                time.sleep(INTERVAL_S)
    except Stopped:
        console.print("Stopped.")
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        problem = f"{directory} cannot be used: {error.strerror or error}{about}."
        raise CommandError(problem) from None


@contextmanager
def _running(
    directory: Path, workers: int, console: Console, requests: StopRequests
) -> Iterator[tuple[Supervisor, Settings]]:
    """Services, schema and processes, ready to serve; all of it ended at the end."""

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    with run_record.only_run(directory, say) as reaper_lock:
        supervisor = Supervisor(directory, reaper_lock, say)
        try:
            yield supervisor, _start(supervisor, directory, workers, console)
        finally:
            requests.stopping = True
            console.print("Stopping ...")
            supervisor.stop(requests.hurried)


def _start(supervisor: Supervisor, directory: Path, workers: int, console: Console) -> Settings:
    run_environment.choose_ports()
    console.print("Starting PostgreSQL and Redis ...")
    # An operator's own database has the roles that the operator has made.
    comes_along = "UNBET_DATABASE_URL" not in os.environ
    started = supervisor.start_servers(
        postgres=comes_along, redis="UNBET_BROKER_URL" not in os.environ
    )
    chosen = run_environment.complete(directory, started)
    console.print(f"The ledger's schema is at revision {database.migrated()}.")
    processes = Processes(
        ROOT / "Procfile", os.environ, directory / "logs", counts={"worker": workers}
    )
    if comes_along:
        logins = run_environment.make_logins(directory, chosen.database_url)
        processes.own_variables = logins.variables
    supervisor.start_processes(processes)
    console.print("Starting receiver, worker, sweep, console and Flower ...")
    _wait_until_ready(processes, chosen)
    _introduce(console, chosen, directory)
    return chosen


def _wait_until_ready(processes: Processes, chosen: Settings) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline:
        processes.require_all()
        try:
            reply = httpx.get(f"{chosen.receiver_url()}/readyz", timeout=5, trust_env=False)
            # The console answers as soon as it listens; that it asks for a password is enough.
            httpx.get(_console(chosen), timeout=5, trust_env=False)
            if chosen.ledger_tokens:
                httpx.get(f"{chosen.ledger_url()}/healthz", timeout=5, trust_env=False)
            if reply.status_code == httpx.codes.OK and _have_told(reply.json()):
                return
        except httpx.HTTPError:
            pass  # it is not listening yet
        time.sleep(0.1)
    raise RunError(f"the receiver was not ready within {READY_LIMIT_S:.0f} seconds.")


def _have_told(shown: dict[str, Any]) -> bool:
    """Whether the workers have told which wallets they have, and so are there."""
    return all(one["promises"] for one in shown["wallets"])


def _print_wallets(console: Console, chosen: Settings) -> None:
    """What decides each endpoint's cancels, and which promises hold on it."""
    reply = httpx.get(f"{chosen.receiver_url()}/readyz", timeout=5, trust_env=False)
    for one in reply.json()["wallets"]:
        what = f"{one['wallet']}, for {one['provider']} ({one['dialect']})"
        console.print(f"  {'Wallet':<20}{what}", soft_wrap=True, markup=False)
        for promise in one["promises"] or ():
            line = f"  {'':<20}{promise['name']}  {promise['says']}"
            console.print(line, soft_wrap=True, markup=False)


def _introduce(console: Console, chosen: Settings, directory: Path) -> None:
    console.print()
    urls = [("The provider's URL", url) for url, _ in _urls(chosen)]
    for name, value in (
        *urls,
        ("Is it ready?", f"{chosen.receiver_url()}/readyz"),
        ("Console", _console(chosen)),
        *run_environment.login_lines("UNBET_CONSOLE_BASIC_AUTH", directory),
        ("Flower", f"http://127.0.0.1:{chosen.flower_port}/tasks"),
        *run_environment.login_lines("UNBET_FLOWER_BASIC_AUTH", directory),
        *([("Ledger", chosen.ledger_url())] if chosen.ledger_tokens else []),
        ("Logs", f"{directory}/logs/"),
    ):
        console.print(f"  {name:<20}{value}", soft_wrap=True, markup=False)
    _print_wallets(console, chosen)
    console.print()


def _demonstrate(console: Console, chosen: Settings) -> None:
    url, endpoint = _urls(chosen)[0]
    if not is_in(chosen.host, chosen.allowed_ips):
        console.print(f"No demonstration: {chosen.host} is not in UNBET_ALLOWED_IPS.")
        return
    if endpoint.dialect != V4.name:
        console.print(
            f"No demonstration: it has a {V4.name} cancel, and the endpoint's dialect is "
            f"{endpoint.dialect}.",
            markup=False,
        )
        return
    wallet = chosen.wallet_choice().wallet_of(endpoint.provider)
    if wallet != "ledger":
        console.print(
            f"No demonstration: {endpoint.provider}'s bets are in the wallet {wallet!r}.",
            markup=False,
        )
        return
    console.print("The provider's example Cancel, sent to that URL:")

    def say(step: str, balance: str) -> None:
        console.print(f"  {step:<24}balance {balance:>12}")

    with database.engine() as engine:
        answer = demonstrate(engine, url, endpoint.provider, say)
    console.print(f"  The answer: {answer}".replace("'", '"'), soft_wrap=True, markup=False)


def _console(chosen: Settings) -> str:
    return f"http://127.0.0.1:{chosen.console_port}"


def _urls(chosen: Settings) -> list[tuple[str, EndpointConfig]]:
    """What each provider is told, secret included."""
    return [
        (f"{chosen.receiver_url()}/{secret}{DIALECTS[endpoint.dialect].path}", endpoint)
        for secret, endpoint in chosen.by_secret().items()
    ]

"""`unbet run`: services, schema, every process of the Procfile, a demonstration; until Ctrl-C."""

import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console

from api.dialects import DIALECTS
from api.doors import is_in
from contract import settings
from contract.endpoints import Endpoint
from contract.settings import Settings, SettingsError
from ledger import connect_to
from ledger.migrate import migrate
from ledger.roles import Role
from ops import services
from ops.commands.services import DEFAULT_DIRECTORY
from ops.demonstration import DemonstrationError, demonstrate
from ops.logins import Logins
from ops.ports import reserve_port
from ops.processes import ROOT, Processes
from ops.stopping import Stopped, stoppable

app = typer.Typer()

READY_LIMIT_S: Final = 60.0
HIGHEST_PORT: Final = 65_535

OWN_USER: Final = "unbet"
OWN_PASSWORDS: Final = {
    "UNBET_CONSOLE_BASIC_AUTH": "console-password",
    "UNBET_FLOWER_BASIC_AUTH": "flower-password",
}
"""The logins that are made where the environment has none, and the files that keep them."""


class RunError(Exception):
    """Something did not start, or ended by itself; the text is for a person."""


@app.command()
def run(
    directory: Annotated[
        Path, typer.Option("--dir", help="Where data and logs are kept.")
    ] = DEFAULT_DIRECTORY,
    stay: Annotated[
        bool, typer.Option(help="Stay until Ctrl-C; else stop after the demonstration.")
    ] = True,
) -> None:
    """Start everything, send a demonstration cancel, and stay until Ctrl-C."""
    console = Console(highlight=False)
    try:
        with stoppable(), _running(directory, console) as (processes, chosen):
            _demonstrate(console, chosen)
            if stay:
                console.print("\nPress [bold]Ctrl-C[/bold] to stop.")
                _watch(processes)
    except Stopped:
        console.print("Stopped.")
    except (RunError, DemonstrationError, services.ServicesError, SettingsError) as error:
        sys.stderr.write(f"unbet: {error}\n")
        raise typer.Exit(1) from None


@contextmanager
def _running(directory: Path, console: Console) -> Iterator[tuple[Processes, Settings]]:
    """Services, schema and processes, ready to serve; all of it ended at the end."""
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        console.print("Starting PostgreSQL and Redis ...")
        # An operator's own database has the roles that the operator has made.
        comes_along = "UNBET_DATABASE_URL" not in os.environ
        chosen = _settings(directory)
        engine = connect_to(chosen.database_url, name="migrate", limits={"statement_timeout": "0"})
        with engine.begin() as connection:
            revision = migrate(connection)
        engine.dispose()
        console.print(f"The ledger's schema is at revision {revision}.")
        processes = Processes(ROOT / "Procfile", os.environ, directory / "logs")
        if comes_along:
            processes.own_variables = _logins(directory, chosen.database_url).variables
        try:
            processes.start()
            console.print("Starting receiver, worker, console and Flower ...")
            _wait_until_ready(processes, chosen)
            _introduce(console, chosen, directory)
            yield processes, chosen
        finally:
            console.print("Stopping ...")
            processes.stop()
    finally:
        services.stop(directory)


def _settings(directory: Path) -> Settings:
    """The environment's settings; what it does not name is started or made, and kept in DIR."""
    started = services.start(
        directory,
        postgres="UNBET_DATABASE_URL" not in os.environ,
        redis="UNBET_BROKER_URL" not in os.environ,
    )
    for name, value in started.environment().items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("UNBET_URL_SECRET", _kept_secret(directory / "secret"))
    os.environ.setdefault("UNBET_MESSAGE_KEY", _kept_secret(directory / "message-key"))
    for variable, file in OWN_PASSWORDS.items():
        if variable not in os.environ:
            os.environ[variable] = f"{OWN_USER}:{_kept_secret(directory / file)}"
    os.environ.setdefault("UNBET_FLOWER_DB", str((directory / "flower" / "seen").resolve()))
    os.environ.setdefault("UNBET_SPOOL_DIR", str((directory / "spool").resolve()))
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_emptied(directory / "metrics")))
    for name, default in (
        ("UNBET_PORT", "8080"),
        ("UNBET_CONSOLE_PORT", "8081"),
        ("UNBET_FLOWER_PORT", "5555"),
    ):
        os.environ[name] = _usable_port(name, os.environ.get(name, default))
    return settings.load()


def _logins(directory: Path, database_url: str) -> Logins:
    """One for each kind of process; their passwords are kept in DIR."""
    roles = (Role.RECEIVER, Role.WORKER, Role.OPERATOR, Role.CONSOLE)
    passwords = {role: _kept_secret(directory / f"{role}-password") for role in roles}
    logins = Logins(database_url, passwords)
    logins.make()
    return logins


def _kept_secret(file: Path) -> str:
    """A secret of this installation: made at the first start, the same ever after."""
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(24))
    return file.read_text()


def _emptied(directory: Path) -> Path:
    """A place for the processes' counters, which begin anew with them."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory.resolve()


def _usable_port(name: str, value: str) -> str:
    """`value`, or a free port for 0. Raises `RunError` if another program listens there."""
    if not (value.isascii() and value.isdigit() and int(value) <= HIGHEST_PORT):
        return value  # what is wrong with it, the settings say
    host, port = os.environ.get("UNBET_HOST", "127.0.0.1"), int(value)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            port = port or reserve_port(host)
            probe.bind((host, port))
        except socket.gaierror as error:
            raise RunError(
                f"UNBET_HOST has a wrong value {host!r}: {error.strerror} (the address the "
                "receiver listens on)."
            ) from None
        except OSError:
            raise RunError(f"port {value} is taken; set {name} to a free one, or to 0.") from None
    return str(port)


def _wait_until_ready(processes: Processes, chosen: Settings) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline:
        _require_all_running(processes)
        try:
            reply = httpx.get(f"{chosen.receiver_url()}/readyz", timeout=5, trust_env=False)
            # The console answers as soon as it listens; that it asks for a password is enough.
            httpx.get(_console(chosen), timeout=5, trust_env=False)
            if reply.status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass  # it is not listening yet
        time.sleep(0.1)
    raise RunError(f"the receiver was not ready within {READY_LIMIT_S:.0f} seconds.")


def _require_all_running(processes: Processes) -> None:
    name = processes.ended()
    if name is not None:
        said = processes.log(name).read_text(errors="replace").strip().splitlines()[-15:]
        raise RunError(f"the process `{name}` has ended. It says:\n    " + "\n    ".join(said))


def _introduce(console: Console, chosen: Settings, directory: Path) -> None:
    console.print()
    urls = [("The provider's URL", url) for url, _ in _urls(chosen)]
    for name, value in (
        *urls,
        ("Is it ready?", f"{chosen.receiver_url()}/readyz"),
        ("Console", _console(chosen)),
        *_login("UNBET_CONSOLE_BASIC_AUTH", directory),
        ("Flower", f"http://127.0.0.1:{chosen.flower_port}/tasks"),
        *_login("UNBET_FLOWER_BASIC_AUTH", directory),
        ("Logs", f"{directory}/logs/"),
    ):
        console.print(f"  {name:<20}{value}", soft_wrap=True, markup=False)
    console.print()


def _login(variable: str, directory: Path) -> list[tuple[str, str]]:
    """Where the password is, if it was made here; operators know their own."""
    file = directory / OWN_PASSWORDS[variable]
    if not file.exists() or os.environ[variable] != f"{OWN_USER}:{file.read_text()}":
        return []
    return [("", f"as user `{OWN_USER}`; its password is in {file}")]


def _demonstrate(console: Console, chosen: Settings) -> None:
    url, endpoint = _urls(chosen)[0]
    if not is_in(chosen.host, chosen.allowed_ips):
        console.print(f"No demonstration: {chosen.host} is not in UNBET_ALLOWED_IPS.")
        return
    console.print("The provider's example Cancel, sent to that URL:")
    engine = connect_to(chosen.database_url, name="demonstration", pool_size=1)

    def say(step: str, balance: str) -> None:
        console.print(f"  {step:<24}balance {balance:>12}")

    try:
        answer = demonstrate(engine, url, endpoint.provider, say)
    finally:
        engine.dispose()
    console.print(f"  The answer: {answer}".replace("'", '"'), soft_wrap=True, markup=False)


def _watch(processes: Processes) -> None:
    while True:
        _require_all_running(processes)
        time.sleep(0.5)


def _console(chosen: Settings) -> str:
    return f"http://127.0.0.1:{chosen.console_port}"


def _urls(chosen: Settings) -> list[tuple[str, Endpoint]]:
    """What each provider is told, secret included."""
    return [
        (f"{chosen.receiver_url()}/{secret}{DIALECTS[endpoint.dialect].path}", endpoint)
        for secret, endpoint in chosen.by_secret().items()
    ]

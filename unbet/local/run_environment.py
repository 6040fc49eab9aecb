"""The environment of what `unbet run` starts. Missing variables are generated and kept in DIR."""

import errno
import os
import secrets
import shutil
import socket
from pathlib import Path
from typing import Final

from unbet.database.roles import Role
from unbet.local.logins import Logins
from unbet.local.ports import listener_on, reserve_port
from unbet.local.run_record import RunError
from unbet.local.services import Services
from unbet.local.services.state_files import write_private
from unbet.runtime.settings import Settings, load

OWN_USER: Final = "unbet"
OWN_PASSWORDS: Final = {
    "UNBET_CONSOLE_BASIC_AUTH": "console-password",
    "UNBET_FLOWER_BASIC_AUTH": "flower-password",
}
"""The logins that are made where the environment has none, and the files that keep them."""

HIGHEST_PORT: Final = 65_535
PORTS: Final = {"UNBET_PORT": "8080", "UNBET_CONSOLE_PORT": "8081", "UNBET_FLOWER_PORT": "5555"}
LEDGER_PORT: Final = {"UNBET_LEDGER_PORT": "8082"}
"""Listened on only where there are tokens."""


def choose_ports() -> None:
    """Name those that are not named. Raises `RunError` if another program listens on one."""
    has_tokens = bool(os.environ.get("UNBET_LEDGER_TOKENS"))
    for name, default in (PORTS | LEDGER_PORT if has_tokens else PORTS).items():
        os.environ[name] = _usable_port(name, os.environ.get(name, default))


def complete(directory: Path, started: Services) -> Settings:
    """The settings, of an environment that names everything from now on."""
    for name, value in started.environment().items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("UNBET_URL_SECRET", _kept_secret(directory / "secret"))
    os.environ.setdefault("UNBET_MESSAGE_KEY", _kept_secret(directory / "message-key"))
    for variable, file in OWN_PASSWORDS.items():
        if variable not in os.environ:
            os.environ[variable] = f"{OWN_USER}:{_kept_secret(directory / file)}"
    if endpoints := os.environ.get("UNBET_ENDPOINTS_FILE"):  # the processes work elsewhere
        os.environ["UNBET_ENDPOINTS_FILE"] = str(Path(endpoints).absolute())
    os.environ.setdefault("UNBET_FLOWER_DB", str((directory / "flower" / "seen").resolve()))
    os.environ.setdefault("UNBET_SPOOL_DIR", str((directory / "spool").resolve()))
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_emptied(directory / "metrics")))
    return load(Settings)


def make_logins(directory: Path, database_url: str) -> Logins:
    """One for each kind of process; their passwords are kept in DIR."""
    roles = (Role.RECEIVER, Role.WORKER, Role.OPERATOR, Role.CONSOLE)
    passwords = {role: _kept_secret(directory / f"{role}-password") for role in roles}
    logins = Logins(database_url, passwords)
    logins.make()
    return logins


def _kept_secret(file: Path) -> str:
    """A secret of this installation: made at the first start, the same ever after."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
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
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise RunError(f"port {value} of {host} cannot be had: {error.strerror}.") from None
            raise RunError(
                f"port {value} is taken{listener_on(port)}; set {name} to a free one, or to 0."
            ) from None
    return str(port)


def login_lines(variable: str, directory: Path) -> list[tuple[str, str]]:
    """Where the password is, if it was made here; operators know their own."""
    file = directory / OWN_PASSWORDS[variable]
    if not file.exists() or os.environ[variable] != f"{OWN_USER}:{file.read_text()}":
        return []
    return [("", f"as user `{OWN_USER}`; its password is in {file}")]

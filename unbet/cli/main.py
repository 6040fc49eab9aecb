"""The console script `unbet`: its commands, and the handling of their errors."""

import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Final, NoReturn

import typer
from sqlalchemy.exc import DBAPIError

from unbet.cli.commands import (
    audit,
    deployment,
    endpoints,
    explain,
    exporting,
    importing,
    ledger,
    metrics,
    operations,
    parked,
    reconcile,
    rejected,
    replay,
    retain,
    roles,
    run,
    services,
    spool,
    wallet,
)
from unbet.cli.database import NoLedgerError
from unbet.cli.failing import EXIT_USAGE, CommandError, failing_on
from unbet.cli.importing import ImportStoppedError
from unbet.database.deployment import DeploymentError
from unbet.database.faults import UndecidedError
from unbet.database.migrate import SchemaError
from unbet.local.demonstration import DemonstrationError
from unbet.local.processes import ProcessError
from unbet.local.run_record import RunError
from unbet.local.services import ServicesError
from unbet.runtime.settings import SettingsError, unknown_names
from unbet.wallets.ledger.operations import InvalidOperationError

_COMMANDS: Final = (
    *(services, run, roles, ledger, operations, importing, explain, audit, reconcile, exporting),
    *(retain, parked, replay, spool, wallet, endpoints, metrics, rejected, deployment),
)
"""The files of unbet/cli/commands/, in the order of the help; a group of subcommands has a name."""

_REPORTED: Final = (
    *(InvalidOperationError, SettingsError, SchemaError, ImportStoppedError, DBAPIError),
    *(UndecidedError, DeploymentError, DemonstrationError, ProcessError, RunError, ServicesError),
)
"""Errors that a person can set right, or ask again after, whichever command meets them."""

_SURROGATES: Final = "surrogates not allowed"
"""What Python says of the bytes of an argument that are no text, wherever they are used as text."""


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        help="Cancels bets exactly once: the operator's side of a casino provider's Cancel.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for commands in _COMMANDS:
        app.add_typer(commands.app)
    if find_spec("testbed"):  # a distribution of its own
        import_module("testbed.commands").add_to(app)
    return app


def main() -> None:
    """Run one command. Exit status: the command's own, 1 after an error, 2 for wrong usage."""
    for warning in unknown_names(os.environ):
        typer.echo(f"unbet: {warning}", err=True)
    try:
        with failing_on(*_REPORTED), failing_on(NoLedgerError, status=EXIT_USAGE):
            build()()
    except CommandError as error:
        _fail(str(error), error.status)
    except UnicodeEncodeError as error:
        if error.reason != _SURROGATES:
            raise
        _fail(f"not UTF-8: {error.object!a}", EXIT_USAGE)


def _fail(problem: str, status: int) -> NoReturn:
    with suppress(OSError):  # nobody reads it any more
        typer.echo(f"unbet: {problem}", err=True)
    sys.exit(status)

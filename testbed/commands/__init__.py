"""The test bed's commands of `unbet`, one file for each group."""

import typer

from testbed.commands import chaos, conformance, provider, wallet_check
from unbet.cli.commands import wallet


def add_to(app: typer.Typer) -> None:
    """Mount them beside the product's own."""
    app.add_typer(provider.app, name="provider")
    app.add_typer(conformance.app)
    app.add_typer(chaos.app)
    wallet.app.add_typer(wallet_check.app)

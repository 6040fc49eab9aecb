"""`unbet endpoints openapi`: what the providers of this deployment are told."""

import json

import typer

from unbet.cli.failing import CommandError
from unbet.cli.openapi import document_of
from unbet.runtime.settings import EndpointSettings, load

app = typer.Typer(name="endpoints", no_args_is_help=True, help="The URLs that providers were told.")


@app.callback()
def group() -> None:
    """The URLs that providers were told."""


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the configured endpoints, each with its own answers. Secrets
    are not in it: its URLs have `{secret}` in their place."""
    configs = load(EndpointSettings).by_secret()
    if not configs:
        raise CommandError("there is no endpoint: set UNBET_ENDPOINTS, or UNBET_URL_SECRET")
    document = document_of(configs.values())
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))

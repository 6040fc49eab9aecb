"""`unbet endpoints`: are they as they should be, and what does a request look like?"""

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Annotated

import typer

from unbet.cli.display import AsJson, print_json, print_table
from unbet.cli.endpoint_check import COLUMNS, document_of, problems_of, row_of
from unbet.cli.endpoint_example import ExampleMaker, NoExampleError
from unbet.cli.endpoint_list import EndpointCommandSettings, ListedEndpoint, list_endpoints
from unbet.cli.failing import EXIT_USAGE, CommandError
from unbet.cli.openapi import openapi_of
from unbet.runtime.endpoints import check_url
from unbet.runtime.key_source import MAX_KEY_BYTES, read_text
from unbet.runtime.settings import EndpointSettings, load

app = typer.Typer(name="endpoints", no_args_is_help=True, help="The URLs that providers were told.")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Show each endpoint, and what is wrong with it; no secret and no key is shown.

    Reads what a receiver reads, so it is to be run as a receiver is. Exit status 1 after an error,
    not after a warning.
    """
    chosen = load(EndpointCommandSettings)
    endpoints = list_endpoints(chosen)
    problems = list(problems_of(chosen, endpoints))
    is_ok = not any(problem.is_error for problem in problems)
    if as_json:
        print_json(
            {
                "ok": is_ok,
                "endpoints": [document_of(endpoint) for endpoint in endpoints],
                "problems": [problem.document() for problem in problems],
            }
        )
    else:
        print_table("Endpoints", COLUMNS, map(row_of, endpoints))
        for problem in problems:
            typer.echo(problem.line())
    if not is_ok:
        raise typer.Exit(1)


@app.command()
def sign(
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[NUMBER|PROVIDER]",
            help="An endpoint's number, or all of a provider; all if not given.",
        ),
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="The bet's; a new one if not given.")
    ] = None,
    player: Annotated[str, typer.Option("--player")] = "example",
    currency: Annotated[
        str, typer.Option("--currency", help="Only in the requests that have one.")
    ] = "EUR",
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="Where the receiver is reached; UNBET_HOST and UNBET_PORT if not given."
        ),
    ] = None,
    private_key: Annotated[
        Path | None,
        typer.Option(
            "--private-key",
            metavar="FILE",
            help="Signs for endpoints that have only the public key.",
        ),
    ] = None,
    shows_secrets: Annotated[
        bool,
        typer.Option(
            "--show-secret",
            help="Put the secrets into the command, not what the shell reads them from.",
        ),
    ] = False,
) -> None:
    """Print an example Cancel for each endpoint, as a command of curl, signed with the endpoint's
    first key.

    It is a real one: whoever runs it cancels the bet of that reference, or has it refused when it
    comes. The secret of the URL is read by the shell, from the variable or the file that the
    endpoint names; for an endpoint of UNBET_ENDPOINTS from URL_SECRET_ and its number, which is to
    be set first.
    """
    chosen = load(EndpointCommandSettings)
    maker = ExampleMaker(
        chosen,
        _checked(url) if url else chosen.receiver_url(),
        reference or f"example-{token_hex(8)}",
        player,
        currency,
        None if private_key is None else _read(private_key),
        shows_secrets,
    )
    problems = []
    selected = _selected(list_endpoints(chosen), which)
    for endpoint in selected:
        try:
            command = maker.command(endpoint)
        except NoExampleError as error:
            problems.append(f"{endpoint.title}: {error}")
            continue
        if len(selected) > 1:
            typer.echo(f"# {endpoint.title}")
        typer.echo(command)
    if problems:
        raise CommandError("\nunbet: ".join(problems))


def _selected(endpoints: Sequence[ListedEndpoint], which: str | None) -> list[ListedEndpoint]:
    found = [
        endpoint
        for endpoint in endpoints
        if which in (None, str(endpoint.number), endpoint.config.provider)
    ]
    if not found:
        raise CommandError(f"no endpoint has the number or the provider {which!r}", EXIT_USAGE)
    return found


def _checked(url: str) -> str:
    try:
        return check_url(url)
    except ValueError as error:
        raise typer.BadParameter(f"--url: {error}") from None


def _read(file: Path) -> str:
    try:
        return read_text(file, MAX_KEY_BYTES)
    except ValueError as error:
        raise typer.BadParameter(f"--private-key: {file}: {error}") from None


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the configured endpoints, each with its own answers.

    No secret is in it: its URLs have `{secret}` in their place.
    """
    configs = load(EndpointSettings).configs()
    if not configs:
        raise CommandError("there is no endpoint: set UNBET_ENDPOINTS, or UNBET_URL_SECRET")
    print_json(openapi_of(configs))

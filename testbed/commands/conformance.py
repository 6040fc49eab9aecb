"""`unbet conformance`: does an endpoint keep the provider's rules?"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.exc import DBAPIError

from testbed.commands import keys
from testbed.commands.results import show
from testbed.conformance.bets import Bets
from testbed.conformance.ledger_wallet import LedgerTestWallet
from testbed.conformance.listed_bets import BetsFileError, ListedBets
from testbed.conformance.placed_bets import PlacedBets
from testbed.conformance.playing import conduct, rules_of
from testbed.provider import DIALECTS, Dialect, Endpoint, EndpointError, NoAnswerError, Timing
from testbed.provider.dialects import DialectName
from testbed.rules import Report, RuleStatus
from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson
from unbet.cli.failing import failing_on
from unbet.database.migrate import SchemaError
from unbet.runtime.settings import ProviderSettings, SettingsError, load

app = typer.Typer()

EXIT_BROKEN: Final = 1
EXIT_NOT_PLAYED: Final = 3
"""The endpoint or the ledger cannot be reached; 2 is wrong usage."""

_NOT_PLAYED: Final = (EndpointError, NoAnswerError, SettingsError, SchemaError, DBAPIError)


@app.command("conformance")
def play_every_rule(
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="As the provider is told it: http://host:port/secret."),
    ],
    dialect: Annotated[
        DialectName, typer.Option(help="The form of requests and answers.")
    ] = "lucky-monaco-v4",
    bets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Use the bets that this JSON document names (docs/conformance.md).",
        ),
    ] = None,
    refused_from: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="An address of this machine that the endpoint must refuse."
        ),
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="SOURCE", help=keys.HELP)] = None,
    second_key: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Another key that the endpoint takes as well."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play every rule of the provider's protocol. Exit status 1 if one is broken, 3 if none could
    be played.

    Without --bets the kit places bets in the ledger of UNBET_DATABASE_URL, which must be the
    endpoint's, and watches the money as well.
    """
    started = time.monotonic()
    chosen = DIALECTS[dialect]
    signing = keys.key_of(chosen, key)
    second = None if second_key is None else keys.key_of(chosen, second_key, "--second-key")
    with failing_on(*_NOT_PLAYED, status=EXIT_NOT_PLAYED):
        endpoint = Endpoint(url, chosen, signing)
        try:
            outside = None if refused_from is None else endpoint.called_from(refused_from)
        except EndpointError as error:
            raise typer.BadParameter(str(error), param_hint="--refused-from") from None
        report = asyncio.run(_play(endpoint, outside, second, bets))
    shown = {"endpoint": str(endpoint), "dialect": dialect}
    seconds = round(time.monotonic() - started, 3)
    show(report, f"{endpoint} {dialect}", as_json, **shown, seconds=seconds)
    broken = report.count(RuleStatus.BROKEN)
    if bets is None and broken > len(report.results) / 2:
        provider_id = load(ProviderSettings).provider_id
        typer.echo(
            f"Most rules are broken. The bets were placed for {provider_id} (UNBET_PROVIDER_ID): "
            "is that the endpoint's provider? Does the endpoint know --key?",
            err=True,
        )
    raise typer.Exit(0 if report.ok else EXIT_BROKEN)


async def _play(
    endpoint: Endpoint, outside: Endpoint | None, second_key: str | None, file: Path | None
) -> Report:
    limit_s, rules = Timing().call_s, rules_of(endpoint.dialect)
    await endpoint.reach(limit_s)
    async with _bets(file, endpoint.dialect) as bets:
        with bar("rules", len(rules)) as update:
            results = await conduct(
                endpoint,
                bets,
                rules,
                limit_s=limit_s,
                outside=outside,
                second_key=second_key,
                advance=lambda: update(advance=1),
            )
    for each in (endpoint, outside):
        if each:
            each.close()
    return Report(results)


@asynccontextmanager
async def _bets(file: Path | None, dialect: Dialect) -> AsyncIterator[Bets]:
    """Those of a file, or else new ones in the ledger."""
    provider_id = load(ProviderSettings).provider_id
    if file is not None:
        try:
            bets = ListedBets.read(file, provider_id)
        except BetsFileError as error:
            raise typer.BadParameter(str(error), param_hint="--bets") from None
        yield bets
        return
    with database.ledger_engine() as engine:
        wallet = LedgerTestWallet(engine, provider_id, dialect)
        yield await PlacedBets.open(wallet, provider_id)

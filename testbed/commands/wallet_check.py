"""`unbet wallet check`: does a wallet keep what it owes?"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from testbed.commands.results import show
from testbed.conformance.listed_bets import BetsFile, BetsFileError
from testbed.rules import COLUMNS, Report, RuleStatus
from testbed.wallet.bets import Bets, PlacedBets
from testbed.wallet.command import Command
from testbed.wallet.command_operator import CommandOperator
from testbed.wallet.ledger_operator import LedgerOperator
from testbed.wallet.listed_bets import ListedBets
from testbed.wallet.operator import OperatorError
from testbed.wallet.play import Limits
from testbed.wallet.playing import RULES, conduct
from testbed.wallet.wallets import configured
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, print_table
from unbet.cli.failing import CommandError, failing_on
from unbet.database.deadlines import CALL_LIMIT_S, connect_within
from unbet.database.engine import UnsafeDatabaseError, connect_to
from unbet.database.faults import LedgerAwayError
from unbet.database.migrate import SchemaError, require_schema
from unbet.runtime.settings import (
    LedgerSettings,
    ProviderSettings,
    SettingsError,
    WalletSettings,
    load,
)
from unbet.wallets.chosen import required_of

app = typer.Typer()

EXIT_BROKEN: Final = 1
EXIT_NOT_PLAYED: Final = 3
"""The wallet, the journal or the operator's command is not to be had; 2 is wrong usage."""

ANSWER_LIMIT_S: Final = 30.0
"""For each answer of the operator's command; an interrupted service starts meanwhile."""

MAX_RACES: Final = 20_000
"""What is asked is kept for the report, a KiB each."""

POOL_SIZE: Final = 8
"""Connections: the rules that ask at once, and the bets beside them."""

_NOT_PLAYED: Final = (
    *(OperatorError, LedgerAwayError, SettingsError, SchemaError),
    *(UnsafeDatabaseError, DBAPIError),
)


@app.command("check")
def check(
    command: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Place bets by this command of yours (docs/wallets.md). The built-in ledger needs "
            "none.",
        ),
    ] = None,
    bets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Use the bets that this JSON document names, as `unbet conformance` does. Rules "
            "that look at money are not tried.",
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(help="Check the wallet of this provider's endpoint; UNBET_PROVIDER_ID's."),
    ] = None,
    races: Annotated[
        int, typer.Option(min=1, max=MAX_RACES, help="How often a bet races its cancel.")
    ] = 1000,
    limit: Annotated[
        float, typer.Option(min=0.5, help="Seconds in which a cancel must be decided.")
    ] = Limits.decided_s,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Only rules whose names have this in them; repeatable."),
    ] = None,
    show_rules: Annotated[
        bool, typer.Option("--rules", help="Show the rules, and try none.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Try every rule of a wallet's contract on the wallet of UNBET_WALLET. Exit status 1 if one is
    broken, 3 if none could be tried.

    It really cancels bets: each is one of its own, and its references begin with unbet-check-. The
    journal keeps its requests.
    """
    rules = [rule for rule in RULES if not only or any(text in rule.name for text in only)]
    if not rules:
        raise typer.BadParameter("no rule has that in its name; --rules shows them")
    if show_rules:
        print_table("rules", COLUMNS[:3], ((one.name, one.source, one.sent) for one in rules))
        return
    if command and bets:
        raise typer.BadParameter("--command and --bets are two ways to the same")
    started = time.monotonic()
    _keep_quiet()
    with failing_on(*_NOT_PLAYED, status=EXIT_NOT_PLAYED):
        provider = provider or load(ProviderSettings).provider_id
        settings = load(WalletSettings)
        name = settings.wallet_choice().wallet_of(provider)
        limits = Limits(decided_s=limit, races=races)
        with (
            _engine(name) as engine,
            _bets(name, engine, provider, command, bets) as source,
            bar("rules", len(rules)) as update,
        ):
            results = conduct(
                configured(name, engine, person_decides=settings.person_decides),
                source,
                provider,
                rules,
                limits=limits,
                begin=lambda done, rule: update(completed=done, description=rule.name),
            )
    report = Report(results)
    seconds = round(time.monotonic() - started, 3)
    show(report, f"{name} {provider}", as_json, wallet=name, provider=provider, seconds=seconds)
    if not (report.count(RuleStatus.KEPT) or report.count(RuleStatus.BROKEN)):
        raise CommandError("no rule could be tried.", EXIT_NOT_PLAYED)
    raise typer.Exit(0 if report.ok else EXIT_BROKEN)


def _keep_quiet() -> None:
    """What is broken on purpose is no news, and standard output is the report's."""
    logging.getLogger("unbet").setLevel(logging.CRITICAL)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@contextmanager
def _engine(wallet: str) -> Iterator[Engine]:
    """On the journal's database, which has what the wallet requires of it."""
    try:
        engine = connect_to(
            load(LedgerSettings).database_url, name="wallet-check", pool_size=POOL_SIZE
        )
    except ValueError as error:
        raise SettingsError(f"UNBET_DATABASE_URL has a wrong value: {error}.") from None
    try:
        with connect_within(engine, CALL_LIMIT_S) as connection:
            for require in (require_schema, *required_of(wallet)):
                require(connection)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _bets(
    wallet: str, engine: Engine, provider: str, command: str | None, file: Path | None
) -> Iterator[Bets]:
    if file is not None:
        try:
            listed = BetsFile.read(file)
        except BetsFileError as error:
            raise typer.BadParameter(str(error), param_hint="--bets") from None
        yield ListedBets(listed)
    elif command is not None:
        with Command(command, ANSWER_LIMIT_S) as spoken_to:
            yield PlacedBets(CommandOperator(spoken_to, provider))
    elif wallet == "ledger":
        yield PlacedBets(LedgerOperator(engine, provider))
    else:
        raise typer.BadParameter("your wallet's bets are needed: --command or --bets")

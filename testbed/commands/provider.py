"""`unbet provider`: play the provider against an endpoint, or send one Cancel by hand."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, TextIO
from uuid import uuid4

import typer
from rich.console import Console

from testbed import provider
from testbed.provider import (
    DIALECTS,
    Attempt,
    Cancel,
    Endpoint,
    EndpointError,
    LedgerOperator,
    Log,
    NoAnswerError,
    Provider,
    Report,
    Sent,
)
from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, print_json
from unbet.cli.failing import failing_on
from unbet.dialects import DialectName
from unbet.runtime.settings import ProviderSettings, load

app = typer.Typer(no_args_is_help=True, help="Play the provider against an endpoint.")

EXIT_NOT_CANCELLED: Final = 3
CONNECTIONS: Final = 8

Url = Annotated[
    str, typer.Argument(metavar="URL", help="As the provider is told it: http://host:port/secret.")
]

DialectOption = Annotated[
    DialectName, typer.Option("--dialect", help="The form of requests and answers.")
]


@dataclass(frozen=True)
class _Game:
    """What `play` was asked for."""

    endpoint: Endpoint
    cancels: int
    rate: float | None
    connections: int
    seed: int
    players: int
    log: TextIO | None
    provider_id: str


@app.command()
def play(
    url: Url,
    cancels: Annotated[
        int, typer.Option(min=1, help="How many to send; retries do not count.")
    ] = 100,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Cancels begun a second, answered or not.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option(min=1, help=f"Bets at a time if no rate is given [{CONNECTIONS}].")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeats a run; random if not given.")] = None,
    players: Annotated[int, typer.Option(min=1, help="Among whom the bets are spread.")] = 20,
    log: Annotated[
        typer.FileTextWrite | None,
        typer.Option(
            metavar="FILE",
            lazy=False,
            encoding="utf-8",
            help="Write all that was sent, as JSON lines.",
        ),
    ] = None,
    dialect: DialectOption = "lucky-monaco-v4",
    as_json: AsJson = False,
) -> None:
    """Deposit, bet and cancel. Exit status 0 if all was answered as the protocol demands, else 1.

    The bets go straight into the ledger of UNBET_DATABASE_URL; it must be the endpoint's.
    """
    if rate is not None and connections is not None:
        raise typer.BadParameter("--rate and --connections exclude each other.")
    with failing_on(EndpointError, NoAnswerError):
        game = _Game(
            endpoint=Endpoint(url, DIALECTS[dialect]),
            cancels=cancels,
            rate=rate,
            connections=provider.MAX_AT_ONCE if rate else connections or CONNECTIONS,
            seed=secrets.randbelow(1_000_000) if seed is None else seed,
            players=players,
            log=log,
            provider_id=load(ProviderSettings).provider_id,
        )
        started = time.monotonic()
        report = asyncio.run(_play(game))
    _print_result(game, report, time.monotonic() - started, as_json=as_json)
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def cancel(
    url: Url,
    user: Annotated[str, typer.Option(help="The player, as the operator names it.")],
    currency: Annotated[str, typer.Option(help="The bet's, for example EUR.")],
    reference: Annotated[str, typer.Option(help="The bet's.")],
    uuid: Annotated[
        str | None, typer.Option(help="The request's; the same one again is a retransmission.")
    ] = None,
    dialect: DialectOption = "lucky-monaco-v4",
    as_json: AsJson = False,
) -> None:
    """Send one Cancel, once. Exit status 0 if the answer's code is 0, else 3."""
    spoken = DIALECTS[dialect]
    message = Cancel(
        user_id=user,
        provider_id=load(ProviderSettings).provider_id,
        currency=currency,
        reference=reference,
        uuid=uuid or uuid4().hex,
        session_id=uuid4().hex,
        round_id=uuid4().hex if spoken.names_rounds else None,
    )
    with failing_on(EndpointError, NoAnswerError):
        answer = asyncio.run(_send(Endpoint(url, spoken), message))
    if as_json:
        shown = answer.model_dump(include={"code", "text", "status", "seconds"})
        print_json({"reference": reference, "uuid": message.uuid, **shown})
    elif answer.code is None:
        typer.echo(f"Temporary error: {answer.text}")
    else:
        typer.echo(f"{answer.code} {answer.text}")
    raise typer.Exit(0 if answer.code == 0 else EXIT_NOT_CANCELLED)


async def _send(endpoint: Endpoint, message: Cancel) -> Attempt:
    timing = provider.Timing()
    await endpoint.reach(timing.call_s)
    answer = await provider.attempt(lambda: provider.send(endpoint, message), timing.call_s)
    endpoint.close()
    return answer


async def _play(game: _Game) -> Report:
    timing = provider.Timing()
    players = provider.players(game.players)
    with database.ledger_engine() as engine, bar("cancels", game.cancels) as update:

        def advance(sent: Sent) -> None:
            update(advance=isinstance(sent.message, Cancel))

        await game.endpoint.reach(timing.call_s)
        operator = LedgerOperator(engine, game.provider_id, game.endpoint.dialect)
        await provider.fund(operator, players, tag=f"provider-{uuid4().hex}")
        log = Log(advance) if game.log is None else Log(advance, _writer(game.log))
        await provider.play(
            provider.plan(game.seed, players, cancels=game.cancels, provider_id=game.provider_id),
            Provider(game.endpoint, operator, log, timing),
            at_once=game.connections,
            rate=game.rate,
        )
        game.endpoint.close()
    return Report.of(log)


def _writer(file: TextIO) -> Callable[[Sent], None]:
    def write(sent: Sent) -> None:
        file.write(provider.as_line(sent))
        file.flush()

    return write


def _print_result(game: _Game, report: Report, seconds: float, *, as_json: bool) -> None:
    if as_json:
        rows = {scenario: row.document() for scenario, row in report.rows.items()}
        shown = {"ok": report.ok, "seed": game.seed, "seconds": round(seconds, 3)}
        counts = {"total": report.total.document(), "scenarios": rows}
        print_json({**shown, **counts, "unexpected": report.unexpected})
        return
    Console().print(report.table())
    rate = report.total.cancels / seconds
    typer.echo(f"{report.total.cancels} cancels in {seconds:.1f} s, {rate:.0f}/s; seed {game.seed}")
    for line in report.unexpected:
        typer.echo(line)

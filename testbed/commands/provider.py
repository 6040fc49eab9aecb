"""`unbet provider`: play the provider against an endpoint, or send one Cancel by hand."""

import asyncio
import secrets
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final
from uuid import uuid4

import typer
from rich.console import Console

from testbed import provider
from testbed.commands import keys
from testbed.provider import (
    DIALECTS,
    Attempt,
    Cancel,
    Case,
    Endpoint,
    EndpointError,
    LedgerOperator,
    Log,
    NoAnswerError,
    Player,
    Provider,
    Report,
    Round,
    Sent,
)
from testbed.provider.dialects import DialectName
from unbet.cli import database
from unbet.cli.bars import bar
from unbet.cli.display import AsJson, print_json
from unbet.cli.failing import failing_on
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
KeyOption = Annotated[str | None, typer.Option("--key", metavar="SOURCE", help=keys.HELP)]


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
    key: KeyOption = None,
    as_json: AsJson = False,
) -> None:
    """Deposit, bet and cancel. Exit status 0 if all was answered as the protocol demands, else 1.

    The bets go straight into the ledger of UNBET_DATABASE_URL; it must be the endpoint's.
    """
    if rate is not None and connections is not None:
        raise typer.BadParameter("--rate and --connections exclude each other.")
    at_once = provider.MAX_AT_ONCE if rate else connections or CONNECTIONS
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    chosen = DIALECTS[dialect]
    signing = keys.key_of(chosen, key)
    with failing_on(EndpointError, NoAnswerError):
        endpoint = Endpoint(url, chosen, signing)
        provider_id, among = load(ProviderSettings).provider_id, provider.players(players)
        rounds = provider.plan(
            seed,
            among,
            cancels=cancels,
            provider_id=provider_id,
            scenarios=provider.scenarios_of(chosen),
            any_case=chosen.any_case,
        )
        started = time.monotonic()
        with database.ledger_engine() as engine, bar("cancels", cancels) as update:

            def note(sent: Sent) -> None:
                update(advance=isinstance(sent.message, Cancel))
                if log is not None:
                    log.write(provider.as_line(sent))
                    log.flush()

            operator = LedgerOperator(engine, provider_id, endpoint.dialect)
            player = Provider(endpoint, operator, Log(note))
            asyncio.run(_play(rounds, player, among, at_once, rate))
        report = Report.of(player.log)
    _print_result(report, seed, time.monotonic() - started, as_json=as_json)
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
    key: KeyOption = None,
    amount: Annotated[
        Decimal | None, typer.Option(parser=Decimal, help="The bet's, where the dialect sends it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one Cancel, once. Exit status 0 if the answer says that the bet was cancelled, else
    3."""
    chosen = DIALECTS[dialect]
    signing = keys.key_of(chosen, key)
    message = Cancel(
        user_id=user,
        provider_id=load(ProviderSettings).provider_id,
        currency=currency,
        reference=reference,
        uuid=uuid or uuid4().hex,
        session_id=uuid4().hex,
        round_id=uuid4().hex if chosen.names_rounds else None,
        amount=amount if chosen.amount else None,
    )
    with failing_on(EndpointError, NoAnswerError):
        answer = asyncio.run(_send(Endpoint(url, chosen, signing), message))
    if as_json:
        shown = answer.model_dump(include={"code", "text", "status", "seconds"})
        print_json({"reference": reference, "uuid": message.uuid, **shown})
    elif answer.code is None:
        typer.echo(f"Temporary error: {answer.text}")
    else:
        typer.echo(f"{answer.code} {answer.text}")
    done = chosen.allowed[Case.FIRST] | chosen.allowed[Case.REPEATED]
    raise typer.Exit(0 if answer.code in done else EXIT_NOT_CANCELLED)


async def _send(endpoint: Endpoint, message: Cancel) -> Attempt:
    timing = provider.Timing()
    await endpoint.reach(timing.call_s)
    answer = await provider.attempt(lambda: provider.send(endpoint, message), timing.call_s)
    endpoint.close()
    return answer


async def _play(
    rounds: Iterable[Round], player: Provider, among: list[Player], at_once: int, rate: float | None
) -> None:
    await player.endpoint.reach(player.timing.call_s)
    await provider.fund(player.operator, among, tag=f"provider-{uuid4().hex}")
    await provider.play(rounds, player, at_once=at_once, rate=rate)
    player.endpoint.close()


def _print_result(report: Report, seed: int, seconds: float, *, as_json: bool) -> None:
    if as_json:
        rows = {scenario: row.document() for scenario, row in report.rows.items()}
        shown = {"ok": report.ok, "seed": seed, "seconds": round(seconds, 3)}
        counts = {"total": report.total.document(), "scenarios": rows}
        print_json({**shown, **counts, "unexpected": report.unexpected})
        return
    Console().print(report.table())
    rate = report.total.cancels / seconds
    typer.echo(f"{report.total.cancels} cancels in {seconds:.1f} s, {rate:.0f}/s; seed {seed}")
    for line in report.unexpected:
        typer.echo(line)

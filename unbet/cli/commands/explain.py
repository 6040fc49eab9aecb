"""`unbet explain`: the history of one reference, or what a Cancel of it would be answered."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from unbet.cli import database
from unbet.cli.display import AsJson, print_json
from unbet.cli.dry_run import DryRun, WrongReferenceError, decide, read_request
from unbet.cli.failing import EXIT_USAGE, CommandError, failing_on
from unbet.cli.history_screen import lines_of, lines_of_operation
from unbet.cli.wallet_promises import lines_of as promise_lines
from unbet.cli.wallet_promises import wallet_notice
from unbet.core.text import plain
from unbet.core.wallet_names import ONE_COMMIT
from unbet.database.deadlines import CALL_LIMIT_S, connect_within
from unbet.database.engine import UnsafeDatabaseError
from unbet.dialects import DIALECTS
from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.dialects.port import Dialect
from unbet.history.explain import explain
from unbet.history.operations import explain_operations
from unbet.history.records import History, OperationRecord
from unbet.history.timeline import operation_summary, operation_timeline, summary, timeline
from unbet.runtime.settings import (
    EndpointSettings,
    UnknownBetSettings,
    WalletNameSettings,
    load,
)
from unbet.wallets.parts import WrongAnswerError

_ELSEWHERE: Final = (
    "A cancel that was refused at validation is in its receiver's log; one that came while the "
    "ledger was away lies in its receiver's spool until that is back."
)
_DECIDES: Final = "cannot be asked what it would decide without deciding it: nothing was asked."

app = typer.Typer()


@app.command("explain")
def explain_reference(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="A bet's, a win's, a deposit's, …")
    ],
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            help="Of this provider only; all if not given, with --dry-run the environment's.",
        ),
    ] = None,
    dry_run: Annotated[
        Path | None,
        typer.Option(
            "--dry-run",
            metavar="BODY",
            help="Say what this Cancel would be answered now, and change nothing: a file as the "
            "provider sends it; - for the input.",
        ),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", help="Of the --dry-run; UNBET_DIALECT if not given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show everything known of a reference. Exit status 1 if that is nothing.

    The bodies that the provider sent are shown with --json only: they carry players' sessions.
    """
    if dry_run is not None:
        _say(reference, provider, dialect, dry_run, as_json)
        return
    if dialect is not None:
        raise typer.BadParameter("--dialect is for --dry-run")
    with database.snapshot() as connection:
        wallet_of = load(WalletNameSettings).wallet_of
        histories = explain(connection, reference, provider, wallet_of=wallet_of)
        # They are of no provider.
        operations = [] if provider else explain_operations(connection, reference)
    if as_json:
        stories = list(map(_document, histories))
        others = list(map(_operation, operations))
        wallets = {one: wallet_notice(one).model_dump() for one in _providers(histories)}
        print_json(
            {"reference": reference, "stories": stories, "operations": others, "wallets": wallets}
        )
    else:
        screens = [*map(lines_of, histories), *map(lines_of_operation, operations)]
        typer.echo("\n\n".join(map("\n".join, screens)), nl=bool(screens))
        for one in _providers(histories):
            typer.echo("\n" + "\n".join(map(plain, promise_lines(one))))
    if not histories and not operations:
        where = f" at {provider}" if provider else ""
        typer.echo(f"Nothing is known of {plain(reference)}{plain(where)}. {_ELSEWHERE}", err=True)
        raise typer.Exit(1)


def _providers(histories: Sequence[History]) -> list[str]:
    return list(dict.fromkeys(history.provider for history in histories))


def _document(history: History) -> dict[str, object]:
    events = [event._asdict() for event in timeline(history)]
    return history.model_dump(by_alias=True) | {"verdict": summary(history), "timeline": events}


def _operation(operation: OperationRecord) -> dict[str, object]:
    events = [event._asdict() for event in operation_timeline(operation)]
    return operation.model_dump() | {"verdict": operation_summary(operation), "timeline": events}


def _say(
    reference: str, provider: str | None, dialect_name: str | None, body: Path, as_json: bool
) -> None:
    provider, dialect = _endpoint(provider, dialect_name)
    try:
        found = read_request(_read(body), reference, provider, dialect)
    except WrongReferenceError as error:
        raise typer.BadParameter(plain(str(error))) from None
    if not isinstance(found, DryRun):
        wallet = load(WalletNameSettings).wallet_of(provider)
        if wallet not in ONE_COMMIT:
            raise CommandError(f"the wallet {wallet} {_DECIDES}", EXIT_USAGE)
        with (
            failing_on(UnsafeDatabaseError, WrongAnswerError),
            database.ledger_engine() as engine,
            connect_within(engine, CALL_LIMIT_S) as connection,
        ):
            hold_unknown = load(UnknownBetSettings).holds_unknown
            found = decide(connection, found, dialect, wallet, hold_unknown=hold_unknown)
    if as_json:
        _print(reference, provider, dialect, found)
        return
    answer = plain(found.answer.decode()) or f"HTTP {found.http_status}, without a body"
    typer.echo(f"Would be answered: {answer}")
    for name in found.given_when_decided:
        typer.echo(f"and {name}, which exists only once it is decided.")
    typer.echo(f"{plain(found.says)}\nNothing was changed.")


def _endpoint(provider: str | None, name: str | None) -> tuple[str, Dialect]:
    """Whose the Cancel is and in which dialect, as the receiver would know from the secret: with
    the endpoint's own answers, unless both are given."""
    if name is not None and name not in DIALECTS:
        raise typer.BadParameter(f"--dialect is none of {', '.join(DIALECTS)}")
    if provider and name:
        return provider, DIALECTS[name]
    chosen = load(EndpointSettings)
    endpoints = chosen.configs()
    if not endpoints:
        return provider or chosen.provider_id, DIALECTS[name or chosen.dialect]
    meant = {
        (one.provider, one.dialect): one.configured_dialect()
        for one in endpoints
        if provider in (None, one.provider) and name in (None, one.dialect)
    }
    if len(meant) != 1:
        raise typer.BadParameter(
            f"{chosen.endpoints_variable} does not have one endpoint of that kind: give --provider "
            "and --dialect"
        )
    (((found, _), dialect),) = meant.items()
    return found, dialect


def _read(body: Path) -> bytes:
    """No more of it than shows that it is too long."""
    try:
        with sys.stdin.buffer if str(body) == "-" else body.open("rb") as file:
            return file.read(MAX_BODY_LENGTH + 1)
    except OSError as error:
        raise typer.BadParameter(f"{body}: {error.strerror}") from None


def _print(reference: str, provider: str, dialect: Dialect, found: DryRun) -> None:
    answer = dialect.codec.read_answer(found.answer) if found.answer else None
    entries = found.returned
    returned = None if entries is None else [entry.model_dump() for entry in entries]
    print_json(
        {"reference": reference, "provider": provider, "dialect": dialect.name}
        | found._asdict()
        | {"answer": answer, "returned": returned}
    )

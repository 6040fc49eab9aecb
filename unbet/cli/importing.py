"""An import: lines in transactions of bounded size, each tried again while the database is away."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.cli.database import describe
from unbet.cli.import_lines import Line
from unbet.cli.import_stages import Players, Stage, arrange, ended_withdrawals, settled_bets
from unbet.cli.instructions import (
    BetInstruction,
    ConvertInstruction,
    CorrectInstruction,
    DepositInstruction,
    EndInstruction,
    FreezeInstruction,
    SettleInstruction,
    WithdrawInstruction,
)
from unbet.database.faults import ASK_AGAIN, Fault, fault_of
from unbet.database.transaction import retry_until
from unbet.wallets.ledger.bets import place_all
from unbet.wallets.ledger.deposits import deposit_all
from unbet.wallets.ledger.operations import Result, Status
from unbet.wallets.ledger.player_operations import convert_all, correct_all, hold_all
from unbet.wallets.ledger.players import freeze, players_of, unfreeze
from unbet.wallets.ledger.settlements import settle_all
from unbet.wallets.ledger.withdrawal_ends import end_all, players_withdrawing

LINES_AT_ONCE: Final = 2000
"""A transaction of these takes about 200 ms; a cancel waits 300 ms for a lock on its player."""

RETRY_FOR_S: Final = 16.0
"""From its first failure a transaction is tried again for about as long as a PostgreSQL restart
takes, the tries included."""


class ImportStoppedError(Exception):
    """The database stayed away, or refused what no line is to blame for."""


class LineResult(NamedTuple):
    """What became of one line."""

    line: int
    op: str | None
    reference: str | None
    status: str
    """A `Status`, or `invalid`."""
    replayed: bool
    reason: str | None


def import_lines(
    engine: Engine, lines: Iterable[Line], retry_for_s: float = RETRY_FOR_S
) -> Iterator[list[LineResult]]:
    """Execute `lines` as if one by one; after each commit, what became of those it covers.

    Every line is idempotent: an import that was interrupted is run again from its beginning.
    Raises `ImportStoppedError`.
    """
    committed = 0
    remaining = iter(lines)
    try:
        while chunk := list(islice(remaining, LINES_AT_ONCE)):
            for results in _execute(engine, chunk, retry_for_s):
                committed += len(results)
                yield results
    except DBAPIError as error:
        raise ImportStoppedError(
            f"{describe(error)}; {committed} lines are committed, "
            "run the same import again for the rest."
        ) from error


def _execute(
    engine: Engine, lines: Sequence[Line], retry_for_s: float
) -> Iterator[list[LineResult]]:
    while lines:
        try:
            results = _commit_in_time(partial(_commit_first, engine, lines), retry_for_s)
        except DBAPIError as error:
            if fault_of(error) is not Fault.CONTENT:
                raise
            # One line asks for what no column can hold. Halve until it is alone.
            if len(lines) > 1:
                middle = len(lines) // 2
                yield from _execute(engine, lines[:middle], retry_for_s)
                yield from _execute(engine, lines[middle:], retry_for_s)
                return
            results = [_invalid(lines[0], describe(error))]
        yield results
        lines = lines[len(results) :]


def _commit_in_time(commit: Callable[[], list[LineResult]], retry_for_s: float) -> list[LineResult]:
    """The first try may take as long as it will: it must not use up the time for the others."""
    try:
        return commit()
    except DBAPIError as error:
        return retry_until(
            time.monotonic() + retry_for_s,
            commit,
            again=ASK_AGAIN,
            report=lambda _fault, _error: None,
            failed=error,
        )


def _commit_first(engine: Engine, lines: Sequence[Line]) -> list[LineResult]:
    """Execute as many of `lines` as make one transaction, from the first on."""
    with engine.begin() as connection:
        players = Players(
            players_of(connection, settled_bets(lines)),
            players_withdrawing(connection, ended_withdrawals(lines)),
        )
        stages, covered = arrange(lines, players)
        done: dict[int, Result] = {}
        for stage in stages:
            done |= zip(stage.numbers, _run(connection, stage), strict=True)
    return [_result(line, done.get(line.number)) for line in covered]


def _run(connection: Connection, stage: Stage) -> list[Result]:
    return _ALL[stage.kind](connection, [order.operation() for order in stage.instructions])


def _freeze_all(connection: Connection, orders: Sequence[FreezeInstruction]) -> list[Result]:
    for order in orders:
        (freeze if order.op == "freeze" else unfreeze)(connection, order.user)
    return [Result(status=Status.DONE)] * len(orders)


_ALL: Final[Mapping[type, Callable[[Connection, Any], list[Result]]]] = {
    DepositInstruction: deposit_all,
    BetInstruction: place_all,
    SettleInstruction: settle_all,
    WithdrawInstruction: hold_all,
    EndInstruction: end_all,
    CorrectInstruction: correct_all,
    ConvertInstruction: convert_all,
    FreezeInstruction: _freeze_all,
}


def _result(line: Line, result: Result | None) -> LineResult:
    if result is None:
        return _invalid(line, line.fault)
    reason = result.refusal and result.refusal.value
    if result.status is Status.CONFLICT:
        reason = "the reference was used before with other details"
    return LineResult(
        line.number, line.op, line.reference, result.status.value, result.replayed, reason
    )


def _invalid(line: Line, reason: str | None) -> LineResult:
    return LineResult(line.number, line.op, line.reference, "invalid", False, reason)

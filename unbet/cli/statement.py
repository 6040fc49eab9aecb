"""A provider's list of cancels, read to its end before the ledger is asked: whoever writes it may
pause, and no transaction may wait for that."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import cache
from tempfile import TemporaryFile
from typing import BinaryIO, Final, TextIO

import typer

from unbet.cli.failing import CommandError, failing_on
from unbet.cli.statement_file import Entry, Form, read_list
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.journal.reconciling import CANCELLED, StatementLine

EXIT_UNREADABLE: Final = 2

SHOWN: Final = 20
"""No more faults than this are told, nor differences of a kind."""


@contextmanager
def read_statement(file: BinaryIO, form: Form, provider: str) -> Iterator[Iterable[StatementLine]]:
    """The lines of `file`, in a temporary file meanwhile: memory does not grow with their number.
    `provider` is that of lines that name none. Raises `CommandError` if one cannot be read."""
    with TemporaryFile("w+", encoding="utf-8") as kept:
        with failing_on(OSError):
            _keep(file, form, provider, kept)
            kept.seek(0)
        yield map(_kept_line, kept)


def _keep(file: BinaryIO, form: Form, provider: str, kept: TextIO) -> None:
    lines = faults = 0
    for number, entry, fault in read_list(file, form):
        lines += 1
        if entry is not None:
            kept.write(json.dumps(_statement_line(number, entry, provider)) + "\n")
            continue
        faults += 1
        if faults <= SHOWN:
            typer.echo(f"line {number}: {fault}", err=True)
    if faults:
        raise CommandError(
            f"{faults} of {lines} lines cannot be read; nothing was compared.", EXIT_UNREADABLE
        )


def _kept_line(line: str) -> StatementLine:
    return StatementLine(*json.loads(line))


def _statement_line(line: int, entry: Entry, provider: str) -> StatementLine:
    moment = entry.cancelled_at
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return StatementLine(
        line=line,
        provider=entry.provider or provider,
        reference=entry.reference,
        user_id=entry.user_id,
        currency=entry.currency,
        uuid=entry.uuid,
        code=entry.code,
        cancelled_at=moment.isoformat() if moment else None,
        expected=_expected(entry.code, entry.outcome),
    )


@cache
def _expected(code: int | None, outcome: Outcome | None) -> tuple[Outcome, ...]:
    """What became of a cancel that the provider says was answered so. Without an answer it says
    that the bet is cancelled."""
    if code is None:
        return CANCELLED if outcome is None else (outcome,)
    meant = {
        meaning
        for dialect in DIALECTS.values()
        for meaning, answer in dialect.outcomes.items()
        if answer.code == code
    }
    return tuple(sorted(meant if outcome is None else meant & {outcome}))

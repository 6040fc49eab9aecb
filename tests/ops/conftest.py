"""The command line on the test's own database, run as the console script runs it."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from sqlalchemy import Engine

from tests.databases import url_as
from tests.making import Operator, cancel_of
from unbet.cli.main import main
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.journal.answers import AnswerNote, note_answers
from unbet.journal.parking import park, set_aside
from unbet.wallets.ledger.interventions import close_parked

WHOLE: Final = ("--since", "2020-01-01", "--until", "2100-01-01")
"""A period with all that a test does."""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Unbet = Callable[..., Ran]


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def unbet(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Unbet:
    """Runs `unbet ARGUMENTS` with an operator's rights; only UNBET_DATABASE_URL is set. With
    `terminal` standard error is one."""
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.OPERATOR, database_url))

    def run(*arguments: object, terminal: bool = False) -> Ran:
        monkeypatch.setattr(sys, "argv", ["unbet", *map(str, arguments)])
        monkeypatch.setenv("TERM", "xterm")
        out, err = io.StringIO(), Terminal() if terminal else io.StringIO()
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def bets(operator: Operator, engine: Engine) -> None:
    """A bet in each state, and a cancel in each place where one can be."""
    operator.deposit("100.00")
    for reference in ("reversed", "placed", "settled", "settled-only", "theirs", "lied-about"):
        operator.bet(reference, "1.00")
    operator.bet("refused", "1000.00")
    operator.settle("settled", "2.00")
    operator.settle("settled-only", "2.00")
    operator.cancel(
        *(cancel_of(reference) for reference in ("reversed", "settled", "refused", "never-came")),
        cancel_of("theirs", user_id="bob"),
    )
    waiting = {reference: cancel_of(reference) for reference in ("parked", "dead", "closed")}
    lied_about = cancel_of("lied-about", user_id="bob")
    operator.cancel(lied_about)
    told = AnswerNote(
        lied_about.request_id, None, "u", datetime.now(UTC), "192.0.2.1", Outcome.REVERSED, 0,
        Decimal("0.01"),
    )  # fmt: skip
    with engine.begin() as connection:
        park(connection, [waiting["parked"]], reason="no outcome in time")
        for reference in ("dead", "closed"):
            set_aside(connection, [waiting[reference]], reason="x", error="y", dead=True)
        close_parked(connection, waiting["closed"].request_id, made_by="ada", reason="a test")
        note_answers(connection, [told])

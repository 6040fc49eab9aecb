"""The command line on the test's own database, run as the console script runs it."""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.roles import Role
from ops.cli import main
from tests.databases import url_as
from tests.making import Operator


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


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it, with a deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def operator(engine: Engine) -> Operator:
    return Operator(engine)

"""The commands that are the built-in ledger's alone refuse where bets are in another wallet."""

from pathlib import Path

import pytest

from tests.ops.conftest import Unbet
from tests.ops.conftest import unbet as unbet

COMMANDS = [
    ("deposit", "alice", "EUR", "10.00"),
    ("bet", "alice", "EUR", "1.00", "--reference", "r1"),
    ("settle", "--reference", "r1", "--win", "0"),
    ("withdraw", "alice", "EUR", "1.00"),
    ("complete-withdrawal", "w1"),
    ("release-withdrawal", "w1"),
    ("correct", "alice", "EUR", "1.00", "--direction", "credit", "--reason", "a test"),
    ("convert-bonus", "alice", "EUR", "1.00"),
    ("freeze", "alice"),
    ("unfreeze", "alice"),
    ("balance", "alice", "EUR"),
    ("import", "FILE"),
]


@pytest.mark.parametrize("wallet", ["sql", "http", "house.wallet:make"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_command_of_the_ledgers_is_refused_and_says_why(
    unbet: Unbet,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: tuple[str, ...],
    wallet: str,
) -> None:
    (tmp_path / "lines.jsonl").write_text('{"op": "freeze", "user": "alice"}\n')
    arguments = [str(tmp_path / "lines.jsonl") if one == "FILE" else one for one in command]
    assert unbet(*arguments).status in (0, 3)
    monkeypatch.setenv("UNBET_WALLET", wallet)
    ran = unbet(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("unbet: the bets of this installation are in a wallet of its own")
    assert wallet in ran.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_help_of_such_a_command_says_whose_it_is(
    unbet: Unbet, command: tuple[str, ...]
) -> None:
    assert "built-in ledger" in " ".join(unbet(command[0], "--help").out.split())

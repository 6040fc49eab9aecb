"""The commands that are the built-in ledger's alone refuse where bets are in another wallet."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.ops.conftest import Unbet
from tests.ops.conftest import unbet as unbet

CUT_AT_COMMIT = text("""
    CREATE FUNCTION unbet_ledger.cut() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON unbet_ledger.transfers
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION unbet_ledger.cut();
""")

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


def test_a_bet_whose_cancel_is_decided_elsewhere_is_not_taken(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = {"a-secret-for-tests-0": {"provider": "Elsewhere", "wallet": "http"}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(elsewhere))
    assert unbet("deposit", "alice", "EUR", "10.00").status == 0
    provider = ("--provider", "Elsewhere")
    for command in (
        ("bet", "alice", "EUR", "1.00", "--reference", "r1"),
        ("settle", "--reference", "r1", "--win", "0"),
    ):
        ran = unbet(*command, *provider)
        assert (ran.status, ran.out) == (2, "")
        assert "the bets of Elsewhere are in the wallet 'http'" in ran.err
    lines = tmp_path / "lines.jsonl"
    bet = {"op": "bet", "user": "alice", "currency": "EUR", "amount": "1.00", "reference": "r2"}
    providers = ("Elsewhere", "Other")
    lines.write_text("".join(json.dumps(bet | {"provider": name}) + "\n" for name in providers))
    ran = unbet("import", str(lines))
    results = [json.loads(line) for line in ran.out.splitlines()]
    assert [one["status"] for one in results] == ["invalid", "done"]
    assert results[0]["reason"] == "provider: its bets are in another wallet"
    assert "cash 9.00 EUR" in unbet("balance", "alice", "EUR").out


def test_a_reference_that_was_drawn_is_told_where_it_is_not_known_what_was_done(
    unbet: Unbet, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(CUT_AT_COMMIT)
    ran = unbet("deposit", "alice", "EUR", "10.00")
    assert ran.status != 0
    told = re.search(r"With the reference ([0-9a-f]{32}) it can be sent again", ran.err)
    assert told, ran.err
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER cut ON unbet_ledger.transfers"))
    for replayed in ("", ", as it was before"):
        again = unbet("deposit", "alice", "EUR", "10.00", "--reference", told[1])
        assert again.out == f"Deposit {told[1]}: done{replayed}.\n"

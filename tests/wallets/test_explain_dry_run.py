"""`unbet explain --dry-run` with a wallet that is not the ledger."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.databases import url_as
from tests.ledger.closing import closed
from tests.making import cancel_of
from tests.ops.conftest import Ran, Unbet
from tests.ops.conftest import unbet as unbet
from tests.ops.test_dry_run import BODY, DryRun
from tests.wallets.contract import decide
from tests.wallets.sql_casino import SqlCasino, run_sql
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.wallets.sql.wallet import SqlWallet


@pytest.fixture
def dry_run(
    unbet: Unbet, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DryRun:
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.WORKER, database_url))
    monkeypatch.setenv("UNBET_WALLET", "sql")

    def run(*options: str, **fields: str) -> Ran:
        file = tmp_path / "body.json"
        file.write_text(json.dumps(BODY | fields))
        return unbet("explain", "r1", "--dry-run", file, *options)

    return run


def test_the_function_is_called_and_what_it_has_done_is_rolled_back(
    dry_run: DryRun, sql_casino: SqlCasino, sql_wallet: SqlWallet, engine: Engine
) -> None:
    sql_casino.deposit("10.00")
    assert sql_casino.bet("r1", "4.00")

    ran = dry_run()
    assert ran.status == 0, ran.err
    assert ran.out == (
        'Would be answered: {"error":0,"description":"Success","reference":"r1"}\n'
        "The bet stands: its stake would be returned; cash 10.00 after it.\n"
        "Nothing was changed.\n"
    )
    assert sql_casino.money()[0] == Decimal(6)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unbet.requests")).scalar() == 0
    document = dry_run("--json", "--dialect", "lucky-monaco-v1").document
    assert (document["given_when_decided"], document["returned"]) == (["transactionId"], None)

    decide(sql_wallet, cancel_of("r1"))
    again = dry_run()
    assert "It was decided before (reversed): nothing would change." in again.out
    assert sql_casino.money()[0] == Decimal(10)
    assert '"error":7' in dry_run(userId="mallory").out


def test_a_closed_cancel_is_foretold_as_closed(
    dry_run: DryRun, sql_casino: SqlCasino, engine: Engine
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    assert closed(engine, cancel_of("r1")) is Outcome.CLOSED
    assert "A person has closed it: nothing would be returned." in dry_run().out


def test_a_function_that_answers_wrongly_or_is_not_there_is_told_in_a_sentence(
    dry_run: DryRun, sql_casino: SqlCasino, database_url: str
) -> None:
    sql_casino.deposit("10.00")
    function = """
        CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
        RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric,
                       replayed boolean)
        LANGUAGE sql VOLATILE AS 'SELECT NULL::uuid, '''', '''', 0.0, false WHERE false'
    """
    run_sql(database_url, function)
    ran = dry_run()
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("unbet: unbet_cancel: request ")
    assert "is not returned" in ran.err
    run_sql(database_url, "DROP FUNCTION public.unbet_cancel(jsonb)")
    assert "the database has no function unbet_cancel" in dry_run().err


@pytest.mark.parametrize("wallet", ["http", "house.wallet:make"])
def test_a_wallet_that_would_decide_is_not_asked(
    dry_run: DryRun, monkeypatch: pytest.MonkeyPatch, wallet: str
) -> None:
    monkeypatch.setenv("UNBET_WALLET", wallet)
    ran = dry_run()
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        f"unbet: the wallet {wallet} cannot be asked what it would decide without deciding it: "
        "nothing was asked.\n"
    )
    # What the receiver refuses by itself is foretold for every wallet.
    assert '"error":7' in dry_run(uuid="").out

"""Which wallets decide is on record: a process that names others does not start."""

import io
import sys

import pytest
from sqlalchemy import Engine

from tests.ops.conftest import Unbet
from tests.ops.conftest import unbet as unbet
from tests.system.processes import System
from unbet.database.engine import UnsafeDatabaseError
from unbet.journal.routes import read_routes, require_routes
from unbet.runtime.endpoints import read_endpoints
from unbet.runtime.wallet_choice import WalletChoice


def choice(default: str, **others: str) -> WalletChoice:
    document = {
        f"the-secret-of-{provider}-0": {"provider": provider, "wallet": wallet}
        for provider, wallet in others.items()
    }
    return WalletChoice(default, read_endpoints(document).values())


def require(engine: Engine, named: WalletChoice) -> None:
    with engine.connect() as connection:
        require_routes(named)(connection)


def test_the_first_process_puts_its_wallets_on_record(worker_engine: Engine) -> None:
    require(worker_engine, choice("ledger", B="http"))
    require(worker_engine, choice("ledger", B="http", C="ledger"))
    with worker_engine.connect() as connection:
        assert read_routes(connection) == {"": "ledger", "B": "http"}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (choice("http", B="http"), "all other providers: ledger on record, http in the settings"),
        (choice("ledger"), "B: http on record, as all others in the settings"),
        (choice("ledger", B="sql"), "B: http on record, sql in the settings"),
        (choice("ledger", B="http", C="sql"), "C: as all others on record, sql in the settings"),
    ],
)
def test_other_wallets_are_refused_with_each_difference(
    worker_engine: Engine, named: WalletChoice, said: str
) -> None:
    require(worker_engine, choice("ledger", B="http"))
    with pytest.raises(UnsafeDatabaseError, match=said):
        require(worker_engine, named)


def test_a_sweep_that_was_not_told_of_the_wallet_does_not_start(idle_system: System) -> None:
    system = idle_system
    system.environment |= {
        "UNBET_WALLET": "tests.wallets.hanging:make",
        "CASINO_DATABASE_URL": "postgresql+psycopg://casino@127.0.0.1:1/casino",
    }
    system.start_both()
    del system.environment["UNBET_WALLET"]
    system.start_sweep()
    assert system.processes["sweep"].wait(30) == 1
    said = "tests.wallets.hanging:make on record, ledger in the settings"
    assert said in system.said("sweep")


def test_a_person_switches_them(
    unbet: Unbet, worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(worker_engine, choice("ledger"))
    monkeypatch.setenv("UNBET_WALLET", "sql")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    asked = unbet("wallet", "switch")
    assert asked.status == 1
    assert "all other providers: ledger on record, sql in the settings" in asked.out
    require(worker_engine, choice("ledger"))
    assert unbet("wallet", "switch", "--yes").status == 0
    require(worker_engine, choice("sql"))
    assert "on record already" in unbet("wallet", "switch").out

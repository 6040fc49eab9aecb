"""A provider's Cancel from HTTP to an operator's wallet in Python, through real processes."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from examples.wallet_http.bets import Bets
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import Service

SUCCESS = {"error": 0, "description": "Success", "reference": EXAMPLE["reference"]}
REFERENCE, PLAYER = EXAMPLE["reference"], EXAMPLE["userId"]
RECORD = text("SELECT wallet, replayed, cash FROM unbet.requests ORDER BY decided_at")


class TestSystem(Service):
    @pytest.fixture
    def casino(self, casino_engine: Engine) -> PlayersCasino:
        casino = PlayersCasino(Bets(casino_engine), PLAYER, EXAMPLE["currency"])
        casino.deposit("100.00")
        return casino

    @pytest.fixture
    def flag(self, tmp_path: Path) -> Path:
        return tmp_path / "hangs"

    @pytest.fixture
    def system(self, idle_system: System, casino_engine: Engine, flag: Path) -> System:
        idle_system.environment |= {
            "UNBET_WALLET": "tests.wallets.hanging:make",
            "CASINO_DATABASE_URL": casino_engine.url.render_as_string(hide_password=False),
            "HANGS_WHILE": str(flag),
        }
        idle_system.start_both()
        return idle_system

    def test_a_cancel_gives_the_stake_back_once_and_the_journal_has_what_was_told(
        self, system: System, casino: PlayersCasino, engine: Engine
    ) -> None:
        assert casino.bet(REFERENCE, "10.00")
        assert [system.cancel() for _ in range(2)] == [SUCCESS] * 2
        assert casino.money()[0] == 100
        with engine.connect() as connection:
            rows = connection.execute(RECORD).all()
        assert rows == [("tests.wallets.hanging:make", again, 100) for again in (False, True)]

    def test_a_wallet_that_hangs_ends_its_processes_and_the_sweep_finishes_when_it_no_longer_does(
        self, system: System, casino: PlayersCasino, flag: Path
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        flag.touch()
        assert system.cancel()["error"] == 100
        until(lambda: "the wallet hangs" in system.said("worker"), "its process goes on")
        flag.unlink()
        system.start_sweep()
        until(lambda: casino.money()[0] == 100, "the stake was not given back", seconds=60)
        assert system.cancel() == SUCCESS

"""A late bet on an operator's wallet service, from the provider's Cancel to its reversal, through
real processes."""

import os
import signal
from pathlib import Path

from sqlalchemy import Engine

from testbed.wallet.proxy import Proxy
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.http_system import HttpSystem
from tests.wallets.open_service import MAKE_DUE, OpenService, found_late, watched
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import REFUNDS, SECRET
from unbet.runtime.failpoints import KILLED

PLAYER = EXAMPLE["userId"]


class TestLateBets(HttpSystem, OpenService):
    def test_it_is_reversed_once_though_a_sweep_dies_between_the_wallet_and_the_journal(
        self,
        system: System,
        casino: PlayersCasino,
        engine: Engine,
        casino_engine: Engine,
        tmp_path: Path,
    ) -> None:
        assert casino.bet("first", "1.00")  # a new service's first call may take long
        until(lambda: system.cancel(reference="first")["error"] == 0, "no cancel is decided")
        assert system.cancel(reference="late")["error"] == 0
        # A group that was sent again would find the bet as well.
        worker = system.processes.pop("worker")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        assert casino.bet("late", "10.00")
        assert casino.money()[0] == 90
        system.environment |= {
            "UNBET_TEST": "1",
            "UNBET_TEST_CRASH_AT": "before_commit:late",
            "UNBET_TEST_CRASH_ONCE": str(tmp_path / "crashed"),
        }
        with engine.begin() as connection:
            connection.execute(MAKE_DUE)
        system.start_sweep()
        assert system.processes["sweep"].wait(30) == KILLED
        assert casino.money()[0] == 100, "the wallet has decided"
        assert found_late(engine) == []
        assert watched(engine) == [0]
        with engine.begin() as connection:
            connection.execute(MAKE_DUE)
        system.start_sweep("sweep-again")
        until(lambda: found_late(engine) == ["reversed"], "it is not noted")
        assert watched(engine) == []
        assert casino.money()[0] == 100
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 2
        metrics = system.http.get("/metrics").text
        assert "unbet_late_bets_reversed_total 1.0" in metrics
        assert "unbet_watched_cancels 0.0" in metrics
        explained = system.unbet("explain", "late").stdout
        assert "Late bet reversed" in explained, explained

    def test_a_wallet_that_says_that_it_refuses_late_bets_is_not_watched(
        self, idle_system: System, proxy: Proxy, engine: Engine
    ) -> None:
        idle_system.environment |= {
            "UNBET_WALLET": "http",
            "UNBET_WALLET_URL": proxy.url,
            "UNBET_WALLET_SECRETS": SECRET,
            "UNBET_WALLET_CLOSES_UNKNOWN": "true",
        }
        idle_system.start_both()
        assert idle_system.cancel(reference="late")["error"] == 0
        assert watched(engine) == []

"""What is lost between a wallet service's decision and the journal is asked for again: the money
has moved once, whoever dies or is away."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from examples.wallet_http.bets import Bets
from testbed.chaos.wallet_proxy import ChaosProxy
from testbed.wallet.faults import Fault
from tests.making import PROVIDER
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.service import REFUNDS, SECRET, Service

REFERENCE = EXAMPLE["reference"]
PLAYER = EXAMPLE["userId"], EXAMPLE["currency"]
KILLED = 137
END_SESSIONS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
PARKED = text("SELECT count(*) FROM unbet.parked")


class TestCrashes(Service):
    @pytest.fixture
    def bets(self, casino_engine: Engine) -> Bets:
        bets = Bets(casino_engine)
        bets.deposit(*PLAYER, Decimal(100), Decimal(0))
        assert bets.bet(*PLAYER, PROVIDER, REFERENCE, Decimal(10)) == "placed"
        return bets

    @pytest.fixture
    def proxy(self, port: int) -> Iterator[ChaosProxy]:
        proxy = ChaosProxy(port)
        with proxy:
            yield proxy

    @pytest.fixture
    def system(self, idle_system: System, proxy: ChaosProxy, bets: Bets) -> System:
        """Nothing of it runs yet."""
        assert bets.balance(*PLAYER)[0] == 90
        idle_system.environment |= {
            "UNBET_WALLET": "http",
            "UNBET_WALLET_URL": proxy.url,
            "UNBET_WALLET_SECRETS": SECRET,
        }
        return idle_system

    @pytest.fixture
    def moved_once(self, bets: Bets, casino_engine: Engine) -> Callable[[], bool]:
        def moved_once() -> bool:
            with casino_engine.connect() as connection:
                refunds = connection.execute(REFUNDS).scalar_one()
            return refunds == 1 and bets.balance(*PLAYER)[0] == 100

        return moved_once

    def test_a_worker_that_dies_after_the_wallet_has_decided_is_followed_by_one_that_asks_again(
        self, system: System, moved_once: Callable[[], bool], tmp_path: Path
    ) -> None:
        crash_once(system, tmp_path)
        system.start_both()
        assert system.cancel()["error"] == 0
        assert (tmp_path / "crashed").exists()
        assert moved_once()

    def test_a_sweep_that_dies_after_the_wallet_has_decided_is_followed_by_one_that_asks_again(
        self,
        system: System,
        proxy: ChaosProxy,
        moved_once: Callable[[], bool],
        engine: Engine,
        tmp_path: Path,
    ) -> None:
        proxy.spoil(Fault.AWAY, 1.0)
        system.start_both()
        assert system.cancel()["error"] == 100
        proxy.spoil(Fault.NONE, 1.0)
        crash_once(system, tmp_path)
        system.start_sweep()
        assert system.processes["sweep"].wait(timeout=30) == KILLED
        assert moved_once()
        assert parked(engine) == 1
        system.start_sweep()
        until(lambda: parked(engine) == 0, "it is parked still", 60)
        assert moved_once()
        assert system.cancel()["error"] == 0

    def test_two_sweeps_that_ask_a_slow_wallet_at_the_same_time_move_the_money_once(
        self, system: System, proxy: ChaosProxy, moved_once: Callable[[], bool], engine: Engine
    ) -> None:
        proxy.spoil(Fault.AWAY, 1.0)
        system.start_both()
        with ThreadPoolExecutor(8) as pool:  # the bet's cancel, and seven of bets that never were
            numbers = range(8)
            codes = pool.map(
                lambda n: system.cancel(reference=f"{REFERENCE}{n or ''}")["error"], numbers
            )
            assert {*codes} == {100}
        proxy.slow_down(0.5)
        proxy.spoil(Fault.DROPPED, 0.5)
        for name in ("sweep", "sweep-2"):
            system.start_sweep(name)
        until(lambda: parked(engine) == 0, "some are parked still", 60)
        assert moved_once()

    def test_a_journal_that_is_away_after_the_wallet_has_decided_hears_of_it_later(
        self,
        system: System,
        proxy: ChaosProxy,
        moved_once: Callable[[], bool],
        database_url: str,
    ) -> None:
        system.start_both()
        system.start_sweep()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(system.cancel)
            assert proxy.hold_answers(10.0) == 1
            allow_connections(database_url, allow=False)
            try:
                assert moved_once()
                proxy.release(drops=False)
                assert asked.result()["error"] == 100
            finally:
                allow_connections(database_url, allow=True)
        until(lambda: system.cancel()["error"] == 0, "the journal has not heard of it", 60)
        assert moved_once()


def crash_once(system: System, tmp_path: Path) -> None:
    """Between the wallet's decision and the journal."""
    system.environment |= {
        "UNBET_TEST": "1",
        "UNBET_TEST_CRASH_AT": f"before_commit:{REFERENCE}",
        "UNBET_TEST_CRASH_ONCE": str(tmp_path / "crashed"),
    }


def parked(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(PARKED).scalar_one())


def allow_connections(database_url: str, *, allow: bool) -> None:
    """Whether the database takes any; those that there are end."""
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS {allow}'))
        if not allow:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                ),
                {"name": url.database},
            )
    server.dispose()

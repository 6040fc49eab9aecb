"""A provider's Cancel from HTTP to an operator's wallet service, through real processes."""

from sqlalchemy import Engine, text

from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.http_system import HttpSystem
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import REFUNDS

SUCCESS = {"error": 0, "description": "Success", "reference": EXAMPLE["reference"]}
REFERENCE, PLAYER = EXAMPLE["reference"], EXAMPLE["userId"]


class TestSystem(HttpSystem):
    def test_a_cancel_gives_the_stake_back_once_and_an_unknown_one_refuses_the_late_bet(
        self, system: System, casino: PlayersCasino
    ) -> None:
        assert casino.bet(REFERENCE, "10.00")
        assert [system.cancel() for _ in range(2)] == [SUCCESS] * 2
        assert casino.money()[0] == 100

        assert system.cancel(reference="late")["error"] == 0
        assert casino.place("late", "10.00") == "cancelled"

        assert casino.bet("settled", "10.00")
        casino.settle("settled", "25.00")
        assert system.cancel(reference="settled")["error"] == 120
        assert casino.bet("mine", "5.00")
        assert system.cancel(reference="mine", userId="mallory")["error"] == 7
        assert casino.money()[0] == 110

    def test_a_dropped_answer_is_asked_for_again_and_the_provider_hears_of_success(
        self, system: System, casino: PlayersCasino, proxy: Proxy, casino_engine: Engine
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        proxy.faults.append(Fault.DROPPED)
        assert system.cancel() == SUCCESS
        assert len({call.headers["idempotency-key"] for call in proxy.calls}) == 1
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1

    def test_while_the_wallet_fails_the_provider_is_told_to_retry_and_the_sweep_finishes(
        self, system: System, casino: PlayersCasino, proxy: Proxy, engine: Engine
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        proxy.faults.extend([Fault.FAILED] * 1000)
        assert system.cancel()["error"] == 100
        system.start_sweep()
        tries = len(proxy.calls)
        until(lambda: len(proxy.calls) > tries, "the sweep has not asked")
        proxy.faults.clear()
        until(lambda: casino.money()[0] == 100, "the stake was not given back")
        until(lambda: _parked(engine) == 0, "it is parked still")
        assert system.cancel() == SUCCESS

    def test_a_sweep_without_a_url_is_refused_at_the_start(self, idle_system: System) -> None:
        idle_system.environment["UNBET_WALLET"] = "http"
        idle_system.start_sweep()
        assert idle_system.processes["sweep"].wait(30) == 1
        assert "UNBET_WALLET_URL is not set" in idle_system.said("sweep")


def _parked(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM unbet.parked")).scalar_one())

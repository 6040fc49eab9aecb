"""A bet that comes after its cancel, on a wallet service that cannot refuse it, is found by the
sweep and reversed."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes
from tests.wallets.open_service import MAKE_DUE, OpenService, found_late, watched
from tests.wallets.service import REFUNDS, wallet_at
from unbet.core.outcomes import Outcome
from unbet.journal.watching import PAUSES_S
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet
from worker.sweep import Sweep

Rounds = Callable[[], None]


class TestLateBets(OpenService):
    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def own(self, proxy: Proxy) -> Iterator[HttpWallet]:
        with wallet_at(proxy.url, closes_unknown=False) as wallet:
            yield wallet

    @pytest.fixture
    def wallet(self, own: HttpWallet, worker_engine: Engine) -> Wallet:
        """A worker's."""
        return RecordedWallet(worker_engine, own, "http")

    @pytest.fixture
    def sweep_round(self, own: HttpWallet, worker_engine: Engine, engine: Engine) -> Rounds:
        """A round of a new sweep, with all that is watched due."""

        def run() -> None:
            with engine.begin() as connection:
                connection.execute(MAKE_DUE)
            Sweep(worker_engine, RecordedWallet(worker_engine, own, "http", parked=True)).round()

        return run

    def test_a_late_bet_is_reversed_once_by_the_sweep_and_noted(
        self,
        wallet: Wallet,
        casino: Casino,
        casino_engine: Engine,
        engine: Engine,
        sweep_round: Rounds,
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        assert casino.bet("r1", "4.00"), "nothing refuses it"
        sweep_round()
        assert casino.money()[0] == 10
        assert found_late(engine) == ["reversed"]
        assert watched(engine) == []
        for _ in range(2):
            sweep_round()
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1
        with engine.connect() as connection:
            first = connection.execute(text("SELECT outcome FROM unbet.requests")).scalars()
            assert [*first] == ["no_bet"], "what it was told first stays"

    def test_a_bet_that_does_not_come_is_looked_for_four_times(
        self, wallet: Wallet, proxy: Proxy, engine: Engine, sweep_round: Rounds
    ) -> None:
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        for looks in range(len(PAUSES_S)):
            assert watched(engine) == [looks]
            sweep_round()
        assert watched(engine) == []
        sweep_round()
        assert len(proxy.calls) == 1 + len(PAUSES_S)
        assert found_late(engine) == []

"""The chaos run's proxy in front of a wallet service: what it is told to do happens to calls until
it is told otherwise."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from testbed.chaos.wallet_proxy import SpoilingProxy
from testbed.wallet.faults import Fault
from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes, verdicts_on
from tests.wallets.service import Service, wallet_at
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided, Undecided, Wallet

DELAY_S = 0.3


class TestChaosProxy(Service):
    @pytest.fixture
    def proxy(self, port: int) -> Iterator[SpoilingProxy]:
        proxy = SpoilingProxy()
        proxy.start(port)
        yield proxy
        proxy.stop()

    @pytest.fixture
    def wallet(self, proxy: SpoilingProxy) -> Iterator[Wallet]:
        with wallet_at(f"http://127.0.0.1:{proxy.port}") as wallet:
            yield wallet

    def test_all_calls_are_spoilt_until_none_is(self, proxy: SpoilingProxy, wallet: Wallet) -> None:
        proxy.do("spoil", Fault.FAILED, 1.0)
        told = [verdicts_on(wallet, cancel_of("r1"))[0] for _ in range(3)]
        assert all(isinstance(one, Undecided) and "HTTP 500" in one.detail for one in told)
        proxy.do("spoil", Fault.NONE, 1.0)
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]

    def test_a_share_of_the_calls_passes(self, proxy: SpoilingProxy, wallet: Wallet) -> None:
        proxy.do("spoil", Fault.HTML, 0.5)
        told = [verdicts_on(wallet, cancel_of(f"r{n}"))[0] for n in range(40)]
        assert {type(one) for one in told} == {Decided, Undecided}

    def test_each_answer_comes_later(self, proxy: SpoilingProxy, wallet: Wallet) -> None:
        proxy.do("slow_down", DELAY_S)
        began = time.monotonic()
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        assert time.monotonic() - began >= DELAY_S

    @pytest.mark.parametrize("drops", [False, True])
    def test_what_is_held_back_is_committed_and_then_passed_on_or_dropped(
        self, proxy: SpoilingProxy, wallet: Wallet, casino: Casino, drops: bool
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        assert proxy.do("hold_answers", 0.0) == 0
        proxy.do("release", False)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(verdicts_on, wallet, cancel_of("r1"))
            assert proxy.do("hold_answers", 5.0) == 1
            assert casino.money()[0] == Decimal(10)
            assert not asked.done()
            proxy.do("release", drops)
            (told,) = asked.result()
        # What was dropped is asked for again at once.
        assert isinstance(told, Decided)
        assert (told.decision.outcome, told.replayed) == (Outcome.REVERSED, drops)

    def test_one_that_has_ended_says_so(self) -> None:
        with pytest.raises(OSError, match="not there any more"):
            SpoilingProxy().do("spoil", Fault.NONE, 1.0)

"""What a proxy, a network or a broken wallet does to a call ends in the same key asked again, and
in money that has moved once."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from testbed.wallet.faults import CHANGED, Fault
from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.waiting import until
from tests.wallets.contract import Casino, outcomes, verdicts_on
from tests.wallets.service import REFUNDS, Service, wallet_at
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Decided, Memory, Undecided, Why

WHY = {Fault.BUSY: Why.BUSY, Fault.AWAY: Why.AWAY} | dict.fromkeys(
    {Fault.OTHER, *CHANGED} - {Fault.NO_ARRAY}, Why.AMBIGUOUS
)
"""Of whatever else goes wrong there is no answer."""
HARMLESS = {Fault.NONE, Fault.DOUBLED}
CALL_LIMIT_S = 3.0
"""A wallet on a busy machine keeps it."""
SHORT_S = 0.5
BUSY_MACHINE_S = 2.0


class TestFaults(Service):
    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def wallet(self, proxy: Proxy) -> Iterator[HttpWallet]:
        with wallet_at(proxy.url, call_limit_s=CALL_LIMIT_S) as wallet:
            yield wallet

    @pytest.fixture
    def cancel(self, casino: Casino) -> Cancel:
        """Of a bet that stands."""
        casino.deposit("10.00")
        assert casino.bet("r1", "4.00")
        return cancel_of("r1")

    @pytest.mark.parametrize("fault", Fault)
    def test_each_ends_in_the_same_key_asked_again_and_the_money_moved_once(
        self,
        fault: Fault,
        proxy: Proxy,
        wallet: HttpWallet,
        cancel: Cancel,
        casino: Casino,
        casino_engine: Engine,
    ) -> None:
        assert outcomes(wallet, cancel_of("other", user_id="bob")) == [Outcome.NO_BET]
        proxy.calls.clear()
        proxy.faults.extend([fault, fault])  # for the second try, which is made at once
        (told,) = verdicts_on(wallet, cancel)
        if fault in HARMLESS:
            assert isinstance(told, Decided)
        else:
            assert isinstance(told, Undecided)
            assert told.why is WHY.get(fault, Why.UNANSWERED), told
        proxy.faults.clear()
        # The breaker may be open for a moment.
        until(lambda: _is_reversed(wallet, cancel), "not decided")
        assert casino.money()[0] == 10
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1
        assert len({call.headers["idempotency-key"] for call in proxy.calls}) == 1
        assert len(proxy.calls) > 1

    def test_an_ambiguity_is_asked_about_at_once(
        self, proxy: Proxy, wallet: HttpWallet, cancel: Cancel
    ) -> None:
        proxy.faults.append(Fault.DROPPED)
        (told,) = verdicts_on(wallet, cancel)
        assert isinstance(told, Decided)
        assert (told.decision.outcome, told.replayed) == (Outcome.REVERSED, True)

    def test_a_wallet_that_remembers_nothing_is_not_asked_again_by_itself(
        self, proxy: Proxy, cancel: Cancel
    ) -> None:
        proxy.faults.append(Fault.DROPPED)
        with wallet_at(proxy.url, remembers=Memory.NOT) as wallet:
            (told,) = verdicts_on(wallet, cancel)
        assert isinstance(told, Undecided)
        assert (told.why, len(proxy.calls)) == (Why.UNANSWERED, 1)

    def test_of_a_group_only_what_has_no_verdict_is_undecided(
        self, proxy: Proxy, wallet: HttpWallet
    ) -> None:
        proxy.faults.extend([Fault.MISSING] * 2)
        told = verdicts_on(wallet, *(cancel_of(f"r{number}") for number in range(3)))
        assert [type(one) for one in told] == [Undecided, Decided, Decided]

    def test_a_group_without_an_answer_is_ambiguous_so_that_each_is_asked_alone(
        self, proxy: Proxy, wallet: HttpWallet
    ) -> None:
        proxy.faults.extend([Fault.FAILED] * 3)  # the second try is two calls
        told = verdicts_on(wallet, cancel_of("r1"), cancel_of("r2"))
        assert [one.why for one in told if isinstance(one, Undecided)] == [Why.AMBIGUOUS] * 2

    def test_of_a_group_without_an_answer_each_half_is_asked_again_by_itself(
        self, proxy: Proxy, wallet: HttpWallet
    ) -> None:
        proxy.faults.extend([Fault.FAILED] * 2)
        told = verdicts_on(wallet, *(cancel_of(f"r{number}") for number in range(4)))
        assert sorted(type(one).__name__ for one in told) == ["Decided"] * 2 + ["Undecided"] * 2

    @pytest.mark.parametrize("fault", [Fault.HUNG, Fault.LOST, Fault.SLOW, Fault.FLOOD])
    def test_no_answer_holds_a_call_longer_than_its_limit(
        self, fault: Fault, proxy: Proxy, cancel: Cancel
    ) -> None:
        proxy.faults.extend([fault] * 2)
        with wallet_at(proxy.url, call_limit_s=SHORT_S, connect_limit_s=SHORT_S) as wallet:
            began = time.monotonic()
            verdicts_on(wallet, cancel)
            assert time.monotonic() - began < 2 * SHORT_S + BUSY_MACHINE_S

    def test_the_ports_deadline_ends_a_call_before_its_own_limit(
        self, proxy: Proxy, cancel: Cancel
    ) -> None:
        with wallet_at(proxy.url, call_limit_s=30.0) as wallet:
            verdicts_on(wallet, cancel_of("other", user_id="bob"))  # the first one also connects
            proxy.faults.append(Fault.HUNG)
            began = time.monotonic()
            ((told,),) = wallet.cancel([cancel], began + 0.3)
            assert time.monotonic() - began < 0.3 + BUSY_MACHINE_S
        assert isinstance(told, Undecided)
        assert told.why is Why.UNANSWERED

    def test_without_time_for_an_answer_nothing_is_sent(
        self, proxy: Proxy, wallet: HttpWallet, cancel: Cancel
    ) -> None:
        ((told,),) = wallet.cancel([cancel], time.monotonic() + 0.01)
        assert isinstance(told, Undecided)
        assert (told.why, proxy.calls) == (Why.BUSY, [])


def _is_reversed(wallet: HttpWallet, cancel: Cancel) -> bool:
    (told,) = verdicts_on(wallet, cancel)
    return isinstance(told, Decided) and told.decision.outcome is Outcome.REVERSED

"""The example of an operator's wallet service, behind its adapter, keeps what every wallet owes."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from examples.wallet_http.cancels import Cancels, Item, Verdict
from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.wallets.contract import Casino, decide, outcomes, verdicts_on
from tests.wallets.service import NOWHERE, Service, ServiceContract, serving, wallet_at
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided, Undecided, Why


class TestHttpWallet(ServiceContract):
    """On PostgreSQL; `tests/mariadb` has it on MariaDB."""


class _Watched(Cancels):
    """Notes which players' cancels it has at once."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._lock = threading.Lock()
        self._now: list[str | None] = []
        self.overlaps = 0
        self.meeting: threading.Barrier | None = None
        self.pause_s = 0.0

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        players = {item.player for item in items}
        with self._lock:
            self.overlaps += bool(players & set(self._now))
            self._now += players
        try:
            time.sleep(self.pause_s)
            if self.meeting:
                self.meeting.wait(timeout=5)
            return super().decide(items)
        finally:
            with self._lock:
                for player in players:
                    self._now.remove(player)


class TestCalls(Service):
    @pytest.fixture
    def watched(self, casino_engine: Engine) -> _Watched:
        return _Watched(casino_engine)

    @pytest.fixture
    def port(self, watched: _Watched) -> Iterator[int]:
        with serving(watched) as port:
            yield port

    def test_a_player_has_no_two_calls_at_once(
        self, port: int, watched: _Watched, casino: Casino
    ) -> None:
        casino.deposit("40.00")
        references = [f"r{number}" for number in range(40)]
        for reference in references:
            casino.bet(reference, "1.00")
        with wallet_at(f"http://127.0.0.1:{port}", max_together=1) as wallet:

            def ask(some: Sequence[str]) -> list[Outcome]:
                return outcomes(wallet, *map(cancel_of, some))

            with ThreadPoolExecutor(4) as pool:
                told = list(pool.map(ask, (references[part::4] for part in range(4))))
        assert told == [[Outcome.REVERSED] * 10] * 4
        assert casino.money()[0] == Decimal(40)
        assert watched.overlaps == 0

    def test_a_player_has_no_two_calls_at_once_when_a_call_is_asked_again_in_halves(
        self, port: int, watched: _Watched
    ) -> None:
        watched.pause_s = 0.1
        with Proxy(port) as proxy, wallet_at(proxy.url) as wallet:
            proxy.faults.append(Fault.DROPPED)
            told = outcomes(wallet, *(cancel_of(f"r{number}") for number in range(8)))
        assert told == [Outcome.NO_BET] * 8
        assert [len(json.loads(call.body)) for call in proxy.calls] == [8, 4, 4]
        assert watched.overlaps == 0

    def test_calls_for_several_players_go_out_at_once(self, port: int, watched: _Watched) -> None:
        watched.meeting = threading.Barrier(2)
        with wallet_at(f"http://127.0.0.1:{port}", max_together=1) as wallet:
            cancels = [cancel_of("r1", user_id="alice"), cancel_of("r2", user_id="bob")]
            assert outcomes(wallet, *cancels) == [Outcome.NO_BET] * 2

    def test_a_call_has_no_more_cancels_than_are_taken_together_and_no_bet_twice(
        self, port: int
    ) -> None:
        cancels = [cancel_of(f"r{number}") for number in range(10)]
        cancels += [cancel_of("r1", currency="USD"), cancel_of("r1", uuid="another")]
        with (
            Proxy(port) as proxy,
            wallet_at(proxy.url, max_together=4) as wallet,
        ):
            assert outcomes(wallet, *cancels) == [Outcome.NO_BET] * 12
        sent = [[item["key"] for item in json.loads(call.body)] for call in proxy.calls]
        assert all(len(keys) == len(set(keys)) <= 4 for keys in sent)
        assert sum(map(len, sent)) == 11

    def test_what_asks_the_same_is_asked_once_and_told_to_all(
        self, port: int, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        cancels = [cancel_of("r1", uuid=uuid) for uuid in ("a", "b", "c")]
        with Proxy(port) as proxy, wallet_at(proxy.url) as wallet:
            told = decide(wallet, *cancels)
        assert [one.outcome for one in told] == [Outcome.REVERSED] * 3
        assert {one.cash for one in told} == {Decimal(10)}
        assert [len(json.loads(call.body)) for call in proxy.calls] == [1]

    def test_a_repeat_says_that_it_is_one(self, port: int) -> None:
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            told = [verdicts_on(wallet, cancel_of("r1"))[0] for _ in range(2)]
        assert [one.replayed for one in told if isinstance(one, Decided)] == [False, True]

    def test_who_does_not_know_the_secret_decides_nothing(self, port: int, casino: Casino) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        other = "whsec_" + "A" * 40
        with wallet_at(f"http://127.0.0.1:{port}", secrets=(other,)) as wallet:
            (told,) = verdicts_on(wallet, cancel_of("r1"))
        assert isinstance(told, Undecided)
        assert (told.why, casino.money()[0]) == (Why.AWAY, Decimal(6))


def test_while_a_wallet_is_away_its_cancels_do_not_wait_for_it() -> None:
    with wallet_at(NOWHERE) as wallet:
        verdicts_on(wallet, cancel_of("r1"))
        began = time.monotonic()
        told = verdicts_on(wallet, *(cancel_of(f"r{number}") for number in range(100)))
        assert time.monotonic() - began < 0.5
    assert {one.detail for one in told if isinstance(one, Undecided)} == {"not sent"}

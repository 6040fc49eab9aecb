"""A bet that comes after its cancel, on a wallet service that cannot refuse it, is found by the
sweep and reversed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, text

from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes, verdicts_on
from tests.wallets.open_service import MAKE_DUE, OpenService, found_late, late_bets, watched
from tests.wallets.service import REFUNDS, wallet_at
from unbet.core.outcomes import Outcome
from unbet.journal.decided import FIRST, read_decided
from unbet.journal.parking import count_parked
from unbet.journal.watching import PAUSES_S
from unbet.wallets.asked_again import AskedAgain
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.ledger.interventions import close_parked, retry_parked
from unbet.wallets.port import Decided, Wallet
from unbet.wallets.recorded import RecordedWallet
from worker.sweep import Sweep

Rounds = Callable[[], None]
RACES = 60
NEXT_LOOK = text("SELECT extract(epoch FROM look_at - now()) FROM unbet.watched")


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
    def new_sweep(self, own: HttpWallet, worker_engine: Engine) -> Callable[[], Sweep]:
        return lambda: Sweep(worker_engine, RecordedWallet(worker_engine, own, "http", parked=True))

    @pytest.fixture
    def sweep_round(self, new_sweep: Callable[[], Sweep], engine: Engine) -> Rounds:
        """A round of a new sweep, with all that is watched due."""

        def run() -> None:
            with engine.begin() as connection:
                connection.execute(MAKE_DUE)
            new_sweep().round()

        return run

    def test_a_late_bet_is_reversed_once_by_the_sweep_and_noted(
        self,
        own: HttpWallet,
        wallet: Wallet,
        casino: Casino,
        casino_engine: Engine,
        engine: Engine,
        sweep_round: Rounds,
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        assert casino.bet("r1", "4.00"), "nothing refuses it"
        assert late_bets(engine).watched == 1
        sweep_round()
        assert casino.money()[0] == 10
        assert found_late(engine) == ["reversed"]
        assert late_bets(engine)[:3:2] == (0, 1)
        with engine.connect() as connection:
            told = read_decided(connection, "http", after=FIRST, without=[], most=10)
        (audited,) = AskedAgain(own, per_second=100).compare(told)
        assert (audited.requests, audited.differences) == (1, []), "the audit knows of it"
        for _ in range(2):
            sweep_round()
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1
        with engine.connect() as connection:
            first = connection.execute(text("SELECT outcome FROM unbet.requests")).scalars()
            assert [*first] == ["no_bet"], "what it was told first stays"

    def test_a_bet_that_does_not_come_is_looked_for_four_times_in_an_hour(
        self, wallet: Wallet, proxy: Proxy, engine: Engine, sweep_round: Rounds
    ) -> None:
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        for looks, pause_s in enumerate(PAUSES_S):
            assert watched(engine) == [looks]
            with engine.connect() as connection:
                due_in_s = float(connection.execute(NEXT_LOOK).scalar_one())
            assert due_in_s == pytest.approx(pause_s, abs=10)
            sweep_round()
        assert watched(engine) == []
        sweep_round()
        assert len(proxy.calls) == 1 + len(PAUSES_S)
        assert found_late(engine) == []
        assert sum(PAUSES_S) == 3600

    def test_of_bets_that_race_their_cancels_each_is_given_back_once_in_the_end(
        self,
        wallet: Wallet,
        casino: Casino,
        casino_engine: Engine,
        engine: Engine,
        sweep_round: Rounds,
    ) -> None:
        casino.deposit(f"{RACES}.00")
        with ThreadPoolExecutor(2) as pool:
            for number in range(RACES):
                together = Barrier(2)

                def bet(reference: str, together: Barrier = together) -> bool:
                    together.wait()
                    return casino.bet(reference, "1.00")

                placed = pool.submit(bet, f"r{number}")
                together.wait()
                outcomes(wallet, cancel_of(f"r{number}"))
                assert placed.result()
        late = RACES - casino.money()[0]
        assert late > 0, "no bet came late"
        sweep_round()
        assert casino.money()[0] == RACES
        assert found_late(engine) == ["reversed"] * int(late)
        assert watched(engine) == []
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == RACES

    def test_a_late_bet_that_was_settled_waits_for_a_person(
        self, wallet: Wallet, casino: Casino, engine: Engine, sweep_round: Rounds, proxy: Proxy
    ) -> None:
        casino.deposit("10.00")
        cancel = cancel_of("r1")
        assert outcomes(wallet, cancel) == [Outcome.NO_BET]
        casino.bet("r1", "4.00")
        casino.settle("r1", "7.00")
        for _ in range(2):
            sweep_round()
            assert late_bets(engine).not_reversed == 1
        assert found_late(engine) == ["settled"]
        assert watched(engine) == []
        assert casino.money()[0] == 13
        calls = len(proxy.calls)
        with engine.begin() as connection:
            assert count_parked(connection) == (0, 1, 0)
            assert retry_parked(connection, made_by="anna", request_id=cancel.request_id) == 1
        sweep_round()
        assert len(proxy.calls) == calls + 1
        with engine.begin() as connection:
            assert count_parked(connection) == (0, 1, 0), "it has its result still"
            closing = close_parked(
                connection, cancel.request_id, made_by="anna", reason="taken from the player"
            )
            assert closing.closed
        assert late_bets(engine).not_reversed == 0
        sweep_round()
        assert len(proxy.calls) == calls + 1

    def test_a_late_bet_that_a_person_has_put_right_is_reversed_when_tried_again(
        self,
        wallet: Wallet,
        casino: Casino,
        casino_engine: Engine,
        engine: Engine,
        sweep_round: Rounds,
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        casino.bet("r1", "4.00")
        casino.settle("r1", "0.00")
        sweep_round()
        with casino_engine.begin() as connection:
            connection.execute(text("UPDATE casino.bets SET state = 'placed', outcome = NULL"))
        with engine.begin() as connection:
            retry_parked(connection, made_by="anna", all_dead=True)
        sweep_round()
        assert casino.money()[0] == 10
        assert found_late(engine) == ["reversed", "settled"]
        assert late_bets(engine)[2:] == (1, 0)
        with engine.connect() as connection:
            assert count_parked(connection) == (0, 0, 0)

    def test_a_request_that_is_asked_again_after_its_bet_came_is_told_what_it_was_told(
        self, wallet: Wallet, casino: Casino, engine: Engine
    ) -> None:
        casino.deposit("10.00")
        cancel = cancel_of("r1")
        assert outcomes(wallet, cancel) == [Outcome.NO_BET]
        casino.bet("r1", "4.00")
        for _ in range(2):
            (again,) = verdicts_on(wallet, cancel)
            assert isinstance(again, Decided)
            assert (again.decision.outcome, again.late) == (Outcome.NO_BET, Outcome.REVERSED)
        assert casino.money()[0] == 10
        assert found_late(engine) == ["reversed"]
        assert watched(engine) == []

    def test_each_of_two_players_who_cancel_an_unknown_bet_is_watched(
        self, wallet: Wallet, casino: Casino, engine: Engine, sweep_round: Rounds
    ) -> None:
        casino.deposit("10.00")
        cancels = cancel_of("r1", user_id="mallory"), cancel_of("r1")
        for cancel in cancels:
            assert outcomes(wallet, cancel) == [Outcome.NO_BET]
        casino.bet("r1", "4.00")
        sweep_round()
        assert casino.money()[0] == 10
        assert found_late(engine) == ["mismatch", "reversed"]

    def test_two_sweeps_share_the_looks(
        self,
        wallet: Wallet,
        casino: Casino,
        proxy: Proxy,
        engine: Engine,
        new_sweep: Callable[[], Sweep],
    ) -> None:
        casino.deposit("100.00")
        outcomes(wallet, *(cancel_of(f"r{number}") for number in range(100)))
        for number in range(100):
            casino.bet(f"r{number}", "1.00")
        with engine.begin() as connection:
            connection.execute(MAKE_DUE)
        proxy.calls.clear()
        with ThreadPoolExecutor(2) as pool:
            while len(found_late(engine)) < 100:  # a round may run out of time
                for ended in [pool.submit(new_sweep().round) for _ in range(2)]:
                    ended.result()
        asked = sum(call.body.count(b'"request_id"') for call in proxy.calls)
        assert asked == 100
        assert casino.money()[0] == 100
        assert found_late(engine) == ["reversed"] * 100

"""What an operator's wallet service decides is in the journal before anybody is told."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Engine, text

from examples.wallet_http.cancels import Cancels, Item, Verdict
from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes, verdicts_on
from tests.wallets.service import REFUNDS, Service, wallet_at
from unbet import connect_to
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.journal.parking import park
from unbet.journal.recording import Record, record_requests
from unbet.wallets.ledger.interventions import close_parked, reopen_parked
from unbet.wallets.port import Undecided, Wallet, Why
from unbet.wallets.recorded import RecordedWallet

PERSON = {"made_by": "anna", "reason": "paid by hand"}


def recorded(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.execute(text("SELECT outcome FROM unbet.requests")).scalars()]


class TestRecorded(Service):
    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def wallet(self, proxy: Proxy, worker_engine: Engine) -> Iterator[Wallet]:
        with wallet_at(proxy.url) as wallet:
            yield RecordedWallet(worker_engine, wallet, "http")

    @pytest.fixture
    def cancel(self, casino: Casino) -> Cancel:
        """Of a bet that stands."""
        casino.deposit("10.00")
        assert casino.bet("r1", "4.00")
        return cancel_of("r1")

    def test_the_journal_has_a_decision_before_it_is_told(
        self, wallet: Wallet, cancel: Cancel, engine: Engine
    ) -> None:
        assert outcomes(wallet, cancel) == [Outcome.REVERSED]
        assert recorded(engine) == ["reversed"]
        assert outcomes(wallet, cancel) == [Outcome.REVERSED]
        assert recorded(engine) == ["reversed"]

    def test_what_has_no_verdict_is_not_in_the_journal(
        self, wallet: Wallet, proxy: Proxy, engine: Engine
    ) -> None:
        proxy.faults.extend([Fault.MISSING] * 2)
        told = verdicts_on(wallet, cancel_of("r1"), cancel_of("r2"))
        assert [type(one) is Undecided for one in told] == [True, False]
        assert recorded(engine) == ["no_bet"]

    def test_what_the_journal_could_not_take_is_told_to_nobody_and_decided_once(
        self, wallet: Wallet, cancel: Cancel, casino: Casino, casino_engine: Engine, engine: Engine
    ) -> None:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE unbet.requests RENAME COLUMN body TO moved"))
        (told,) = verdicts_on(wallet, cancel)
        assert isinstance(told, Undecided)
        assert told[1:3] == (Why.AWAY, "not recorded")
        assert casino.money()[0] == 10, "the wallet has decided"
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE unbet.requests RENAME COLUMN moved TO body"))
        assert outcomes(wallet, cancel) == [Outcome.REVERSED]
        assert casino.money()[0] == 10
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 1

    def test_while_the_journal_is_away_the_wallet_is_not_asked(
        self, proxy: Proxy, cancel: Cancel
    ) -> None:
        nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
        with wallet_at(proxy.url) as wallet, pytest.raises(LedgerAwayError):
            list(RecordedWallet(nowhere, wallet, "http").cancel([cancel], 0.0))
        nowhere.dispose()
        assert proxy.calls == []

    def test_what_is_told_otherwise_than_before_is_not_believed(
        self, wallet: Wallet, cancel: Cancel, engine: Engine
    ) -> None:
        with engine.begin() as connection:
            no_bet = Decision(request_id=cancel.request_id, outcome=Outcome.NO_BET)
            record_requests(connection, "http", [Record(cancel, no_bet)])
        (told,) = verdicts_on(wallet, cancel)
        assert isinstance(told, Undecided)
        assert (told.why, told.detail) == (Why.AMBIGUOUS, "is reversed now, and was no_bet before")

    def test_of_a_closed_reference_the_wallet_is_not_asked_until_it_is_reopened(
        self, wallet: Wallet, cancel: Cancel, casino: Casino, proxy: Proxy, engine: Engine
    ) -> None:
        with engine.begin() as connection:
            park(connection, [cancel], reason="test")
            assert close_parked(connection, cancel.request_id, **PERSON).outcome is Outcome.CLOSED
        again = cancel_of("r1", uuid="another")
        assert outcomes(wallet, cancel, again) == [Outcome.CLOSED] * 2
        assert proxy.calls == []
        assert casino.money()[0] == 6
        with engine.begin() as connection:
            assert reopen_parked(connection, cancel.request_id, **PERSON)
        assert outcomes(wallet, cancel) == [Outcome.REVERSED]
        assert casino.money()[0] == 10

    def test_what_the_wallet_has_decided_is_not_closed(
        self, wallet: Wallet, cancel: Cancel, casino: Casino, engine: Engine
    ) -> None:
        assert outcomes(wallet, cancel) == [Outcome.REVERSED]
        again = cancel_of("r1", uuid="another")
        with engine.begin() as connection:
            park(connection, [again], reason="test")
            closing = close_parked(connection, again.request_id, **PERSON)
        assert closing.outcome is Outcome.REVERSED
        assert outcomes(wallet, cancel_of("r1", uuid="third")) == [Outcome.REVERSED]
        assert casino.money()[0] == 10


class _ClosedMeanwhile(Cancels):
    """While it decides, something else happens."""

    meanwhile: Callable[[], object]

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        self.meanwhile()
        return super().decide(items)


class TestClosedMeanwhile(Service):
    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> _ClosedMeanwhile:
        return _ClosedMeanwhile(casino_engine)

    def test_what_the_wallet_decides_while_a_person_closes_it_stands(
        self,
        cancels: _ClosedMeanwhile,
        port: int,
        worker_engine: Engine,
        engine: Engine,
        casino: Casino,
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        waits = cancel_of("r1", uuid="another")
        with engine.begin() as connection:
            park(connection, [waits], reason="test")

        def close() -> None:
            with engine.begin() as connection:
                close_parked(connection, waits.request_id, **PERSON)

        cancels.meanwhile = close
        with wallet_at(f"http://127.0.0.1:{port}") as own:
            wallet = RecordedWallet(worker_engine, own, "http")
            assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
            assert outcomes(wallet, cancel_of("r1", uuid="third")) == [Outcome.REVERSED]
        assert casino.money()[0] == 10

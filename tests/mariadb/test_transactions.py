"""What is MariaDB's own: its deadlocks, its lock waits, what it would cut, and its end in the
middle."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from examples.casino.casino import text_of
from examples.casino.database import TRIES, BusyError, engine_for, transact
from examples.wallet_http.bets import LOCK_BET, Bets
from tests.making import PROVIDER, cancel_of
from tests.mariadb.conftest import TABLES
from tests.mariadb.server import MariaDB, running
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import Service, wallet_at
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Undecided, Wallet, Why

TRIED_S = 10.0


@pytest.fixture
def bets(casino_engine: Engine) -> Bets:
    return Bets(casino_engine)


class TestService(Service):
    @pytest.fixture
    def casino_engine(self, casino_engine: Engine) -> Engine:
        """That of this folder, in the place of the class's."""
        return casino_engine

    @pytest.fixture
    def casino(self, casino_engine: Engine) -> PlayersCasino:
        return PlayersCasino(Bets(casino_engine))

    @pytest.fixture
    def wallet(self, port: int) -> Iterator[Wallet]:
        with wallet_at(f"http://127.0.0.1:{port}", call_limit_s=3.0) as wallet:
            yield wallet

    def test_a_bet_whose_row_is_locked_is_busy_and_others_are_decided(
        self, wallet: Wallet, casino: PlayersCasino, casino_engine: Engine
    ) -> None:
        casino.deposit("10.00")
        for reference in ("held", "free"):
            casino.bet(reference, "1.00")
        with casino_engine.connect() as holder:
            holder.execute(LOCK_BET, {"provider": PROVIDER, "reference": "held"})
            (told,) = verdicts_on(wallet, cancel_of("held"))
            assert isinstance(told, Undecided)
            assert told.why is Why.BUSY
            assert outcomes(wallet, cancel_of("free")) == [Outcome.REVERSED]
        assert outcomes(wallet, cancel_of("held")) == [Outcome.REVERSED]

    def test_groups_of_the_same_bets_in_any_order_are_decided_alike(
        self, casino: PlayersCasino, port: int
    ) -> None:
        references = [f"r{number}" for number in range(30)]
        casino.deposit("15.00")
        for reference in references[::2]:
            casino.bet(reference, "1.00")

        def ask(some: list[str]) -> list[Outcome]:
            # An adapter of its own, as another process has: one alone asks for a player in turn.
            with wallet_at(f"http://127.0.0.1:{port}", call_limit_s=3.0) as wallet:
                return outcomes(wallet, *map(cancel_of, some))

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(ask, (references, references[::-1]))
        assert first == second[::-1] == [Outcome.REVERSED, Outcome.NO_BET] * 15
        assert casino.money()[0] == Decimal(15)


def test_a_deadlock_that_is_broken_is_tried_again(casino_engine: Engine, bets: Bets) -> None:
    for reference in ("r1", "r2"):
        bets.bet("alice", "EUR", PROVIDER, reference, Decimal(0))
    meeting, tries = Barrier(2), []

    def lock(first: str, second: str) -> None:
        def work(connection: Connection) -> None:
            tries.append(first)
            for reference in (first, second):
                connection.execute(LOCK_BET, {"provider": PROVIDER, "reference": reference})
                if len(tries) <= 2 and reference == first:
                    meeting.wait(TRIED_S)

        transact(casino_engine, work)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(lock, "r1", "r2"), pool.submit(lock, "r2", "r1")]:
            done.result()
    assert len(tries) == 3


def test_deadlocks_without_an_end_are_busy_after_some_tries(casino_engine: Engine) -> None:
    tries = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"))

    with pytest.raises(BusyError):
        transact(casino_engine, work)
    assert len(tries) == TRIES


def test_a_lock_is_not_waited_for_longer_than_a_second(casino_engine: Engine, bets: Bets) -> None:
    bets.bet("alice", "EUR", PROVIDER, "r1", Decimal(0))
    with casino_engine.connect() as holder:
        holder.execute(LOCK_BET, {"provider": PROVIDER, "reference": "r1"})
        began = time.monotonic()
        with pytest.raises(BusyError):
            bets.settle(PROVIDER, "r1", Decimal(1))
        assert time.monotonic() - began < 5, "MariaDB's own limit is 50 s"


def test_a_reference_that_is_too_long_is_not_cut(bets: Bets) -> None:
    with pytest.raises(DBAPIError, match="Data too long"):
        bets.bet("alice", "EUR", PROVIDER, "r" * 256, Decimal(0))


def test_an_amount_that_is_too_large_is_not_made_to_fit(bets: Bets) -> None:
    with pytest.raises(DBAPIError, match="Out of range"):
        bets.deposit("alice", "EUR", Decimal(10) ** 20, Decimal(0))
    assert bets.balance("alice", "EUR")[0] == 0


def test_all_digits_of_a_large_amount_are_kept(bets: Bets) -> None:
    amount = Decimal("12345678901234567890.123456789012345678")
    last = Decimal("0.000000000000000001")
    bets.deposit("alice", "EUR", amount, Decimal(0))
    assert bets.bet("alice", "EUR", PROVIDER, "r1", last) == "placed"
    assert text_of(bets.balance("alice", "EUR")[0]) == "12345678901234567890.123456789012345677"
    assert bets.bet("alice", "EUR", PROVIDER, "r1", last) == "placed"
    assert bets.bet("alice", "EUR", PROVIDER, "r1", last * 2) == "conflict"


def test_a_stake_is_not_refunded_twice_by_whatever_forgets_that_it_was(
    casino_engine: Engine, bets: Bets
) -> None:
    bets.deposit("alice", "EUR", Decimal(10), Decimal(0))
    bets.bet("alice", "EUR", PROVIDER, "r1", Decimal(4))
    refund = text("""
        INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
        VALUES ('refund', :provider, 'r1', 'alice', 'EUR', 4, 0)
    """)
    transact(casino_engine, lambda connection: connection.execute(refund, {"provider": PROVIDER}))
    with pytest.raises(DBAPIError, match="Duplicate entry"):
        transact(
            casino_engine, lambda connection: connection.execute(refund, {"provider": PROVIDER})
        )


class TestKilledServer(Service):
    @pytest.fixture
    def server(self, own_directory: Path) -> Iterator[MariaDB]:
        with running(own_directory) as server:
            server.run(TABLES)
            yield server

    @pytest.fixture
    def casino_engine(self, server: MariaDB) -> Iterator[Engine]:
        engine = engine_for(server.url)
        yield engine
        engine.dispose()

    def test_a_cancel_is_away_until_the_server_is_back_and_then_told_what_it_was_told(
        self, server: MariaDB, casino_engine: Engine, port: int
    ) -> None:
        casino = PlayersCasino(Bets(casino_engine))
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        casino.bet("r2", "1.00")
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
            server.kill()
            (told,) = verdicts_on(wallet, cancel_of("r2"))
            assert isinstance(told, Undecided)
            assert told.why is Why.AWAY
        server.start()
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            assert outcomes(wallet, cancel_of("r1"), cancel_of("r2")) == [Outcome.REVERSED] * 2
        assert casino.money()[0] == Decimal(10)

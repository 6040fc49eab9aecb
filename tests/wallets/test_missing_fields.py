"""What a provider's request leaves out, or says of the stake, with a wallet that is not the ledger;
and whether a decision is a repeat."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from examples.wallet_http.cancels import Cancels, Verdict
from tests.making import batch_of, cancel_of
from tests.wallets.contract import Casino, decide, outcomes
from tests.wallets.service import Service, wallet_at
from tests.wallets.sql_casino import SqlCasino, run_sql
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.decided import FIRST, read_decided
from unbet.journal.outcomes import find_outcomes
from unbet.journal.parking import park
from unbet.wallets.chosen import wallet_for
from unbet.wallets.http.request import body_of, calls_of, items_of
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.sql.scaffold import LateBets, scaffold
from unbet.wallets.sql.wallet import SqlWallet
from worker.sweep import Sweep

NOTHING: dict[str, Any] = {"user_id": None, "currency": None}


class UnsaidContract:
    """Of each wallet that is not the ledger: it has `wallet` and `casino`."""

    @pytest.mark.parametrize(
        "said", [{"user_id": None}, {"currency": None}, NOTHING, {**NOTHING, "amount": "4.000"}]
    )
    def test_what_is_not_said_is_the_bets_own(
        self, wallet: Wallet, casino: Casino, said: dict[str, Any]
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        (first,) = decide(wallet, cancel_of("r1", **said))
        assert (first.outcome, first.cash) == (Outcome.REVERSED, Decimal(10))
        (again,) = decide(wallet, cancel_of("r1", **said))
        assert (again.outcome, again.cash) == (Outcome.REVERSED, Decimal(10))
        assert casino.money()[0] == Decimal(10)

    @pytest.mark.parametrize(
        ("said", "outcome"),
        [
            ({"user_id": "mallory", "currency": None}, Outcome.MISMATCH),
            ({"user_id": None, "currency": "USD"}, Outcome.CURRENCY_MISMATCH),
            ({**NOTHING, "amount": "4.000000000000000001"}, Outcome.AMOUNT_MISMATCH),
            ({"user_id": "mallory", "amount": "5"}, Outcome.MISMATCH),
            ({"currency": "USD", "amount": "5"}, Outcome.CURRENCY_MISMATCH),
        ],
    )
    def test_what_is_said_is_compared_and_a_mismatch_binds_nothing(
        self, wallet: Wallet, casino: Casino, said: dict[str, Any], outcome: Outcome
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        for expected in (Decimal(6), Decimal(10)):
            (wrong,) = decide(wallet, cancel_of("r1", **said))
            assert (wrong.outcome, wrong.cash, wrong.transfer_id) == (outcome, None, None)
            assert not wrong.replayed
            assert casino.money()[0] == expected
            decide(wallet, cancel_of("r1"))

    def test_repeats_are_said_and_the_same_request_again_is_none(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        first, second = cancel_of("r1"), cancel_of("r1")
        assert [one.replayed for one in decide(wallet, first)] == [False]
        # Its reply was lost, and it is sent again.
        assert [one.replayed for one in decide(wallet, first)] == [False]
        assert [one.replayed for one in decide(wallet, second)] == [True]
        assert [one.replayed for one in decide(wallet, cancel_of("r2"))] == [False]
        assert [one.replayed for one in decide(wallet, cancel_of("r2"))] == [True]


class LateBetContract:
    """Of those that close an unknown bet whatever its cancel says."""

    @pytest.mark.parametrize("said", [{"user_id": None}, {"currency": None}, NOTHING])
    def test_the_late_bet_is_refused(
        self, wallet: Wallet, casino: Casino, said: dict[str, Any]
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1", **said)) == [Outcome.NO_BET]
        assert not casino.bet("r1", "4.00")
        assert casino.money()[0] == Decimal(10)
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]


class TestSql(UnsaidContract, LateBetContract):
    @pytest.fixture
    def wallet(self, sql_wallet: SqlWallet) -> Wallet:
        return sql_wallet

    @pytest.fixture
    def casino(self, sql_casino: SqlCasino) -> Casino:
        return sql_casino


class TestHttp(Service, UnsaidContract, LateBetContract):
    @pytest.fixture
    def wallet(self, port: int, worker_engine: Engine) -> Iterator[Wallet]:
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            yield RecordedWallet(worker_engine, wallet, "http")


class _SaysNothingOfRepeats(Cancels):
    def verdict(self, *arguments: Any) -> Verdict:
        return super().verdict(*arguments)._replace(replayed=None)  # type: ignore[arg-type]


class TestHttpThatSaysNothingOfRepeats(TestHttp):
    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> Cancels:
        return _SaysNothingOfRepeats(casino_engine)


class TestScaffoldByReferences(UnsaidContract):
    @pytest.fixture
    def wallet(self, sql_wallet: SqlWallet) -> Wallet:
        return sql_wallet

    @pytest.fixture
    def casino(self, database_url: str, sql_casino: SqlCasino) -> Casino:
        run_sql(database_url, scaffold("users", "transactions", LateBets.REFERENCES))
        return sql_casino


class TestScaffoldByLock(UnsaidContract):
    @pytest.fixture
    def wallet(self, sql_wallet: SqlWallet) -> Wallet:
        return sql_wallet

    @pytest.fixture
    def casino(self, database_url: str, sql_casino: SqlCasino) -> Casino:
        run_sql(database_url, scaffold("users", "transactions", LateBets.LOCK))
        return sql_casino


def test_by_the_players_lock_an_unknown_bet_of_nobody_is_not_decided(
    database_url: str, sql_casino: SqlCasino, sql_wallet: SqlWallet
) -> None:
    run_sql(database_url, scaffold("users", "transactions", LateBets.LOCK))
    (verdicts,) = sql_wallet.cancel([cancel_of("r1", user_id=None)], float("inf"))
    assert "names no player" in verdicts[0].detail  # type: ignore[union-attr]
    sql_casino.deposit("10.00")
    assert sql_casino.bet("r1", "4.00")
    assert outcomes(sql_wallet, cancel_of("r1", user_id=None)) == [Outcome.REVERSED]


def test_a_parked_one_that_is_swept_is_a_repeat_if_another_was_decided_before(
    sql_casino: SqlCasino, sql_wallet: SqlWallet, worker_engine: Engine
) -> None:
    sql_casino.deposit("10.00")
    for reference in ("r1", "r2"):
        sql_casino.bet(reference, "4.00")
    first, again = cancel_of("r1"), cancel_of("r2")
    outcomes(sql_wallet, cancel_of("r2"))
    with sql_casino.engine.begin() as connection:
        park(connection, [first, again], reason="test")
    Sweep(worker_engine, wallet_for("sql", worker_engine, hold_unknown=False, parked=True)).round()
    with sql_casino.engine.connect() as connection:
        found = {d.request_id: d.replayed for d in find_outcomes(connection, [first, again])}
    assert (found[first.request_id], found[again.request_id]) == (False, True)


def test_the_journal_knows_what_was_said_and_asks_again_so(
    sql_casino: SqlCasino, sql_wallet: SqlWallet
) -> None:
    asked = batch_of("r1", "r2", user_id=None, currency=None, amount="4.00")
    outcomes(sql_wallet, *asked)
    with sql_casino.engine.connect() as connection:
        said = connection.execute(text("SELECT batch, amount FROM unbet.requests"))
        assert [*map(tuple, said)] == [(one.batch, Decimal(4)) for one in asked]
        recorded = read_decided(connection, "sql", after=FIRST, without=(), most=9)
    assert [one.cancel for one in recorded] == asked


class TestRequest:
    def asked(self, cancels: Sequence[Cancel]) -> list[dict[str, Any]]:
        return json.loads(body_of(items_of(cancels)))  # type: ignore[no-any-return]

    def test_what_is_said_is_there_and_what_is_not_is_null_or_not_there(self) -> None:
        (plain,) = self.asked([cancel_of("r1")])
        assert not {"amount", "batch"} & plain.keys()
        (said,) = batch_of("r1", user_id=None, currency=None, amount="0.000000000000000001")
        (document,) = self.asked([said])
        assert (document["player"], document["currency"]) == (None, None)
        assert document["amount"] == "0.000000000000000001"
        assert document["batch"] == str(said.batch)

    def test_only_what_says_the_same_is_asked_once(self) -> None:
        cancels = [
            *[cancel_of("r1"), cancel_of("r1"), cancel_of("r1", amount="1")],
            *[cancel_of("r1", amount="1.00"), cancel_of("r1", amount="2.00")],
            *[cancel_of("r1", user_id=None), cancel_of("r1", currency=None)],
        ]
        items = items_of(cancels)
        assert sorted(len(item.alike) for item in items) == [1, 1, 1, 2, 2]
        # One bet is in one call once.
        assert [len(call) for call in calls_of(items, 64)] == [1] * 5

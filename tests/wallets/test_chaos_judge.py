"""The chaos run's checker judges a wallet by its own rows: content with what is right, blind to no
kind of violation."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from testbed.chaos.check_result import Kind
from testbed.chaos.checker import Judged
from testbed.chaos.wallets import http, sql
from testbed.provider import Sent, Win
from tests.judging import NOON, attempts, bet, cancel, check, sent
from tests.making import cancel_of
from tests.wallets.contract import Casino, decide
from tests.wallets.service import Service, wallet_at
from tests.wallets.sql_casino import SqlCasino
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.sql.wallet import SqlWallet

OPENING = "1000000.00"
"""What the chaos run gives each player."""


def play(wallet: Wallet, casino: Casino) -> list[Sent]:
    """A casino's day, and the provider's log of it."""
    for reference in ("given back", "not hers", "standing", "won"):
        assert casino.bet(reference, "10.00")
    assert not casino.bet("too much", "2000000.00")
    casino.settle("won", "25.00")
    decide(
        wallet,
        *(cancel_of(reference) for reference in ("given back", "unknown", "too much", "won")),
        cancel_of("not hers", user_id="mallory"),
        cancel_of("standing", currency="USD"),
    )
    decide(wallet, cancel_of("not hers"))
    return [
        bet("given back", None, 0),
        cancel("given back", 100, 0),
        cancel("unknown", 0),
        bet("unknown", 120, at=NOON + timedelta(seconds=9)),
        bet("too much", 1),
        cancel("too much", 0),
        bet("won", 0),
        sent(Win(reference="won", amount=Decimal("25.00")), attempts(0)),
        cancel("won", 120),
        bet("not hers", 0),
        cancel("not hers", 7, user_id="mallory"),
        cancel("not hers", 0),
        bet("standing", 0),
        cancel("standing", 2, currency="USD"),
    ]


def found(judged: Judged, log: list[Sent]) -> set[Kind]:
    return {kind for kind, lines in check(log, judged).violations.items() if lines}


def tamper(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


class TestHttp(Service):
    @pytest.fixture
    def judged(self, engine: Engine, casino_engine: Engine) -> Judged:
        return Judged(engine, casino_engine, http.ROWS, has_audit=False)

    @pytest.fixture
    def log(self, port: int, worker_engine: Engine, casino: Casino) -> Iterator[list[Sent]]:
        casino.deposit(OPENING)
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            yield play(RecordedWallet(worker_engine, wallet, "http"), casino)

    def test_a_run_in_which_all_went_well_is_clean(self, judged: Judged, log: list[Sent]) -> None:
        assert dict(check(log, judged).violations) == {}

    @pytest.mark.parametrize(
        ("statements", "kinds"),
        [
            (
                (
                    "ALTER TABLE casino.movements DROP CONSTRAINT"
                    " movements_kind_provider_reference_key",
                    "INSERT INTO casino.movements (kind, provider, reference, player, currency,"
                    " cash, bonus) SELECT kind, provider, reference, player, currency, cash, bonus"
                    " FROM casino.movements WHERE kind = 'refund' AND reference = 'given back'",
                    "UPDATE casino.balances SET cash = cash + 10",
                ),
                {Kind.DOUBLED, Kind.MONEY},
            ),
            (
                (
                    "UPDATE casino.movements SET cash = 2 * cash WHERE kind = 'refund'",
                    "UPDATE casino.balances SET cash = cash + 20",
                ),
                {Kind.DOUBLED, Kind.MONEY},
            ),
            (("UPDATE casino.balances SET cash = cash - 0.01",), {Kind.MONEY}),
            (("DELETE FROM casino.movements WHERE kind = 'refund'",), {Kind.MONEY}),
            (
                (
                    "UPDATE casino.bets SET state = 'placed', outcome = NULL"
                    " WHERE reference = 'given back'",
                ),
                {Kind.LATE_DEBIT, Kind.MONEY, Kind.CONTRADICTION},
            ),
            (
                ("DELETE FROM casino.bets WHERE reference = 'unknown'",),
                {Kind.UNCOMMITTED, Kind.CONTRADICTION},
            ),
            (
                ("UPDATE casino.bets SET outcome = NULL WHERE reference = 'unknown'",),
                {Kind.LOST},
            ),
        ],
        ids=["twice", "too much", "money gone", "no refund", "stands", "no trace", "no outcome"],
    )
    def test_what_is_wrong_in_its_rows_is_found(
        self,
        judged: Judged,
        log: list[Sent],
        casino_engine: Engine,
        statements: tuple[str, ...],
        kinds: set[Kind],
    ) -> None:
        tamper(casino_engine, *statements)
        assert found(judged, log) == kinds

    def test_a_journal_that_says_what_the_wallet_does_not_is_found(
        self, judged: Judged, log: list[Sent]
    ) -> None:
        tamper(judged.journal, "ALTER TABLE unbet.requests DISABLE TRIGGER ALL")
        tamper(
            judged.journal,
            "UPDATE unbet.requests SET outcome = 'no_bet' WHERE reference = 'given back'",
        )
        assert found(judged, log) == {Kind.CONTRADICTION}


class TestSql:
    @pytest.fixture
    def judged(self, engine: Engine) -> Judged:
        return Judged(engine, engine, sql.ROWS, has_audit=False)

    @pytest.fixture
    def log(self, sql_casino: SqlCasino, sql_wallet: SqlWallet) -> list[Sent]:
        sql_casino.deposit(OPENING)
        return play(sql_wallet, sql_casino)

    def test_a_run_in_which_all_went_well_is_clean(self, judged: Judged, log: list[Sent]) -> None:
        assert dict(check(log, judged).violations) == {}

    @pytest.mark.parametrize(
        ("statements", "kinds"),
        [
            (("UPDATE users SET cash = cash + 10",), {Kind.MONEY}),
            (
                (
                    "DROP INDEX transactions_once",
                    "INSERT INTO transactions (provider, reference, user_id, currency, status,"
                    " cancel_outcome) SELECT provider, reference, user_id, currency, status,"
                    " cancel_outcome FROM transactions WHERE reference = 'unknown'",
                ),
                {Kind.DOUBLED},
            ),
            (
                (
                    "UPDATE transactions SET status = 'placed', cancel_outcome = NULL"
                    " WHERE reference = 'given back'",
                ),
                {Kind.LATE_DEBIT, Kind.MONEY, Kind.CONTRADICTION},
            ),
            (
                ("DELETE FROM transactions WHERE reference = 'unknown'",),
                {Kind.UNCOMMITTED, Kind.CONTRADICTION},
            ),
        ],
        ids=["money", "two rows", "stands", "no trace"],
    )
    def test_what_is_wrong_in_its_rows_is_found(
        self,
        judged: Judged,
        log: list[Sent],
        statements: tuple[str, ...],
        kinds: set[Kind],
    ) -> None:
        tamper(judged.wallet, *statements)
        assert found(judged, log) == kinds

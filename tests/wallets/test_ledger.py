"""The built-in ledger keeps what every wallet owes."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from tests.making import Operator, cancel_of
from tests.wallets.contract import Casino, WalletContract, outcomes, verdicts_on
from unbet import Status, connect_to
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.port import Undecided, Wallet, Why


class LedgerCasino:
    """As `Casino`; bets go through the library that an operator embeds."""

    def __init__(self, operator: Operator, player: str = "alice") -> None:
        self._operator = operator
        self._player = player

    def of(self, player: str) -> "LedgerCasino":
        return LedgerCasino(self._operator, player)

    def deposit(self, amount: str, *, bonus: bool = False) -> None:
        self._operator.deposit(amount, bonus=bonus, user_id=self._player)

    def bet(self, reference: str, amount: str) -> bool:
        result = self._operator.bet(reference, amount, user_id=self._player)
        return result.status is Status.DONE

    def settle(self, reference: str, amount: str) -> None:
        self._operator.settle(reference, amount)

    def freeze(self) -> None:
        self._operator.freeze(self._player)

    def money(self) -> tuple[Decimal, Decimal]:
        balance = self._operator.balance(self._player)
        return balance.cash, balance.bonus


class TestLedgerWallet(WalletContract):
    @pytest.fixture
    def wallet(self, engine: Engine) -> Wallet:
        return LedgerWallet(engine)

    @pytest.fixture
    def casino(self, operator: Operator) -> Casino:
        return LedgerCasino(operator)

    @pytest.fixture
    def wallet_that_is_away(self) -> Iterator[Wallet]:
        nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
        yield LedgerWallet(nowhere)
        nowhere.dispose()


def test_its_journal_is_written_in_the_transaction_that_decides(engine: Engine) -> None:
    cancel = cancel_of("r1")
    assert LedgerWallet.abilities.keeps_journal
    assert outcomes(LedgerWallet(engine), cancel) == [Outcome.NO_BET]
    with engine.connect() as connection:
        recorded = text("SELECT outcome, xmin::text FROM unbet.requests WHERE request_id = :id")
        told = text("SELECT outcome, xmin::text FROM unbet_ledger.bets WHERE reference = 'r1'")
        record = connection.execute(recorded, {"id": cancel.request_id}).one()
        assert record == connection.execute(told).one()


def test_what_another_transaction_holds_is_busy_and_the_others_are_decided(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    for reference in ("held", "free"):
        operator.bet(reference, "1.00")
    wallet = LedgerWallet(engine, lock_wait_s=0.0)
    with engine.connect() as holder:
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(
            text("SELECT FROM unbet_ledger.bets WHERE reference = 'held' FOR NO KEY UPDATE")
        )
        told = verdicts_on(wallet, cancel_of("held"), cancel_of("free"))
    busy = [one for one in told if isinstance(one, Undecided)]
    assert [(one.cancel.reference, one.why) for one in busy] == [("held", Why.BUSY)]


def test_it_gives_up_by_its_deadline() -> None:
    nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
    began = time.monotonic()
    with pytest.raises(Exception, match="refused"):
        list(LedgerWallet(nowhere).cancel([cancel_of("r1")], began + 1.0))
    assert time.monotonic() - began < 3.0
    nowhere.dispose()

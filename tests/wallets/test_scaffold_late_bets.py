"""Each variant of `unbet wallet scaffold` keeps what a wallet owes, with a Bet as it wants one: of
a bet and its cancel that race one sees the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from tests.making import cancel_of
from tests.wallets.contract import Casino, WalletContract, outcomes
from tests.wallets.sql_casino import SqlCasino, install, run_sql
from unbet import connect_to
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Wallet
from unbet.wallets.sql.scaffold import LateBets, scaffold
from unbet.wallets.sql.wallet import SqlWallet

RACES = 200


def install_variant(database_url: str, variant: LateBets) -> None:
    install(database_url, function=scaffold("users", "transactions", variant))
    own_bets = Path(__file__).with_name(f"bets_{variant}.sql")
    if own_bets.exists():
        run_sql(database_url, own_bets.read_text())


class TestVariants(WalletContract):
    @pytest.fixture(params=LateBets)
    def casino(self, request: pytest.FixtureRequest, database_url: str, engine: Engine) -> Casino:
        install_variant(database_url, request.param)
        return SqlCasino(engine)

    @pytest.fixture
    def wallet(self, casino: Casino, sql_wallet: SqlWallet) -> Wallet:
        del casino  # is there first
        return sql_wallet

    @pytest.fixture
    def wallet_that_is_away(self) -> Iterator[Wallet]:
        nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
        yield SqlWallet(nowhere)
        nowhere.dispose()

    def test_many_bets_that_race_their_cancels_leave_the_money_as_it_was(
        self, casino: Casino, wallet: Wallet
    ) -> None:
        casino.deposit("10.00")
        with ThreadPoolExecutor(2) as pool:
            for number in range(RACES):
                together = Barrier(2)

                def bet(reference: str, together: Barrier = together) -> bool:
                    together.wait()
                    return casino.bet(reference, "1.00")

                taken = pool.submit(bet, f"r{number}")
                together.wait()
                (told,) = outcomes(wallet, cancel_of(f"r{number}"))
                assert told is (Outcome.REVERSED if taken.result() else Outcome.NO_BET)
        assert casino.money()[0] == Decimal(10)

    def test_installed_again_it_changes_nothing(
        self, request: pytest.FixtureRequest, casino: Casino, wallet: Wallet, database_url: str
    ) -> None:
        casino.deposit("10.00")
        assert casino.bet("r1", "4.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        variant = request.node.callspec.params["casino"]
        run_sql(database_url, scaffold("users", "transactions", variant))
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        assert casino.money()[0] == Decimal(10)

    def test_another_players_cancel_of_an_unknown_bet_does_not_take_the_owners_place(
        self, casino: Casino, wallet: Wallet
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1", user_id="mallory")) == [Outcome.NO_BET]
        taken = casino.bet("r1", "4.00")
        told = outcomes(wallet, cancel_of("r1"))
        assert told == [Outcome.REVERSED if taken else Outcome.NO_BET]
        assert casino.money()[0] == Decimal(10)

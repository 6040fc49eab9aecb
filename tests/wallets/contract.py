"""What every wallet owes the house, tried on real servers. An adapter's tests inherit it and say
how its operator takes bets."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Protocol

import pytest

from tests.making import cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.port import Decided, Undecided, Verdict, Wallet, Why

LIMIT_S = 5.0
RACES = 20
EXACT = "0.000000000000000001"
"""Eighteen decimals."""
SPELLINGS = ("Ref-1", "ref-1", "REF-1", "ref-1 ", "r\u0435f-1")
"""Five references: the last has a Cyrillic letter."""


class Casino(Protocol):
    """The operator's side of the wallet: what happens to a bet before and after its cancel."""

    def deposit(self, amount: str, *, bonus: bool = False) -> None: ...

    def bet(self, reference: str, amount: str) -> bool:
        """Whether it was taken; refused for want of money or as cancelled otherwise."""
        ...

    def settle(self, reference: str, amount: str) -> None: ...

    def freeze(self) -> None: ...

    def money(self) -> tuple[Decimal, Decimal]:
        """The player's cash and bonus."""
        ...


def verdicts_on(wallet: Wallet, *cancels: Cancel) -> list[Verdict]:
    """What the wallet says of `cancels`, each once."""
    deadline = time.monotonic() + LIMIT_S
    told = [one for part in wallet.cancel(cancels, deadline) for one in part]
    assert len(told) == len(cancels)
    return told


def decide(wallet: Wallet, *cancels: Cancel) -> list[Decision]:
    """Their decisions, in the order of `cancels`."""
    told = verdicts_on(wallet, *cancels)
    decided = {one.decision.request_id: one.decision for one in told if isinstance(one, Decided)}
    return [decided[cancel.request_id] for cancel in cancels]


def outcomes(wallet: Wallet, *cancels: Cancel) -> list[Outcome]:
    return [decision.outcome for decision in decide(wallet, *cancels)]


class WalletContract:
    """The tests. Alice, whom the casino's calls are about, has an account in EUR."""

    @pytest.fixture
    def wallet(self) -> Wallet:
        raise NotImplementedError

    @pytest.fixture
    def casino(self) -> Casino:
        raise NotImplementedError

    @pytest.fixture
    def wallet_that_is_away(self) -> Wallet:
        raise NotImplementedError

    def test_a_bet_that_stands_is_given_back(self, wallet: Wallet, casino: Casino) -> None:
        casino.deposit("10.00")
        assert casino.bet("r1", "4.00")
        (decision,) = decide(wallet, cancel_of("r1"))
        assert decision.outcome is Outcome.REVERSED
        assert casino.money() == (Decimal(10), Decimal(0))
        if wallet.abilities.tells_cash:
            assert decision.cash == Decimal(10)

    def test_a_repeated_cancel_is_told_the_same_and_moves_nothing(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        first = outcomes(wallet, cancel_of("r1"))
        casino.bet("r2", "5.00")
        for uuid in ("0" * 32, "another"):
            assert outcomes(wallet, cancel_of("r1", uuid=uuid)) == first
        assert casino.money()[0] == Decimal(5)

    def test_cancels_of_one_bet_at_once_give_it_back_once(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        together = Barrier(4)

        def ask(_: int) -> list[Outcome]:
            together.wait()
            return outcomes(wallet, cancel_of("r1"), cancel_of("r1"))

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(ask, range(4)))
        assert told == [[Outcome.REVERSED] * 2] * 4
        assert casino.money()[0] == Decimal(10)

    def test_an_unknown_bet_is_no_bet_and_is_refused_when_it_comes(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
        if wallet.abilities.closes_unknown:
            assert not casino.bet("r1", "4.00")
            assert casino.money()[0] == Decimal(10)
            assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]

    def test_a_bet_and_its_cancel_that_race_leave_the_money_as_it_was(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        if not wallet.abilities.closes_unknown:
            pytest.skip("such a wallet's late bets are looked for afterwards")
        casino.deposit("10.00")
        for number in range(RACES):
            together = Barrier(2)

            def bet(reference: str, together: Barrier = together) -> bool:
                together.wait()
                return casino.bet(reference, "1.00")

            def cancel(reference: str, together: Barrier = together) -> list[Outcome]:
                together.wait()
                return outcomes(wallet, cancel_of(reference))

            with ThreadPoolExecutor(2) as pool:
                taken = pool.submit(bet, f"r{number}")
                (told,) = pool.submit(cancel, f"r{number}").result()
                assert told is (Outcome.REVERSED if taken.result() else Outcome.NO_BET)
            assert casino.money()[0] == Decimal(10)

    @pytest.mark.parametrize(
        ("wrong", "outcome"),
        [
            ({"user_id": "mallory"}, Outcome.MISMATCH),
            ({"currency": "USD"}, Outcome.CURRENCY_MISMATCH),
        ],
    )
    def test_a_wrong_cancel_binds_nobody(
        self, wallet: Wallet, casino: Casino, wrong: dict[str, str], outcome: Outcome
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        assert outcomes(wallet, cancel_of("r1", **wrong)) == [outcome]
        assert casino.money()[0] == Decimal(6)
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        assert casino.money()[0] == Decimal(10)

    def test_a_settled_bet_stays_settled(self, wallet: Wallet, casino: Casino) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        casino.settle("r1", "7.00")
        assert outcomes(wallet, cancel_of("r1"), cancel_of("r1")) == [Outcome.SETTLED] * 2
        assert casino.money()[0] == Decimal(13)

    def test_a_refused_bet_has_nothing_to_give_back(self, wallet: Wallet, casino: Casino) -> None:
        casino.deposit("1.00")
        assert not casino.bet("r1", "4.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.BET_REFUSED]
        assert casino.money()[0] == Decimal(1)

    def test_a_split_stake_returns_to_where_it_came_from(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("3.00")
        casino.deposit("5.00", bonus=True)
        assert casino.bet("r1", "4.00")
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        assert casino.money() == (Decimal(3), Decimal(5))

    def test_the_last_of_eighteen_decimals_comes_back(self, wallet: Wallet, casino: Casino) -> None:
        casino.deposit("1.000000000000000003")  # no float is so exact
        before = casino.money()[0]
        assert casino.bet("r1", EXACT)
        assert casino.money()[0] == before - Decimal(EXACT)
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        assert casino.money()[0] == before

    def test_references_are_the_same_byte_by_byte_or_not_at_all(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        casino.deposit("15.00")
        for number, reference in enumerate(SPELLINGS, 1):
            assert casino.bet(reference, f"{number}.00")
        assert outcomes(wallet, cancel_of(SPELLINGS[1])) == [Outcome.REVERSED]
        # So much is the stake of that one only.
        assert casino.money()[0] == Decimal(2)

    def test_a_frozen_players_bet_is_given_back(self, wallet: Wallet, casino: Casino) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        casino.freeze()
        assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
        assert casino.money()[0] == Decimal(10)

    def test_as_many_as_it_takes_together_are_each_decided(
        self, wallet: Wallet, casino: Casino
    ) -> None:
        count = wallet.abilities.max_together
        casino.deposit(f"{count}.00")
        references = [f"r{number}" for number in range(count)]
        for reference in references[::2]:
            casino.bet(reference, "1.00")
        told = outcomes(wallet, *map(cancel_of, references))
        assert told == [Outcome.REVERSED, Outcome.NO_BET] * (count // 2)
        assert casino.money()[0] == Decimal(count)

    def test_a_wallet_that_is_away_decides_nothing_and_says_so(
        self, wallet_that_is_away: Wallet
    ) -> None:
        try:
            told: Sequence[Verdict] = verdicts_on(wallet_that_is_away, cancel_of("r1"))
        except LedgerAwayError:
            return
        assert all(isinstance(one, Undecided) and one.why is Why.AWAY for one in told)

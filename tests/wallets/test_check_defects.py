"""`unbet wallet check` is red on each of the faults that have been seen in operators' wallets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels
from testbed.rules import Result, RuleStatus
from testbed.wallet.wallets import Wallets
from tests.wallets import defects
from tests.wallets.checking import operator_on, result_of
from tests.wallets.service import Service, serving, wallet_at
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet

STANDS = "a bet that stands is given back before success is told"
SAME = "the same cancel again is told the same"
ANOTHER = "another rollback of the bet pays nothing more"
RACED = "a bet that races its cancel costs nothing"
LATE = "a late bet is refused"
WRONG = "another player's cancel binds nobody"
FROZEN = "a frozen player's stake is given back"
SPLIT = "a split stake goes back where it came from"
DECIMALS = "the last decimal comes back"
ALIKE = "a reference that looks alike is another bet's"
STOPPED = "stopped in the middle, it has done all or nothing"
BESIDE = "a cancel beside another movement loses neither"
CONFLICT = "a decided key with other contents is no error"

SEEN: list[tuple[int, type[Cancels], str]] = [
    (1, defects.KeySpentFirst, SAME),
    (2, defects.MovesLater, STANDS),
    (3, defects.LooksBeforeTheLock, RACED),
    (4, defects.PaysEachRequest, ANOTHER),
    (5, defects.CreditsThenMarks, STOPPED),
    (6, defects.MarksThenCredits, STOPPED),
    (7, defects.FailureIsNotFound, STOPPED),
    (9, defects.ChecksAfterCredit, SAME),
    (10, defects.NoTombstone, LATE),
    (11, Cancels, LATE),  # the bet's fault
    (12, defects.RefusesTheFrozen, FROZEN),
    (13, defects.AllToCash, SPLIT),
    (14, defects.AddsInTheApplication, BESIDE),
    (15, defects.ErrorForTheRepeat, SAME),
    (16, defects.SpellsAlike, ALIKE),
    (17, defects.Floats, DECIMALS),
    (18, defects.KeepsTheDenial, WRONG),
    (19, defects.ConflictIsAnError, CONFLICT),
    (20, defects.Empty, STANDS),
]

BETS = {11: defects.PlaysForNothing, 16: defects.SpellsAlikeBets}
"""Whose bets have a part in it."""

Run = Callable[[int, type[Cancels], str], Result]


class TestDefects(Service):
    @pytest.fixture
    def run(self, casino_engine: Engine, engine: Engine) -> Run:
        """What becomes of one rule on such a wallet."""

        def run(number: int, kind: type[Cancels], name: str) -> Result:
            cancels = kind(casino_engine)
            bets: Any = BETS.get(number, Bets)
            if isinstance(cancels, defects.LooksBeforeTheLock):
                bets = partial(defects.LooksBeforeTheLockBets, cancels)
            with operator_on(casino_engine, bets) as operator, _wallets(cancels, engine) as wallets:
                return result_of(name, wallets, operator)

        return run

    @pytest.mark.parametrize(
        ("number", "kind", "name"), SEEN, ids=[f"{number}" for number, *_ in SEEN]
    )
    def test_each_turns_its_rule_red(
        self, number: int, kind: type[Cancels], name: str, run: Run
    ) -> None:
        assert run(number, kind, name).status is RuleStatus.BROKEN

    @pytest.mark.parametrize("name", sorted({name for _, _, name in SEEN}))
    def test_the_rule_is_green_on_the_example_run_in_the_same_way(
        self, name: str, run: Run
    ) -> None:
        result = run(0, Cancels, name)
        assert (result.status, result.faults) == (RuleStatus.KEPT, [])

    @pytest.mark.parametrize(
        ("kind", "status"),
        [(defects.DrawsKeys, RuleStatus.BROKEN), (defects.DerivesKeys, RuleStatus.KEPT)],
        ids=["8", "8, without the fault"],
    )
    def test_an_adapter_that_draws_its_keys_turns_it_red(
        self,
        kind: type[defects.DrawsKeys],
        status: RuleStatus,
        casino_engine: Engine,
        engine: Engine,
    ) -> None:
        payments = defects.KeyedPayments(casino_engine)
        wallets = Wallets(engine, lambda: RecordedWallet(engine, kind(payments), "keys"))
        with operator_on(casino_engine) as operator:
            assert result_of(SAME, wallets, operator).status is status


@contextmanager
def _wallets(cancels: Cancels, engine: Engine) -> Iterator[Wallets]:
    with ExitStack() as held:
        port = held.enter_context(serving(cancels))

        def make() -> Wallet:
            wallet = held.enter_context(wallet_at(f"http://127.0.0.1:{port}"))
            return RecordedWallet(engine, wallet, "http")

        yield Wallets(engine, make)

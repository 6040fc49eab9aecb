"""The contract is red on each of the faults that have been seen in operators' wallets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from inspect import signature
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine

from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels
from tests.wallets import defects
from tests.wallets.contract import WalletContract
from tests.wallets.contract_midway import MidwayContract
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import Service, serving, wallet_at
from unbet.core.outcomes import Outcome


class Contract(WalletContract, MidwayContract):
    __test__ = False


STANDS = "test_a_bet_that_stands_is_given_back"
REPEATED = "test_a_repeated_cancel_is_told_the_same_and_moves_nothing"
RACED = "test_a_bet_and_its_cancel_that_race_leave_the_money_as_it_was"
UNKNOWN = "test_an_unknown_bet_is_no_bet_and_is_refused_when_it_comes"
WRONG = "test_a_wrong_cancel_binds_nobody"
FROZEN = "test_a_frozen_players_bet_is_given_back"
SPLIT = "test_a_split_stake_returns_to_where_it_came_from"
DECIMALS = "test_the_last_of_eighteen_decimals_comes_back"
SPELLING = "test_references_are_the_same_byte_by_byte_or_not_at_all"
MIDWAY = "test_wherever_it_fails_the_money_moves_once_when_it_is_asked_again"
BESIDE = "test_a_cancel_beside_another_movement_loses_neither"

WITHIN: dict[str, dict[str, Any]] = {
    WRONG: {"wrong": {"user_id": "mallory"}, "outcome": Outcome.MISMATCH}
}
"""What the contract's tests are told besides."""

SEEN: list[tuple[int, type[Cancels], str]] = [
    (1, defects.KeySpentFirst, REPEATED),
    (2, defects.MovesLater, STANDS),
    (3, defects.LooksBeforeTheLock, RACED),
    (4, defects.PaysEachRequest, REPEATED),
    (5, defects.CreditsThenMarks, MIDWAY),
    (6, defects.MarksThenCredits, MIDWAY),
    (7, defects.FailureIsNotFound, MIDWAY),
    (8, defects.NewKeyEachTry, REPEATED),
    (9, defects.ChecksAfterCredit, REPEATED),
    (10, defects.NoTombstone, UNKNOWN),
    (11, Cancels, UNKNOWN),  # the bet's fault
    (12, defects.RefusesTheFrozen, FROZEN),
    (13, defects.AllToCash, SPLIT),
    (14, defects.AddsInTheApplication, BESIDE),
    (15, defects.ErrorForTheRepeat, REPEATED),
    (16, defects.SpellsAlike, SPELLING),
    (17, defects.Floats, DECIMALS),
    (18, defects.KeepsTheDenial, WRONG),
    (19, defects.ConflictIsAnError, WRONG),
    (20, defects.Empty, STANDS),
]


class TestDefects(Service):
    @pytest.fixture
    def run(self, casino_engine: Engine) -> Callable[[int, type[Cancels], str], None]:
        """Runs one of the contract's tests on such a wallet."""

        def run(number: int, kind: type[Cancels], name: str) -> None:
            cancels = kind(casino_engine)
            with _behind_the_adapter(cancels) as wallet:
                casino = PlayersCasino(_bets_of(number, cancels))
                if isinstance(cancels, defects.AddsInTheApplication):
                    cancels.has_read = _deposited_meanwhile(casino)
                test = getattr(Contract(), name)
                given = {"wallet": wallet, "casino": casino, "casino_engine": casino_engine}
                wanted = signature(test).parameters.keys()
                test(**{k: v for k, v in (given | WITHIN.get(name, {})).items() if k in wanted})

        return run

    @pytest.mark.parametrize(
        ("number", "kind", "name"), SEEN, ids=[f"{number}" for number, *_ in SEEN]
    )
    def test_each_turns_the_contract_red(
        self,
        number: int,
        kind: type[Cancels],
        name: str,
        run: Callable[[int, type[Cancels], str], None],
    ) -> None:
        # A KeyError says that a cancel has no decision, where one is owed.
        with pytest.raises((AssertionError, KeyError)):
            run(number, kind, name)

    @pytest.mark.parametrize("name", sorted({name for _, _, name in SEEN}))
    def test_it_is_green_on_the_example_run_in_the_same_way(
        self, name: str, run: Callable[[int, type[Cancels], str], None]
    ) -> None:
        run(0, Cancels, name)


@contextmanager
def _behind_the_adapter(cancels: Cancels) -> Iterator[object]:
    with ExitStack() as held:
        port = held.enter_context(serving(cancels))
        yield held.enter_context(wallet_at(f"http://127.0.0.1:{port}"))


def _bets_of(number: int, cancels: Cancels) -> Bets:
    if isinstance(cancels, defects.LooksBeforeTheLock):
        return defects.LooksBeforeTheLockBets(cancels)
    if isinstance(cancels, defects.SpellsAlike):
        return defects.SpellsAlikeBets(cancels.engine)
    if number == 11:
        return defects.PlaysForNothing(cancels.engine)
    return Bets(cancels.engine)


def _deposited_meanwhile(casino: PlayersCasino) -> Callable[[], object]:
    """The deposit that the contract makes beside the cancel comes when that has read."""
    deposit, done = casino.deposit, Event()

    def noted(amount: str, *, bonus: bool = False) -> None:
        deposit(amount, bonus=bonus)
        done.set()

    casino.deposit = noted  # type: ignore[method-assign]

    def wait() -> None:
        done.clear()
        done.wait(timeout=0.2)

    return wait

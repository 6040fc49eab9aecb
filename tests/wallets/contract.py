"""What every wallet owes the house, tried on real servers by the rules of `unbet wallet check`. An
adapter's tests inherit it and say how its operator takes bets."""

import secrets
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Protocol

import pytest
from sqlalchemy import Engine

from testbed.provider import Player
from testbed.rules import NotTriedError, Result, RuleStatus
from testbed.wallet.bets import PlacedBets
from testbed.wallet.play import Limits
from testbed.wallet.playing import RULES, conduct
from testbed.wallet.wallets import Wallets
from tests.making import PROVIDER, cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.ledger.operations import Balance
from unbet.wallets.port import Decided, Undecided, Verdict, Wallet, Why

LIMIT_S = 5.0
LIMITS: Final = Limits(decided_s=3.0, races=20)
NOT_OF_AN_ADAPTER: Final = {
    "the journal has what the wallet has decided",
    "stopped in the middle, it has done all or nothing",
}
"""Rules that need what is around an adapter; `test_check_command.py` tries them."""


class Casino(Protocol):
    """The operator's side of the wallet: what happens to a player's bet before and after its
    cancel. It is Alice's, with an account in EUR."""

    def of(self, player: str) -> "Casino":
        """The same for another player."""
        ...

    def deposit(self, amount: str, *, bonus: bool = False) -> None: ...

    def bet(self, reference: str, amount: str) -> bool:
        """Whether it was taken; refused for want of money or as cancelled otherwise."""
        ...

    def settle(self, reference: str, amount: str) -> None: ...

    def freeze(self) -> None: ...

    def money(self) -> tuple[Decimal, Decimal]:
        """The player's cash and bonus."""
        ...


class CasinoOperator:
    """A casino, as the kit wants an `Operator`."""

    def __init__(self, casino: Casino) -> None:
        self._casino = casino

    def player(self) -> Player:
        return Player(f"p-{secrets.token_hex(8)}", "EUR")

    def deposit(self, player: Player, amount: Decimal, *, bonus: bool = False) -> None:
        self._casino.of(player.user_id).deposit(format(amount, "f"), bonus=bonus)

    def bet(self, player: Player, reference: str, amount: Decimal) -> bool:
        return self._casino.of(player.user_id).bet(reference, format(amount, "f"))

    def settle(self, player: Player, reference: str, amount: Decimal) -> None:
        self._casino.of(player.user_id).settle(reference, format(amount, "f"))

    def freeze(self, player: Player) -> None:
        self._casino.of(player.user_id).freeze()

    def money(self, player: Player) -> Balance:
        cash, bonus = self._casino.of(player.user_id).money()
        return Balance(cash=cash, bonus=bonus)

    def interrupt(self) -> None:
        raise NotTriedError("a test's casino does not stop")


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


def results_of(wallet: Wallet, casino: Casino, engine: Engine, *names: str) -> list[Result]:
    """What becomes of the kit's rules of those names, or of all of an adapter's."""
    chosen = names or {rule.name for rule in RULES} - NOT_OF_AN_ADAPTER
    rules = [rule for rule in RULES if rule.name in chosen]
    assert len(rules) == len(chosen)
    wallets = Wallets(engine, lambda: wallet)
    bets = PlacedBets(CasinoOperator(casino))
    return conduct(wallets, bets, PROVIDER, rules, limits=LIMITS)


def require_kept(results: Sequence[Result]) -> None:
    """None is broken, and only the proxy's are not tried, or what the wallet does not claim."""
    assert [(one.rule.name, one.faults) for one in results if one.faults] == []
    kept = [one.rule.name for one in results if one.status is RuleStatus.KEPT]
    assert kept, "nothing was tried"


class WalletContract:
    """The tests."""

    @pytest.fixture
    def wallet(self) -> Wallet:
        raise NotImplementedError

    @pytest.fixture
    def casino(self) -> Casino:
        raise NotImplementedError

    @pytest.fixture
    def wallet_that_is_away(self) -> Wallet:
        raise NotImplementedError

    def test_it_keeps_every_rule_of_the_check(
        self, wallet: Wallet, casino: Casino, engine: Engine
    ) -> None:
        require_kept(results_of(wallet, casino, engine))

    def test_a_wallet_that_is_away_decides_nothing_and_says_so(
        self, wallet_that_is_away: Wallet
    ) -> None:
        try:
            told: Sequence[Verdict] = verdicts_on(wallet_that_is_away, cancel_of("r1"))
        except LedgerAwayError:
            return
        assert all(isinstance(one, Undecided) and one.why is Why.AWAY for one in told)

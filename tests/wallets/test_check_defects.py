"""`unbet wallet check` is red on each of the faults that have been seen in operators' wallets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from sqlalchemy import Engine

from examples.casino.database import engine_for
from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels
from examples.wallet_http.check_bets import end_sessions
from testbed.rules import Result, RuleStatus
from testbed.wallet.bets import PlacedBets
from testbed.wallet.faults import Fault
from testbed.wallet.playing import RULES, conduct
from testbed.wallet.proxy import Proxy
from testbed.wallet.wallets import Wallets
from tests.making import PROVIDER
from tests.wallets import defects
from tests.wallets.contract import LIMITS, CasinoOperator
from tests.wallets.players_casino import PlayersCasino
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
JOURNAL = "the journal has what the wallet has decided"
CONFLICT = "a decided key with other contents is no error"


class PlacedForNothing(Cancels):
    """11: its bets are at fault."""


def after(fault: Fault) -> str:
    """The rule of what a proxy does."""
    return f"one reversal, asked again after: {fault.value}"


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
    (11, PlacedForNothing, LATE),
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

OTHERS: list[tuple[type[Cancels], str]] = [
    (defects.CreditsThenMarks, "cancels at once give back once"),
    (defects.KeySpentFirst, "an unknown bet is no bet, each time"),
    (defects.GivesBackWhatIsOver, "a refused bet has nothing to give back"),
    (defects.GivesBackWhatIsOver, "a settled bet stays settled"),
    (defects.KeepsTheDenial, "a cancel in another currency binds nobody"),
    (defects.SpellsAlike, "a cancel closes no reference that looks alike"),
    (defects.KeySpentFirst, "the first decision is final"),
    (defects.OneForAll, "as many as it takes together are each decided"),
    (defects.ErrorForTheRepeat, "groups that cross each other are decided"),
    (defects.TellsTheCashOfNow, "cash is what the player has after the first decision"),
    (defects.NeverRepeats, "a repeat says that it is one"),
    (defects.ChecksAfterCredit, after(Fault.DROPPED)),
    (defects.ChecksAfterCredit, after(Fault.HALF)),
    (defects.CreditsThenMarks, after(Fault.DOUBLED)),
]
"""For the rules that none of those is for."""

BETS = {defects.SpellsAlike: defects.SpellsAlikeBets, PlacedForNothing: defects.PlaysForNothing}
"""Whose bets have a part in it."""


class Interrupted(CasinoOperator):
    """Whose service fails in the middle when its database ends its sessions."""

    def __init__(self, bets: Bets) -> None:
        super().__init__(PlayersCasino(bets))
        self._engine = bets.engine

    def interrupt(self) -> None:
        end_sessions(self._engine)


class TestDefects(Service):
    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            *(pytest.param(kind, name, id=f"{number}") for number, kind, name in SEEN),
            *(
                pytest.param(kind, name, id=f"{kind.__name__}: {name}", marks=pytest.mark.long)
                for kind, name in OTHERS
            ),
        ],
    )
    def test_each_turns_its_rule_red(
        self, kind: type[Cancels], name: str, casino_engine: Engine, engine: Engine
    ) -> None:
        cancels = kind(casino_engine)
        with _wallets(cancels, engine) as wallets, _operator(cancels) as operator:
            assert _result(name, wallets, operator).status is RuleStatus.BROKEN

    def test_a_decision_that_is_not_recorded_turns_it_red(
        self, port: int, casino_engine: Engine, engine: Engine
    ) -> None:
        with (
            wallet_at(f"http://127.0.0.1:{port}") as unrecorded,
            _operator(Cancels(casino_engine)) as operator,
        ):
            result = _result(JOURNAL, Wallets(engine, lambda: unrecorded), operator)
        assert result.faults[0] == "a cancel of no bet: the journal has None, the wallet no_bet"

    def test_there_is_a_defect_for_every_rule(self) -> None:
        found = {name for _, _, name in SEEN} | {name for _, name in OTHERS} | {JOURNAL}
        assert found | {after(fault) for fault in Fault} >= {rule.name for rule in RULES}
        assert found <= {rule.name for rule in RULES}

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
        with _operator(Cancels(casino_engine)) as operator:
            assert _result(SAME, wallets, operator).status is status


def _result(name: str, wallets: Wallets, operator: CasinoOperator) -> Result:
    rules = [rule for rule in RULES if rule.name == name]
    (result,) = conduct(wallets, PlacedBets(operator), PROVIDER, rules, limits=LIMITS)
    return result


@contextmanager
def _operator(cancels: Cancels) -> Iterator[CasinoOperator]:
    """With connections of its own."""
    kind: Callable[..., Bets] = BETS.get(type(cancels), Bets)
    if isinstance(cancels, defects.LooksBeforeTheLock):
        kind = partial(defects.LooksBeforeTheLockBets, cancels)
    engine = engine_for(cancels.engine.url.render_as_string(hide_password=False))
    yield Interrupted(kind(engine))
    engine.dispose()


@contextmanager
def _wallets(cancels: Cancels, engine: Engine) -> Iterator[Wallets]:
    with ExitStack() as held:
        port = held.enter_context(serving(cancels))

        def make(url: str = f"http://127.0.0.1:{port}") -> Wallet:
            wallet = held.enter_context(wallet_at(url, call_limit_s=1.0))
            return RecordedWallet(engine, wallet, "http")

        @contextmanager
        def behind_proxy() -> Iterator[tuple[Proxy, Wallet]]:
            with Proxy(port) as proxy:
                yield proxy, make(proxy.url)

        yield Wallets(engine, make, behind_proxy)

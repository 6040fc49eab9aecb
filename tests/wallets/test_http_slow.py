"""A wallet service that is slow: groups get larger, answers do not come later, and what holds up
some cancels holds up no others."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from examples.casino.database import BusyError
from examples.wallet_http.cancels import Cancels, Item, Verdict
from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.long.load import load
from tests.making import cancel_of
from tests.system.processes import System
from tests.wallets.contract import verdicts_on
from tests.wallets.service import SECRET, Service, serving, wallet_at
from unbet.core.message import Cancel
from unbet.wallets.port import Decided, Memory, Undecided, Wallet, Why
from unbet.wallets.port import Verdict as Told

CALL_S = 0.2
LOAD_S = 4
PER_SECOND = 50
DEADLINE_S = 8.0
KEPT = text("SELECT (SELECT count(*) FROM unbet.parked) + (SELECT count(*) FROM unbet.parkings)")


class SlowWallet(Proxy):
    """Takes its time for each call, however many cancels are in it; there is no bet."""

    def __init__(self) -> None:
        super().__init__(target=0)

    async def _ask(self, _first: str, _headers: object, body: bytes) -> tuple[str, bytes]:
        await asyncio.sleep(CALL_S)
        told = [
            {"request_id": one["request_id"], "outcome": "no_bet", "replayed": False}
            for one in json.loads(body)
        ]
        return "200 OK", json.dumps(told).encode()


@pytest.fixture
def slow_wallet() -> Iterator[SlowWallet]:
    wallet = SlowWallet()
    with wallet:
        yield wallet


def of_many_players(number: int) -> dict[str, str]:
    return {"reference": f"load-{number}", "userId": f"player-{number}"}


def test_a_slow_wallet_makes_groups_larger_and_answers_come_in_time(
    idle_system: System, slow_wallet: SlowWallet, engine: Engine
) -> None:
    idle_system.environment |= {
        "UNBET_WALLET": "http",
        "UNBET_WALLET_URL": slow_wallet.url,
        "UNBET_WALLET_SECRETS": SECRET,
    }
    idle_system.start_both()
    assert idle_system.cancel()["error"] == 0
    assert [len(json.loads(call.body)) for call in slow_wallet.calls] == [1]
    with load(idle_system, of_many_players, PER_SECOND) as offered:
        offered.go_on(LOAD_S)
    assert {answer.code for answer in offered.answers} == {0}
    assert max(answer.seconds for answer in offered.answers) < DEADLINE_S
    sizes = [len(json.loads(call.body)) for call in slow_wallet.calls]
    assert max(sizes) > 4
    assert len(sizes) < len(offered.answers) / 2
    with engine.connect() as connection:
        assert connection.execute(KEPT).scalar_one() == 0


def test_a_group_that_waited_until_nobody_waits_for_it_is_left_to_the_sweep(
    idle_system: System, slow_wallet: SlowWallet
) -> None:
    idle_system.environment |= {
        "UNBET_WALLET": "http",
        "UNBET_WALLET_URL": slow_wallet.url,
        "UNBET_WALLET_SECRETS": SECRET,
    }
    idle_system.start_receiver()
    assert idle_system.cancel(reference="late")["error"] == 100
    idle_system.start_worker()
    idle_system.wait("worker", lambda: "begun too late" in idle_system.said("worker"))
    assert slow_wallet.calls == []
    assert idle_system.cancel(reference="fresh")["error"] == 0
    idle_system.start_sweep()
    assert idle_system.cancel(reference="late")["error"] == 0


class _HoldsUp(Cancels):
    """The cancels of one player wait for a lock that somebody else has."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.free = threading.Event()

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        if any(item.player == "held" for item in items):
            self.free.wait(timeout=10)
        return super().decide(items)


class TestHeldUp(Service):
    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> Iterator[_HoldsUp]:
        cancels = _HoldsUp(casino_engine)
        yield cancels
        cancels.free.set()

    @pytest.fixture
    def url(self, cancels: _HoldsUp) -> Iterator[str]:
        with serving(cancels) as port:
            yield f"http://127.0.0.1:{port}"
            cancels.free.set()

    def test_a_cancel_that_is_held_up_is_in_one_half_and_the_other_half_is_decided(
        self, url: str
    ) -> None:
        players = ["held", "q1", "q2", "q3"]
        cancels = [cancel_of(f"r-{player}", user_id=player) for player in players]
        with wallet_at(url, call_limit_s=1.5, connect_limit_s=1.0) as wallet:
            told, _ = _meanwhile(wallet, *cancels)
        assert sorted(type(one).__name__ for one in told) == ["Decided"] * 2 + ["Undecided"] * 2

    def test_while_others_are_answered_nothing_of_theirs_is_turned_away(self, url: str) -> None:
        with wallet_at(url, call_limit_s=1.5, connect_limit_s=1.0) as wallet:
            (told,), others = _meanwhile(wallet, cancel_of("r-held", user_id="held"))
        assert isinstance(told, Undecided)
        assert told.why is Why.UNANSWERED
        assert {type(one) for one in others} == {Decided}

    def test_a_wallet_that_answers_nobody_is_left_alone_for_a_moment(self, url: str) -> None:
        with wallet_at(url, call_limit_s=0.3, connect_limit_s=0.3) as wallet:
            verdicts_on(wallet, cancel_of("r-held", user_id="held"))
            (told,) = verdicts_on(wallet, cancel_of("r1", user_id="free"))
        assert isinstance(told, Undecided)
        assert (told.why, told.detail) == (Why.AWAY, "not sent")


class _Locked(Cancels):
    """A call with a cancel of one player meets a lock that somebody else has."""

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        if any(item.player == "held" for item in items):
            raise BusyError
        return super().decide(items)


class TestLocked(Service):
    @pytest.mark.parametrize("remembers", [Memory.FOR_EVER, Memory.NOT])
    def test_of_a_call_that_is_busy_only_what_meets_the_lock_waits(
        self, casino_engine: Engine, remembers: Memory
    ) -> None:
        players = ["q1", "held", *(f"q{number}" for number in range(2, 12))]
        cancels = [cancel_of(f"r-{player}", user_id=player) for player in players]
        with (
            serving(_Locked(casino_engine)) as port,
            wallet_at(f"http://127.0.0.1:{port}", remembers=remembers) as wallet,
        ):
            told = verdicts_on(wallet, *cancels)
        undecided = [one for one in told if isinstance(one, Undecided)]
        assert [(one.cancel.player, one.why) for one in undecided] == [("held", Why.BUSY)]

    def test_a_busy_cancel_that_is_then_unanswered_is_in_doubt(self, casino_engine: Engine) -> None:
        with (
            serving(_Locked(casino_engine)) as port,
            Proxy(port) as proxy,
            wallet_at(proxy.url) as wallet,
        ):
            proxy.faults.extend([Fault.NONE, Fault.DROPPED, Fault.DROPPED])
            told = verdicts_on(
                wallet, cancel_of("r1", user_id="q1"), cancel_of("r2", user_id="held")
            )
        assert {one.why for one in told if isinstance(one, Undecided)} == {Why.UNANSWERED}
        assert len(told) == 2


def _meanwhile(wallet: Wallet, *cancels: Cancel) -> tuple[list[Told], list[Told]]:
    """The verdicts on `cancels`, and those on what others ask until they are there."""
    others: list[Told] = []
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(verdicts_on, wallet, *cancels)
        while not asked.done():
            others += verdicts_on(wallet, cancel_of(f"r{len(others)}", user_id="free"))
    return asked.result(), others

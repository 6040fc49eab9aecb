"""The sweep finishes what is parked with an operator's wallet service."""

import json
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Engine, text

from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes
from tests.wallets.service import SECRET, Service, wallet_at
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.parking import count_parked, park
from unbet.journal.sweeping import MAX_TRIES
from unbet.runtime.settings import SettingsError, WalletSettings
from unbet.wallets.http.making import settings_of
from unbet.wallets.port import SWEEP_CALLS_S, Abilities, Memory, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.undecided import keep_undecided
from worker.sweep import FEW, Sweep

Rounds = Callable[[], None]


def http_settings(url: str, **others: object) -> WalletSettings:
    given = {"wallet": "http", "wallet_url": url, "wallet_secrets": SECRET} | others
    return WalletSettings.model_validate(given)


def put_into_parking(engine: Engine, *cancels: Cancel) -> None:
    with engine.begin() as connection:
        park(connection, cancels, reason="test")


def parked(engine: Engine) -> tuple[int, ...]:
    """How many are parked, dead and closed."""
    with engine.connect() as connection:
        return tuple(count_parked(connection))


class TestSweep(Service):
    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def sweep_round(self, proxy: Proxy, worker_engine: Engine, engine: Engine) -> Iterator[Rounds]:
        """A round, with all that is parked due."""
        with wallet_at(proxy.url) as wallet:
            sweep = Sweep(worker_engine, RecordedWallet(worker_engine, wallet, "http", parked=True))

            def run() -> None:
                with engine.begin() as connection:
                    connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
                sweep.round()

            yield run

    def test_what_is_parked_is_decided_and_recorded_and_gone(
        self, sweep_round: Rounds, casino: Casino, engine: Engine
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        put_into_parking(engine, cancel_of("r1"), cancel_of("r2"))
        sweep_round()
        assert parked(engine) == (0, 0, 0)
        assert casino.money()[0] == 10
        assert not casino.bet("r2", "1.00")
        with engine.connect() as connection:
            found = connection.execute(text("SELECT outcome FROM unbet.requests")).scalars()
            assert sorted(found) == ["no_bet", "reversed"]

    def test_a_wallet_that_gives_no_answer_for_long_makes_no_cancel_dead(
        self, sweep_round: Rounds, proxy: Proxy, casino: Casino, engine: Engine
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        put_into_parking(engine, cancel_of("r1"), cancel_of("r2"))
        proxy.faults.extend([Fault.FAILED] * 1000)
        for _ in range(2 * MAX_TRIES):
            sweep_round()
        assert parked(engine) == (2, 0, 0)
        proxy.faults.clear()
        sweep_round()
        assert parked(engine) == (0, 0, 0)
        assert casino.money()[0] == 10

    def test_what_an_outage_has_left_is_asked_about_in_small_groups(
        self, sweep_round: Rounds, proxy: Proxy, engine: Engine
    ) -> None:
        cancels = [cancel_of(f"r{number}", user_id=f"p{number}") for number in range(40)]
        put_into_parking(engine, *cancels)
        proxy.faults.extend([Fault.FAILED] * 6)
        sweep_round()
        assert parked(engine)[0] == 40
        proxy.faults.clear()
        proxy.calls.clear()
        sweep_round()
        assert parked(engine) == (0, 0, 0)
        assert [len(json.loads(call.body)) for call in proxy.calls] == [FEW, FEW, 40 - 2 * FEW]

    def test_what_a_wallet_says_is_kept_though_the_journal_cannot_hold_a_nul(
        self, engine: Engine
    ) -> None:
        cancel = cancel_of("r1")
        told = Undecided(cancel, Why.UNANSWERED, "no answer of the wallet's", "\x1f\x8b\0")
        keep_undecided(engine, [told], time.monotonic() + 5)
        with engine.connect() as connection:
            kept = connection.execute(text("SELECT last_error FROM unbet.parked")).scalar_one()
        assert kept == "\x1f\x8b\ufffd"

    def test_what_is_not_parked_any_more_is_not_asked_about(
        self, proxy: Proxy, worker_engine: Engine
    ) -> None:
        with wallet_at(proxy.url) as wallet:
            recorded = RecordedWallet(worker_engine, wallet, "http", parked=True)
            assert [*recorded.cancel([cancel_of("r1")], time.monotonic() + SWEEP_CALLS_S)] == []
        assert proxy.calls == []

    def test_of_a_bet_that_is_decided_only_another_players_cancel_is_asked_about(
        self, proxy: Proxy, worker_engine: Engine, engine: Engine, casino: Casino
    ) -> None:
        casino.deposit("10.00")
        casino.bet("r1", "4.00")
        again, theirs = cancel_of("r1"), cancel_of("r1", user_id="mallory")
        with wallet_at(proxy.url) as wallet:
            assert outcomes(RecordedWallet(worker_engine, wallet, "http"), cancel_of("r1")) == [
                Outcome.REVERSED
            ]
            put_into_parking(engine, again, theirs)
            sweep = RecordedWallet(worker_engine, wallet, "http", parked=True)
            assert outcomes(sweep, again, theirs) == [Outcome.REVERSED, Outcome.MISMATCH]
        asked = [one["player"] for call in proxy.calls for one in json.loads(call.body)]
        assert asked == ["alice", "mallory"]
        assert parked(engine) == (0, 0, 0)

    def test_a_cancel_that_the_wallet_answers_wrongly_each_time_is_dead_in_the_end(
        self, sweep_round: Rounds, proxy: Proxy, engine: Engine
    ) -> None:
        put_into_parking(engine, cancel_of("r1"))
        proxy.faults.extend([Fault.UNKNOWN_OUTCOME] * 1000)
        for _ in range(MAX_TRIES + 1):
            sweep_round()
        assert parked(engine) == (0, 1, 0)


class _Noting:
    """Decides nothing; notes how many seconds it is given."""

    def __init__(self, *, keeps_journal: bool) -> None:
        self.abilities = Abilities(Memory.FOR_EVER, True, True, False, 256, keeps_journal)
        self.given: list[float] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        del cancels
        self.given.append(deadline - time.monotonic())
        yield from ()


@pytest.mark.parametrize(
    ("keeps_journal", "together_s", "alone_s"),
    [(True, 1.0, 0.0), (False, SWEEP_CALLS_S, SWEEP_CALLS_S)],
)
def test_a_wallet_behind_a_network_gets_the_time_of_two_calls(
    worker_engine: Engine, engine: Engine, keeps_journal: bool, together_s: float, alone_s: float
) -> None:
    wallet = _Noting(keeps_journal=keeps_journal)
    sweep = Sweep(worker_engine, wallet)
    put_into_parking(engine, cancel_of("r1"))
    for _ in range(2):  # it is fresh, and then it has been tried
        sweep.round()
        with engine.begin() as connection:
            connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
    assert wallet.given == pytest.approx([together_s, alone_s], abs=0.1)


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"wallet_url": None}, "UNBET_WALLET_URL is not set"),
        ({"wallet_url": "ftp://wallet"}, "http:// or https://"),
        ({"wallet_secrets": ""}, "one secret, or with two"),
        ({"wallet_secrets": "whsec_hunter2"}, "base64"),
        ({"unknown_reference": "hold"}, "only the built-in ledger"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(
    others: dict[str, object], sentence: str
) -> None:
    variables = http_settings("http://wallet", **others)
    with pytest.raises(SettingsError, match=sentence) as refused:
        settings_of(variables, hold_unknown=variables.holds_unknown)
    assert "hunter2" not in str(refused.value)


def test_the_sweeps_calls_have_a_limit_of_their_own_and_are_few_at_a_time() -> None:
    variables = http_settings("http://wallet", wallet_sweep_call_limit_s=7.0)
    live, sweeps = (
        settings_of(variables, hold_unknown=False, parked=parked) for parked in (False, True)
    )
    assert (live.call_limit_s, live.connect_limit_s) == (1.4, 1.0)
    assert (sweeps.call_limit_s, sweeps.connect_limit_s) == (7.0, 1.0)
    assert 2 * sweeps.call_limit_s <= SWEEP_CALLS_S
    assert (live.calls_at_once, sweeps.calls_at_once) == (8, 2)

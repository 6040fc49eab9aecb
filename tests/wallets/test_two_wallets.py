"""Two providers whose bets are in two wallets: one deployment, each cancel in its own."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from examples.wallet_http.bets import Bets
from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.making import cancel_of
from tests.operating import PROVIDER, Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import DEADLINE_S, PLAYER
from tests.waiting import until
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import REFUNDS, SECRET, Service
from unbet.journal.parking import park

OURS, THEIRS = "the-secret-of-the-first", "the-secret-of-the-second"
THEIR_PROVIDER = "Other"
ENDPOINTS = {OURS: {"provider": "LuckyMonaco"}, THEIRS: {"provider": "Other", "wallet": "http"}}


class TestTwoWallets(Service):
    @pytest.fixture
    def casino(self, casino_engine: Engine) -> PlayersCasino:
        casino = PlayersCasino(
            Bets(casino_engine), EXAMPLE["userId"], EXAMPLE["currency"], THEIR_PROVIDER
        )
        casino.deposit("100.00")
        return casino

    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def two(self, idle_system: System, proxy: Proxy) -> System:
        """LuckyMonaco's bets are in the ledger, Other's behind the service."""
        idle_system.environment |= {
            "UNBET_ENDPOINTS": json.dumps(ENDPOINTS),
            "UNBET_WALLET_URL": proxy.url,
            "UNBET_WALLET_SECRETS": SECRET,
        }
        return idle_system

    def test_each_cancel_is_decided_by_the_wallet_of_its_endpoint(
        self, two: System, operator: Operator, casino: PlayersCasino, proxy: Proxy
    ) -> None:
        two.start_both()
        operator.deposit("100.00", **PLAYER)
        operator.bet("r1", "10.00", **PLAYER)
        assert casino.bet("r1", "5.00")

        assert cancel(two, OURS, "r1")["error"] == 0
        assert operator.balance(**PLAYER).cash == Decimal(100)
        assert casino.money()[0] == Decimal(95), "not this provider's"
        assert proxy.calls == []

        assert cancel(two, THEIRS, "r1")["error"] == 0
        assert casino.money()[0] == Decimal(100)
        (call,) = proxy.calls
        assert json.loads(call.body)[0]["provider"] == THEIR_PROVIDER

        assert cancel(two, THEIRS, "late")["error"] == 0
        assert casino.place("late", "5.00") == "cancelled"
        assert operator.bet("late", "1.00", **PLAYER).status == "done"

        explained = two.unbet("explain", "r1").stdout
        assert "The wallet of LuckyMonaco's bets is 'ledger'" in explained
        assert "The wallet of Other's bets is 'http'" in explained
        assert "P1, P2, P3, P4 hold." in explained

    def test_a_wallet_that_hangs_holds_up_no_answer_of_the_other(
        self,
        two: System,
        operator: Operator,
        casino: PlayersCasino,
        proxy: Proxy,
        casino_engine: Engine,
    ) -> None:
        two.start_both()
        operator.deposit("100.00", **PLAYER)
        for number in range(8):
            operator.bet(f"r{number}", "1.00", **PLAYER)
            assert casino.bet(f"r{number}", "1.00")
        proxy.faults.extend([Fault.LOST] * 1000)

        def ask(asked: tuple[str, str]) -> tuple[int, float]:
            began = time.monotonic()
            return int(cancel(two, *asked)["error"]), time.monotonic() - began

        asked = [(secret, f"r{number}") for number in range(8) for secret in (THEIRS, OURS)]
        with ThreadPoolExecutor(len(asked)) as pool:
            told = list(pool.map(ask, asked))
        assert [code for code, _ in told[1::2]] == [0] * 8
        assert [code for code, _ in told[::2]] == [100] * 8
        assert max(seconds for _, seconds in told) < DEADLINE_S
        assert operator.balance(**PLAYER).cash == Decimal(100)

        two.start_sweep()
        proxy.faults.clear()
        until(lambda: casino.money()[0] == 100, "Other's were not given back")
        with casino_engine.connect() as connection:
            assert connection.execute(REFUNDS).scalar_one() == 8

    def test_the_sweep_finishes_what_is_parked_of_one_wallet_while_the_other_hangs(
        self,
        idle_system: System,
        operator: Operator,
        casino_engine: Engine,
        engine: Engine,
        tmp_path: Path,
    ) -> None:
        hangs = tmp_path / "hangs"
        hangs.touch()
        hanging = {"provider": THEIR_PROVIDER, "wallet": "tests.wallets.hanging:make"}
        idle_system.environment |= {
            "UNBET_ENDPOINTS": json.dumps(ENDPOINTS | {THEIRS: hanging}),
            "CASINO_DATABASE_URL": casino_engine.url.render_as_string(hide_password=False),
            "HANGS_WHILE": str(hangs),
        }
        operator.deposit("100.00", **PLAYER)
        operator.bet("ours", "10.00", **PLAYER)
        player = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
        with engine.begin() as connection:
            park(connection, [cancel_of("r1", provider=THEIR_PROVIDER, **player)], reason="test")
        idle_system.start_sweep()
        until(lambda: parked_of(engine, THEIR_PROVIDER, tries=1), "the sweep has not begun")
        with engine.begin() as connection:
            park(connection, [cancel_of("ours", **player)], reason="test")
        until(lambda: not parked_of(engine, PROVIDER), "ours is not finished", seconds=10)
        # Whoever waits for that wallet ends with the process.
        assert idle_system.processes["sweep"].poll() is None
        assert operator.balance(**PLAYER).cash == Decimal(100)

    def test_a_worker_that_has_another_wallet_than_the_receiver_leaves_the_cancel_to_a_person(
        self, two: System, casino: PlayersCasino, engine: Engine
    ) -> None:
        endpoints = two.environment.pop("UNBET_ENDPOINTS")
        two.start_worker()
        two.environment["UNBET_ENDPOINTS"] = endpoints
        two.start_receiver()
        assert casino.bet("r1", "5.00")
        assert cancel(two, THEIRS, "r1")["error"] == 100
        with engine.connect() as connection:
            states = connection.execute(text("SELECT state, last_error FROM unbet.parked")).all()
            assert connection.execute(text("SELECT FROM unbet.requests")).all() == []
        ((state, error),) = states
        assert state == "dead"
        assert "'http' for Other, this worker 'ledger'" in error
        until(lambda: shown(two)["wallets_differ"], "it is not shown")
        assert (
            "Other's wallet is 'http' here and 'ledger' to the workers"
            in (shown(two)["wallets_differ"])
        )
        assert cancel(two, OURS, "r1")["error"] == 0
        # With the right settings, and once a person has said so, it is decided.
        assert two.unbet("wallet", "switch", "--yes").returncode == 0
        two.start_sweep()
        assert two.unbet("parked", "retry", "--all-dead").returncode == 0
        until(lambda: casino.money()[0] == 100, "it was not given back")

    def test_readyz_and_the_logs_say_which_wallet_an_endpoint_has_and_what_it_promises(
        self, two: System
    ) -> None:
        two.start_both()
        two.start_sweep()
        until(lambda: shown(two)["wallets"][1]["promises"], "the workers have not told")
        ours, theirs = shown(two)["wallets"]
        assert (ours["provider"], ours["wallet"]) == ("LuckyMonaco", "ledger")
        assert (theirs["endpoint"], theirs["provider"], theirs["wallet"]) == (2, "Other", "http")
        assert [promise["name"] for promise in theirs["promises"]] == ["P1", "P2", "P3", "P4"]
        assert all(promise["holds"] for promise in ours["promises"])
        assert [promise["holds"] for promise in theirs["promises"]] == [True, True, True, False]
        assert "as a rule within minutes" in theirs["promises"][3]["says"]
        assert shown(two)["wallets_differ"] is None
        for name in ("worker", "sweep", "receiver"):
            until(partial(says, two, name, "a wallet that not all"), f"the {name}'s log")


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ({"provider": "LuckyMonaco", "wallet": "sql"}, "that of UNBET_WALLET and 'sql'"),
        ({"provider": "Other", "wallet": "sqll"}, "UNBET_ENDPOINTS has a wrong value: 'sqll'"),
        ({"provider": "Other", "wallet": "sql"}, "no function unbet_cancel"),
        ({"provider": "Other", "wallet": "http"}, "UNBET_WALLET_URL is not set"),
    ],
)
def test_a_wallet_of_an_endpoint_that_cannot_be_is_refused_at_the_start(
    idle_system: System, endpoint: dict[str, str], sentence: str
) -> None:
    endpoints = {OURS: {"provider": "LuckyMonaco"}, THEIRS: endpoint}
    idle_system.environment["UNBET_ENDPOINTS"] = json.dumps(endpoints)
    idle_system.start_sweep()
    assert idle_system.processes["sweep"].wait(30) == 1
    assert sentence in idle_system.said("sweep")
    assert OURS not in idle_system.said("sweep")


def cancel(system: System, secret: str, reference: str) -> dict[str, Any]:
    provider = ENDPOINTS[secret]["provider"]
    body = EXAMPLE | {"reference": reference, "providerId": provider}
    response = system.http.post(f"/{secret}/V4/Cancel", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def says(system: System, name: str, words: str) -> bool:
    return words in system.said(name)


def shown(system: System) -> dict[str, Any]:
    """What /readyz says."""
    return dict(system.http.get("/readyz").json())


def parked_of(engine: Engine, provider: str, *, tries: int = 0) -> int:
    """How many that were tried so often or more."""
    query = text("SELECT count(*) FROM unbet.parked WHERE provider = :p AND tries >= :tries")
    with engine.connect() as connection:
        return int(connection.execute(query, {"p": provider, "tries": tries}).scalar_one())

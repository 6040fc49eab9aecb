"""A dry run: real processes say what they would decide, the old endpoint answers, and no table has
another row afterwards than before.

(Over 250 lines: each kind of wallet, with the old endpoint that all of them need.)
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from examples.wallet_http.bets import Bets
from testbed.wallet.proxy import Proxy
from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.refusing import json_logs, logged
from tests.system.watching import DEADLINE_S, PLAYER, metric
from tests.waiting import until
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import SECRET, Service
from tests.wallets.sql_casino import SqlCasino, install

OLD_ANSWER = b'{"error": 0, "description": "from the old one", "reference": "r1"}'


class Old(ThreadingHTTPServer):
    """The endpoint that answers cancels today."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, bytes] = (200, OLD_ANSWER)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.hang = Event()
        self.hang.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/old/cancel?casino=1"


class _Handler(BaseHTTPRequestHandler):
    server: Old

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.path, headers, body))
        self.server.hang.wait(30)
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("content-type", "application/x-theirs")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def old() -> Iterator[Old]:
    with Old() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.hang.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def dry(idle_system: System) -> System:
    json_logs(idle_system).environment["UNBET_WALLET_DRY_RUN"] = "on"
    return idle_system


@pytest.fixture
def rows(database_url: str) -> Callable[[], dict[str, list[Any]]]:
    """All rows of all tables."""

    def read() -> dict[str, list[Any]]:
        with closing(psycopg.connect(database_url)) as connection:
            tables = connection.execute("""
                SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
            """).fetchall()
            return {
                table: sorted(map(str, connection.execute(f"SELECT * FROM {table}".encode())))
                for (table,) in tables
            }

    return read


def would_be(system: System, count: int) -> list[str]:
    """What the worker says would be decided, once it has said it: it replies first."""

    def told() -> list[str]:
        return [line["outcome"] for line in logged(system, "would be decided", of="worker")]

    until(lambda: len(told()) >= count, "the worker has not said what it would decide")
    return told()


def test_the_ledger_says_what_it_would_decide_and_the_provider_is_told_to_retry(
    dry: System, operator: Operator, rows: Callable[[], dict[str, list[Any]]]
) -> None:
    dry.start_both()
    dry.start_sweep()
    operator.deposit("100.00", **PLAYER)
    for reference in ("r1", "settled"):
        operator.bet(reference, "10.00", **PLAYER)
    operator.settle("settled", "5.00")
    before = rows()
    for reference in ("r1", "r1", "settled", "unknown"):
        assert dry.cancel(reference=reference)["error"] == 100
    assert dry.cancel(currency="")["error"] == 100, "what would be refused, too"
    assert would_be(dry, 4) == ["reversed", "reversed", "settled", "no_bet"]
    until(lambda: len(logged(dry, "dry run")) == 5, "the receiver has not said what it answers")
    lines = logged(dry, "dry run")
    assert [str(line["code"]) for line in lines] == ["0", "0", "120", "0", "7"]
    assert {line["agreement"] for line in lines} == {"not_compared"}
    assert rows() == before
    assert operator.bet("unknown", "1.00", **PLAYER).status == "done", "no tombstone was left"
    assert dry.http.get("/readyz").json()["dry_run"] is True
    assert metric(dry, "unbet_spooled_total") == 0
    assert "a dry run: no cancel is decided" in dry.said("receiver")


def test_a_request_is_passed_on_as_it_came_and_the_answers_are_compared(
    dry: System, old: Old, operator: Operator, rows: Callable[[], dict[str, list[Any]]]
) -> None:
    dry.environment["UNBET_WALLET_DRY_RUN_URL"] = old.url
    dry.start_both()
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    before = rows()
    body = b'{ "odd" : 1, ' + json.dumps(EXAMPLE | {"reference": "r1"}).encode()[1:]
    headers = {
        "Authorization": "Bearer theirs",
        "X-Theirs": "1",
        "Content-Type": "application/json",
    }
    told = dry.http.post(dry.path, content=body, headers=headers)
    assert (told.status_code, told.content) == (200, OLD_ANSWER)
    assert told.headers["content-type"] == "application/x-theirs"
    ((path, seen, sent),) = old.seen
    assert (path, sent) == ("/old/cancel?casino=1", body)
    assert seen["authorization"] == "Bearer theirs"
    assert seen["x-theirs"] == "1"
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert dry.environment["UNBET_URL_SECRET"] not in str(old.seen)

    old.answer = (200, b'{"error": 120, "description": "too late"}')
    assert dry.cancel(reference="r1") == {"error": 120, "description": "too late"}
    old.answer = (500, b"<html>")
    told = dry.http.post(dry.path, json=EXAMPLE | {"reference": "r1"})
    assert (told.status_code, told.content) == (500, b"<html>")
    old.answer = (200, b'{"error": 7}')
    assert dry.cancel(currency="") == {"error": 7}, "what would be refused is passed on, too"
    until(lambda: agree(dry, same=2, different=2), "they are not counted")
    assert rows() == before


def test_an_old_endpoint_that_hangs_is_given_up_before_the_provider_gives_up(
    dry: System, old: Old
) -> None:
    dry.environment |= {"UNBET_WALLET_DRY_RUN_URL": old.url, "UNBET_ANSWER_DEADLINE_S": "2"}
    dry.start_both()
    old.hang.clear()
    told = dry.http.post(dry.path, json=EXAMPLE)
    assert told.json()["error"] == 100
    assert told.elapsed.total_seconds() < 2
    until(lambda: agree(dry, unanswered=1), "it is not counted")


def test_without_a_worker_the_old_endpoint_answers_all_the_same(dry: System, old: Old) -> None:
    dry.environment["UNBET_WALLET_DRY_RUN_URL"] = old.url
    dry.start_receiver()
    told = dry.http.post(dry.path, json=EXAMPLE)
    assert told.content == OLD_ANSWER
    assert told.elapsed.total_seconds() < DEADLINE_S
    until(lambda: agree(dry, undecided=1), "it is not counted")


def test_without_redis_nothing_is_parked_or_spooled_and_the_old_endpoint_answers(
    dry: System, old: Old, rows: Callable[[], dict[str, list[Any]]]
) -> None:
    for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        dry.environment[name] = "redis://127.0.0.1:1/0"
    dry.environment["UNBET_WALLET_DRY_RUN_URL"] = old.url
    dry.start("receiver", sys.executable, "-m", "api")
    dry.wait("the receiver", dry.alive)
    before = rows()
    for _ in range(3):
        assert dry.http.post(dry.path, json=EXAMPLE).content == OLD_ANSWER
    until(lambda: agree(dry, undecided=3), "they are not counted")
    assert rows() == before
    assert metric(dry, "unbet_spooled_total") == 0


def test_the_function_is_called_and_all_of_it_rolled_back(
    dry: System, database_url: str, engine: Engine, rows: Callable[[], dict[str, list[Any]]]
) -> None:
    install(database_url)
    casino = SqlCasino(engine, player=EXAMPLE["userId"], currency=EXAMPLE["currency"])
    casino.deposit("100.00")
    assert casino.bet("r1", "10.00")
    dry.environment["UNBET_WALLET"] = "sql"
    dry.start_both()
    before = rows()
    for reference in ("r1", "unknown"):
        assert dry.cancel(reference=reference)["error"] == 100
    assert would_be(dry, 2) == ["reversed", "no_bet"]
    assert rows() == before
    assert casino.place("unknown", "1.00") == "placed"


class TestService(Service):
    @pytest.mark.parametrize("takes_dry_run", [True, False])
    def test_a_service_is_asked_only_if_it_knows_of_dry_runs(
        self,
        dry: System,
        port: int,
        casino_engine: Engine,
        rows: Callable[[], dict[str, list[Any]]],
        takes_dry_run: bool,
    ) -> None:
        casino = PlayersCasino(Bets(casino_engine), EXAMPLE["userId"], EXAMPLE["currency"])
        casino.deposit("100")
        assert casino.bet("r1", "10")
        with Proxy(port) as proxy:
            dry.environment |= {
                "UNBET_WALLET": "http",
                "UNBET_WALLET_URL": proxy.url,
                "UNBET_WALLET_SECRETS": SECRET,
                "UNBET_WALLET_TAKES_DRY_RUN": str(takes_dry_run).lower(),
            }
            dry.start_both()
            before = rows()
            expected = {"r1": "reversed", "unknown": "no_bet"}
            for reference, outcome in expected.items():
                outcome = outcome if takes_dry_run else "parked"
                # A busy machine's first call may be too slow.
                until(partial(is_told, dry, reference, outcome), f"{reference} is not {outcome}")
            told = [json.loads(call.body)[0] for call in proxy.calls]
        assert all(one["dry_run"] is True for one in told)
        assert bool(told) == takes_dry_run
        assert rows() == before, "nor is anything parked"
        if not takes_dry_run:
            assert logged(dry, "would not be decided", of="worker")
        assert casino.money()[0] == Decimal(90)
        assert casino.bet("unknown", "1"), "no tombstone was left"


def test_after_a_dry_run_the_real_run_is_bound_by_nothing(dry: System, operator: Operator) -> None:
    dry.start_both()
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    assert dry.cancel(reference="r1")["error"] == 100
    dry.processes["receiver"].terminate()
    dry.processes["receiver"].wait(30)
    dry.environment["UNBET_WALLET_DRY_RUN"] = "off"
    dry.start_receiver()
    assert dry.cancel(reference="r1")["error"] == 0
    assert operator.balance(**PLAYER).cash == Decimal(100)
    with operator.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unbet.parked")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM unbet.requests")).scalar() == 1


def is_told(system: System, reference: str, outcome: str) -> bool:
    """Whether the worker says so, asked once more; the provider is told to retry."""
    assert system.cancel(reference=reference)["error"] == 100
    lines = logged(system, "would be decided", of="worker")
    return any((line["reference"], line["outcome"]) == (reference, outcome) for line in lines)


def agree(system: System, **counts: float) -> bool:
    """Whether these are all that are not 0; they are counted after the answer."""
    page = system.http.get("/metrics").text
    found = re.findall(r'unbet_dry_run_total{agreement="(\w+)"} ([\d.]+)', page)
    return {name: float(count) for name, count in found if float(count)} == counts

"""The built-in ledger over HTTP while its database is away: told in time, safe to send again."""

import time
from pathlib import Path

import psutil

from tests.freezing import frozen
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.ledger_http import Player, problem_of, serving
from tests.system.processes import System
from tests.waiting import until

DEADLINE_S = 5.0
SLACK_S = 2.0


def test_a_bet_outlives_its_database(idle_system: System, own_services: Path) -> None:
    with serving(idle_system) as ledger:
        player = Player(ledger)
        player.deposit("100.00")
        assert player.bet("1.00", "before").json()["replayed"] is False

        psutil.Process(services.status(own_services).postgres_pid).kill()
        answer = player.bet("1.00", "meanwhile")
        assert problem_of(answer, 503)["type"] == "urn:unbet:problem:unavailable"
        assert int(answer.headers["retry-after"]) > 0
        assert not ledger.is_ready()
        assert ledger.http.get("/healthz").status_code == 200

        services.start(own_services)
        until(ledger.is_ready, "it does not find its database again")
        for name in ("before", "meanwhile", "meanwhile"):
            answer = player.bet("1.00", name)
            assert (answer.status_code, answer.json()["status"]) == (200, "done"), name
        assert player.bet("1.00", "before").json()["replayed"] is True
        assert player.cash() == "98.00"


def test_a_database_that_hangs_is_told_of_in_time(idle_system: System, own_services: Path) -> None:
    with serving(idle_system) as ledger:
        player = Player(ledger)
        player.deposit("100.00")
        with frozen(services.status(own_services).postgres_pid):
            began = time.monotonic()
            answer = player.bet("1.00", "b1")
            took = time.monotonic() - began
        problem_of(answer, 503)
        assert took < DEADLINE_S + SLACK_S
        until(ledger.is_ready, "it does not find its database again")
        assert player.bet("1.00", "b1").json()["status"] == "done"
        assert player.cash() == "99.00"

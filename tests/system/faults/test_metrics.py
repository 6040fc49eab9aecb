"""A scrape goes on while what it asks is away."""

import time
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as families_in

from tests.freezing import frozen
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import System
from tests.waiting import until

MAX_S = 5.0
"""Prometheus waits for 10."""


def scraped(system: System) -> dict[str, dict[str, float]]:
    """The metrics' samples, by their one label's value; within the time."""
    started = time.monotonic()
    response = system.http.get("/metrics")
    assert response.status_code == 200
    assert time.monotonic() - started < MAX_S
    return {
        family.name: {"".join(sample.labels.values()): sample.value for sample in family.samples}
        for family in families_in(response.text)
    }


def test_with_postgres_and_redis_hung_a_scrape_says_so_and_does_not_wait_for_them(
    idle_system: System, own_services: Path
) -> None:
    idle_system.start_receiver()
    all_up = dict.fromkeys(("ledger", "broker", "replies", "spool"), 1.0)
    before = scraped(idle_system)
    assert before["unbet_up"] == all_up
    assert before["unbet_parked_cancels"] == {"parked": 0.0, "dead": 0.0, "closed": 0.0}
    assert {"unbet_queue_messages", "unbet_late_bets", "unbet_spool_bytes"} <= before.keys()
    running = services.status(own_services)
    with frozen(running.postgres_pid, running.redis_pid):
        until(lambda: scraped(idle_system)["unbet_up"] != all_up, "it is not noticed")
        for _ in range(3):
            during = scraped(idle_system)
            assert during["unbet_up"] == all_up | {"ledger": 0, "broker": 0, "replies": 0}
            assert not {"unbet_parked_cancels", "unbet_queue_messages"} & during.keys()
            assert "unbet_spool_bytes" in during
    until(lambda: scraped(idle_system)["unbet_up"] == all_up, "it does not recover")

"""A wrong wallet is met at the start, not by the first cancel."""

import sys

from tests.system.processes import System


def test_a_wallet_that_is_not_there_stops_the_start(idle_system: System) -> None:
    idle_system.environment["UNBET_WALLET"] = "unbet.wallets.port:Nothing"
    worker = ("celery", "--app", "worker.app", "worker", "--concurrency", "1")
    for name, *command in (("sweep", "worker.sweep"), ("worker", *worker)):
        idle_system.start(name, sys.executable, "-m", *command)
        assert idle_system.processes[name].wait(30) == 1
        assert f"The {name} does not start: UNBET_WALLET has a wrong value" in idle_system.said(
            name
        )

"""A log that nobody reads stops no cancel."""

import subprocess
import sys
import time

import pytest

from tests.servers import Role
from tests.system.processes import ROOT, System


@pytest.mark.long
def test_a_log_that_nobody_reads_stops_no_cancel(idle_system: System) -> None:
    idle_system.start_worker()
    with subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env=idle_system.environment_as(Role.RECEIVER) | {"UNBET_LOG_FORMAT": "json"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as receiver:
        try:
            idle_system.wait("the receiver", idle_system.ready)
            # More than a pipe holds.
            for number in range(400):
                assert idle_system.cancel(reference=f"r{number}")["error"] == 0
            # Somebody reads again, and is told.
            assert receiver.stderr
            deadline = time.monotonic() + 60
            said = b""
            while b"nobody read the log" not in said:
                assert time.monotonic() < deadline, said[-1000:]
                said = receiver.stderr.readline()
                idle_system.cancel(reference="again")
            assert b'"lines_lost":' in said
        finally:
            receiver.kill()

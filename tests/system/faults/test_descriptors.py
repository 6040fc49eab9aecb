"""Workers and sweeps that have no descriptor left."""

from contextlib import ExitStack

import psutil
import pytest

from tests.descriptors import no_descriptors_left
from tests.operating import Operator
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import System
from tests.system.watching import PLAYER, placed, wait_until_cancelled
from tests.waiting import until


@pytest.mark.long
def test_what_came_while_no_descriptor_was_left_is_decided_by_the_same_processes(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment |= {"UNBET_ANSWER_DEADLINE_S": "4", "UNBET_RESEND_AFTER_S": "1"}
    idle_system.start_both()
    idle_system.start_sweep()
    until(lambda: "the sweep is ready" in idle_system.said("sweep"), "it is not ready")
    references = placed(operator, 3)
    assert idle_system.cancel(reference=references[0])["error"] == 0
    worker = psutil.Process(idle_system.processes["worker"].pid)
    sweep = psutil.Process(idle_system.processes["sweep"].pid)
    at_work = [sweep, *worker.children()]
    with ExitStack() as shortage:
        for process in at_work:
            shortage.enter_context(no_descriptors_left(process.pid))
        for reference in references[1:]:
            assert idle_system.cancel(reference=reference)["error"] == 100
    wait_until_cancelled(operator, *references)
    assert operator.balance(**PLAYER).cash == 1000
    assert all(process.is_running() for process in at_work)
    assert "again_in_s" in idle_system.said("sweep"), "it has not noticed"
    # As both say of a bug.
    assert "raised unexpected" not in idle_system.said("worker")
    assert "a round failed" not in idle_system.said("sweep")
    assert "0 dead" in idle_system.unbet("parked", "list").stdout

"""Workers, Flower and `celery inspect`, killed ten times."""

import pytest

from tests.system.processes import System
from tests.system.test_flower import Window
from tests.system.test_worker_program import window as window
from tests.system.workers import require_no_traces


@pytest.mark.timeout(400)
def test_who_is_killed_ten_times_leaves_no_key_in_redis_that_has_no_end(
    idle_system: System, window: Window
) -> None:
    require_no_traces(idle_system, window, times=10)

"""Each state of Redis for as long as an operator needs to see it."""

import sys
from pathlib import Path

import pytest

from tests.operating import Operator
from tests.system.faults import conftest as faults
from tests.system.faults.test_redis_states import require_survival
from tests.system.processes import System
from tests.system.redis_states import STATES

LASTS_S = 15.0

engine, environment, operator = faults.engine, faults.environment, faults.operator
own_services, service_url = faults.own_services, faults.service_url


@pytest.mark.parametrize("name", STATES)
def test_no_state_of_redis_ends_a_process_however_long_it_lasts(
    system: System, operator: Operator, own_services: Path, name: str
) -> None:
    system.start_sweep()
    took_s = require_survival(system, operator, own_services, STATES[name], LASTS_S)
    sys.stdout.write(f"{name}: fast again after {took_s:.1f} s\n")

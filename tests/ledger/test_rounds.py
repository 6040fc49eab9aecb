"""What a round of the sweep says of itself."""

import time

from prometheus_client import REGISTRY
from sqlalchemy import Engine

from worker.rounds import Sweep


def test_a_finished_round_says_when(engine: Engine) -> None:
    before = time.time()
    Sweep(engine).round()
    last = REGISTRY.get_sample_value("unbet_last_sweep_timestamp_seconds")
    assert last is not None
    assert before <= last <= time.time()

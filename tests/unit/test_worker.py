"""What the worker asks of the libraries under it."""

import time
from types import SimpleNamespace

from billiard.pool import Worker

from worker.pool import CONSUME_LIMIT_S


def test_a_child_that_ends_does_not_wait_long_for_its_results_to_be_taken() -> None:
    """A stop under load took half a minute, about one time in fifteen."""
    child = object.__new__(Worker)
    child.on_ready_counter = SimpleNamespace(value=0)  # none of them was
    started = time.monotonic()
    assert not child._ensure_messages_consumed(completed=1)
    assert CONSUME_LIMIT_S - 0.5 < time.monotonic() - started < CONSUME_LIMIT_S + 3

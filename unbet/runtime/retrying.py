"""The one loop that tries again until a deadline. A loop of its own has what never ends (a sweep, a
watch, Celery's consumer), and what must not hold up an event loop."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

FIRST_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 0.5


def retry_until(
    deadline: float,
    once: Callable[[], Result],
    *,
    errors: tuple[type[Exception], ...],
    may_retry: Callable[[Exception], bool],
    failed: Exception | None = None,
    max_pause_s: float = MAX_PAUSE_S,
) -> Result:
    """The result of `once`, run until it succeeds, fails with an error that is none of `errors` or
    that `may_retry` says no to, or `deadline` (of the monotonic clock) is near. The pauses grow and
    vary. `may_retry` is asked before each new try. `failed` is what a first try has met that was
    made already. Raises the last error.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            if failed is not None:
                error, failed = failed, None
                raise error
            return once()
        except errors as error:
            if time.monotonic() + pause_s >= deadline or not may_retry(error):
                raise
        time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - jitter, no secret
        pause_s = min(2 * pause_s, max_pause_s)

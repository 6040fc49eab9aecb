"""The loop that tries again until a deadline."""

import time
from collections.abc import Callable

import pytest

from unbet.runtime.retrying import retry_until


def failing(*errors: Exception) -> Callable[[], str]:
    """What meets these errors, one after the other, and then succeeds."""
    left = list(errors)

    def once() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return once


def tried(once: Callable[[], str], *, within_s: float, failed: Exception | None = None) -> str:
    return retry_until(
        time.monotonic() + within_s,
        once,
        errors=(OSError, ValueError),
        may_retry=lambda error: isinstance(error, OSError),
        failed=failed,
    )


def test_what_fails_for_a_while_is_tried_until_it_succeeds() -> None:
    assert tried(failing(OSError(), OSError()), within_s=60) == "done"


@pytest.mark.parametrize("error", [ValueError(), KeyError()])
def test_an_error_that_trying_again_does_not_help_is_raised_at_once(error: Exception) -> None:
    once = failing(error)
    with pytest.raises(type(error)):
        tried(once, within_s=60)
    assert once() == "done"  # nothing was tried after it


def test_a_try_that_was_made_before_counts_as_the_first() -> None:
    assert tried(failing(), within_s=60, failed=OSError()) == "done"
    with pytest.raises(ValueError, match="before"):
        tried(failing(), within_s=60, failed=ValueError("before"))


def test_without_time_for_another_try_the_last_error_is_raised() -> None:
    with pytest.raises(OSError, match="first"):
        tried(failing(OSError("first"), OSError("second")), within_s=0)

"""echo: answers right after validation, and does nothing: the ceiling."""

from starlette.types import ASGIApp

from api.waits import Decided
from benchmarks.baselines import serving, tuning
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome


class Echo:
    """Says of every cancel that it was reversed."""

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        decision = Decision.model_construct(request_id=cancel.request_id, outcome=Outcome.REVERSED)
        return Decided(decision, cancel.request_id)


def app() -> ASGIApp:
    return serving.application(Echo(), noted=False)


if __name__ == "__main__":
    serving.serve("benchmarks.baselines.echo", tuning.ECHO_PROCESSES)

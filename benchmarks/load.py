"""The load: wrk, a native program, sends one Cancel for each bet."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.filling import CURRENCY, PROVIDER, Bet

SCRIPT: Final = Path(__file__).with_name("load.lua")

TIMEOUT_S: Final = 10
"""PROTOCOL, "How the provider behaves": what takes longer is an error."""


class LoadError(Exception):
    """The load could not be offered; the text is for a person."""


@dataclass(frozen=True)
class Measured:
    """What wrk saw in one run."""

    asked: int
    """Requests made; a few of them may not have left."""
    answered: int
    """Cancels answered with error 0: what counts."""
    others: dict[str, int]
    """Other answers, by HTTP status and error code."""
    exhausted: bool
    """There were too few bets: the load ended too early, the figures are worthless."""
    seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    lost_connections: int
    timeouts: int
    references: list[str] = field(repr=False)
    """Those that were answered with error 0."""

    @property
    def per_second(self) -> float:
        """Cancels answered with error 0 per second."""
        return self.answered / self.seconds

    @property
    def failures(self) -> int:
        """Requests that got another answer, or none."""
        return sum(self.others.values()) + self.lost_connections + self.timeouts

    def document(self) -> dict[str, Any]:
        """All but the references, for JSON."""
        figures = asdict(self)
        del figures["references"]
        return figures | {"per_second": round(self.per_second, 1)}


def require_wrk() -> None:
    """Refuse to go on without the load generator. Raises `LoadError`."""
    if shutil.which("wrk") is None:
        raise LoadError(
            "wrk, the load generator, is not installed: `apt-get install wrk` (or your system's "
            "own way) does it."
        )


def offer(
    url: str, bets: Sequence[Bet], *, connections: int, seconds: int, directory: Path
) -> Measured:
    """Cancel `bets`, one after the other on each of `connections`, for `seconds` seconds.

    `directory` takes the files that go to wrk and come from it. Raises `LoadError`.
    """
    asked, answered = directory / "asked", directory / "answered"
    with asked.open("w") as file:
        file.writelines(f"{bet.reference} {bet.user_id}\n" for bet in bets)
    options = f"-t1 -c{connections} -d{seconds}s --timeout {TIMEOUT_S}s".split()
    arguments = (str(asked), str(answered), PROVIDER, CURRENCY)
    limit_s = seconds + 3 * TIMEOUT_S
    try:
        ran = subprocess.run(
            ["wrk", *options, "-s", str(SCRIPT), url, "--", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"wrk did not end within {limit_s:.0f} seconds") from None
    said = ran.stdout.rstrip()
    if ran.returncode or not said.endswith("}"):
        raise LoadError(f"wrk failed: {said[-2000:]}")
    references = answered.read_text().split()
    measured = Measured(**json.loads(said.splitlines()[-1]), references=references)
    if measured.answered != len(references):
        raise LoadError(f"wrk counted {measured.answered} answers and noted {len(references)}")
    return measured

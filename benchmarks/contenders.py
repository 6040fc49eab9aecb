"""The contenders: Unbet and the baselines, each with its processes."""

from dataclasses import dataclass
from typing import Final

from honcho.environ import parse_procfile

from benchmarks.baselines import TUNING
from unbet.local.processes import ROOT

_OURS: Final[dict[str, str]] = parse_procfile((ROOT / "Procfile").read_text()).processes


@dataclass(frozen=True)
class Contender:
    """One way to answer Cancels."""

    commands: dict[str, str]
    """By the process's name, as in a Procfile; `web` serves."""
    at_most_per_s: int
    """More cancels a second than it can answer here: how many bets its warm-up needs."""
    keeps_the_ledger: bool = True
    """Whether it reverses what it is asked to."""


def _baseline(name: str) -> str:
    return f"python -m benchmarks.baselines {name}"


_NAIVE_WORKER: Final = (
    "celery --app benchmarks.baselines.naive_queue worker --pool threads --loglevel WARNING "
    f"--concurrency {TUNING['NAIVE_WORKER_THREADS']}"
)

CONTENDERS: Final = {
    "unbet": Contender({name: _OURS[name] for name in ("web", "worker", "sweep")}, 15_000),
    "direct": Contender({"web": _baseline("direct")}, 6_000),
    "naive": Contender({"web": _baseline("naive"), "worker": _NAIVE_WORKER}, 2_000),
    "direct-grouped": Contender({"web": _baseline("grouped")}, 15_000),
    "echo": Contender({"web": _baseline("echo")}, 40_000, keeps_the_ledger=False),
}

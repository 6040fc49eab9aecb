"""The contenders: Unbet and the baselines, each with its processes."""

import base64
import secrets
from dataclasses import dataclass
from typing import Final

from honcho.environ import parse_procfile

from benchmarks.baselines import TUNING
from benchmarks.slow_wallet import MILLISECONDS, PORT
from unbet.local.ports import reserve_port
from unbet.local.processes import ROOT
from unbet.local.services.state_files import HOST

_OURS: Final[dict[str, str]] = parse_procfile((ROOT / "Procfile").read_text()).processes


@dataclass(frozen=True)
class Contender:
    """One way to answer Cancels."""

    commands: dict[str, str]
    """By the process's name, as in a Procfile; `web` serves."""
    at_most_per_s: int
    """More cancels a second than it can answer here: how many bets its warm-up needs."""
    keeps_the_ledger: bool = True
    """Whether it reverses what it is asked to, in the ledger."""
    wallet_ms: int | None = None
    """What the wallet service takes a call, of Unbet with such a wallet."""

    def variables(self) -> dict[str, str]:
        """Those that it needs besides; a wallet service has a port of its own each time."""
        if self.wallet_ms is None:
            return {}
        port = str(reserve_port())
        return {
            PORT: port,
            MILLISECONDS: str(self.wallet_ms),
            "UNBET_WALLET": "http",
            "UNBET_WALLET_MAX_TOGETHER": "64",  # it takes as long for one
            "UNBET_WALLET_URL": f"http://{HOST}:{port}",
            "UNBET_WALLET_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }


def _baseline(name: str) -> str:
    return f"python -m benchmarks.baselines {name}"


_NAIVE_WORKER: Final = (
    "celery --app benchmarks.baselines.naive_queue worker --pool threads --loglevel WARNING "
    f"--concurrency {TUNING['NAIVE_WORKER_THREADS']}"
)

_UNBET: Final = {name: _OURS[name] for name in ("web", "worker", "sweep")}

CONTENDERS: Final = {
    "unbet": Contender(_UNBET, 15_000),
    "direct": Contender({"web": _baseline("direct")}, 6_000),
    "naive": Contender({"web": _baseline("naive"), "worker": _NAIVE_WORKER}, 2_000),
    "direct-grouped": Contender({"web": _baseline("grouped")}, 15_000),
    "echo": Contender({"web": _baseline("echo")}, 40_000, keeps_the_ledger=False),
}

_SERVICE: Final = {"wallet": "python -m benchmarks.slow_wallet"}

WALLETS: Final = {
    "ledger": CONTENDERS["unbet"],
    **{
        f"http wallet {ms} ms": Contender(
            _SERVICE | _UNBET, 15_000, keeps_the_ledger=False, wallet_ms=ms
        )
        for ms in (5, 50, 200)
    },
}
"""Unbet with the built-in ledger, and with a wallet service."""

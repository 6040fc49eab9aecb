"""The built-in ledger over HTTP, as a program of an operator's uses it."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx

from tests.servers import reserve_port
from tests.system.processes import System

RIGHTS = ("bets", "money", "correct", "read")
ALL = "a-token-with-all-rights-for-tests-only"


def token_of(right: str) -> str:
    """One that is good for nothing else."""
    return f"a-token-for-{right}-only-{'x' * 32}"


class LedgerHttp:
    """The process `ledger` of a system, and a caller with every right."""

    def __init__(self, system: System) -> None:
        self.system = system
        tokens = [f"all:{'+'.join(RIGHTS)}:{ALL}", *(f"{r}:{r}:{token_of(r)}" for r in RIGHTS)]
        system.environment["UNBET_LEDGER_TOKENS"] = ",".join(tokens)
        system.environment["UNBET_LEDGER_PORT"] = str(reserve_port())
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{system.environment['UNBET_LEDGER_PORT']}",
            headers={"Authorization": f"Bearer {ALL}"},
            timeout=10,
            trust_env=False,
        )

    def start(self) -> None:
        self.system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
        self.system.wait("the ledger", self.is_ready)

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self.http.get("/readyz").is_success
        return False

    def post(self, path: str, *, token: str = ALL, key: str | None = None, **body: Any) -> Any:
        """An operation; its key is its reference unless `key` says otherwise."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or body["reference"]}
        return self.http.post(path, json=body, headers=headers)

    def deposit(self, amount: str, reference: str, **more: Any) -> httpx.Response:
        return self._done("/deposits", amount=amount, reference=reference, **PLAYER, **more)

    def bet(self, amount: str, reference: str, **more: Any) -> httpx.Response:
        body = {**PLAYER, "provider": PROVIDER, "amount": amount, "reference": reference, **more}
        return self._done("/bets", **body)

    def cash(self) -> str:
        response = self.http.get("/balances", params=PLAYER)
        assert response.status_code == 200, response.text
        return str(response.json()["cash"])

    def _done(self, path: str, **body: Any) -> httpx.Response:
        response: httpx.Response = self.post(path, **body)
        return response

    def close(self) -> None:
        self.http.close()


PLAYER = {"user_id": "alice", "currency": "EUR"}
PROVIDER = "LuckyMonaco"


def serving(system: System) -> Iterator[LedgerHttp]:
    """Started, and closed in the end; the system ends its processes."""
    ledger = LedgerHttp(system)
    ledger.start()
    yield ledger
    ledger.close()

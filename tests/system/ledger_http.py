"""The built-in ledger over HTTP, as a program of an operator's uses it."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.servers import reserve_port
from tests.system.processes import System

RIGHTS: Final = ("bets", "money", "correct", "read")
ALL: Final = "a-token-with-all-rights-for-tests-only"
PROVIDER: Final = "LuckyMonaco"
DONE: Final = {"status": "done", "replayed": False}
REPLAYED: Final = {"status": "done", "replayed": True}


def token_of(right: str) -> str:
    """One that is good for nothing else."""
    return f"a-token-for-{right}-only-{'x' * 32}"


def tokens() -> str:
    """The variable: one with every right, and one for each."""
    each = (f"{right}:{right}:{token_of(right)}" for right in RIGHTS)
    return ",".join([f"all:{'+'.join(RIGHTS)}:{ALL}", *each])


class LedgerHttp:
    """The process `ledger` of a system, and a caller with every right."""

    def __init__(self, system: System) -> None:
        self.system = system
        system.environment["UNBET_LEDGER_TOKENS"] = tokens()
        system.environment["UNBET_LEDGER_PORT"] = str(reserve_port())
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{system.environment['UNBET_LEDGER_PORT']}",
            headers={"Authorization": f"Bearer {ALL}"},
            timeout=20,
            trust_env=False,
        )

    def start(self) -> None:
        self.system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
        self.system.wait("the ledger", self.is_ready)

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self.http.get("/readyz").is_success
        return False

    def post(
        self, path: str, body: dict[str, Any], *, key: str | None = None, token: str = ALL
    ) -> httpx.Response:
        """An operation; its key is its reference unless `key` says otherwise."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or body["reference"]}
        return self.http.post(path, json=body, headers=headers)

    def said(self) -> str:
        return self.system.said("ledger")


class Player:
    """One player of a test's own, and what happens to their money."""

    def __init__(self, ledger: LedgerHttp) -> None:
        self.ledger = ledger
        self.user_id = uuid4().hex

    @property
    def account(self) -> dict[str, str]:
        return {"user_id": self.user_id, "currency": "EUR"}

    def reference(self, name: str) -> str:
        """Of this test alone."""
        return f"{self.user_id[:20]}-{name}"

    def deposit(self, amount: str, name: str = "d1", **more: Any) -> httpx.Response:
        body = {**self.account, "amount": amount, "reference": self.reference(name), **more}
        return self.ledger.post("/deposits", body)

    def bet_body(self, amount: str, name: str) -> dict[str, Any]:
        reference = self.reference(name)
        return {**self.account, "provider": PROVIDER, "amount": amount, "reference": reference}

    def bet(self, amount: str, name: str, **more: Any) -> httpx.Response:
        return self.ledger.post("/bets", {**self.bet_body(amount, name), **more})

    def settle(self, bet: str, amount: str, name: str | None = None) -> httpx.Response:
        body = {
            "provider": PROVIDER,
            "bet_reference": self.reference(bet),
            "reference": self.reference(name or bet),
            "amount": amount,
        }
        return self.ledger.post("/settlements", body)

    def withdraw(self, amount: str, name: str = "w1") -> httpx.Response:
        body = {**self.account, "amount": amount, "reference": self.reference(name)}
        return self.ledger.post("/withdrawals", body)

    def end(self, how: str, name: str = "w1") -> httpx.Response:
        """`complete` or `release` it."""
        return self.ledger.post(f"/withdrawals/{how}", {"reference": self.reference(name)})

    def convert(self, amount: str, name: str = "v1") -> httpx.Response:
        body = {**self.account, "amount": amount, "reference": self.reference(name)}
        return self.ledger.post("/conversions", body)

    def correct(self, direction: str, amount: str, name: str, **more: Any) -> httpx.Response:
        why = {"reason": "a test", "made_by": "ada"}
        body = {**self.account, "direction": direction, "amount": amount, **why, **more}
        return self.ledger.post("/corrections", {**body, "reference": self.reference(name)})

    def balances(self) -> dict[str, str]:
        response = self.ledger.http.get("/balances", params=self.account)
        assert response.status_code == 200, response.text
        assert {name: response.json().pop(name) for name in self.account} == self.account
        return {name: each for name, each in response.json().items() if name not in self.account}

    def cash(self) -> str:
        return self.balances()["cash"]


@contextmanager
def serving(system: System) -> Iterator[LedgerHttp]:
    """Started; the system ends its processes."""
    ledger = LedgerHttp(system)
    with closing(ledger.http):
        ledger.start()
        yield ledger


def problem_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """What it says, which must be a problem of this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:unbet:problem:")
    return document


@pytest.fixture(scope="module")
def ledger(kept_system: System) -> Iterator[LedgerHttp]:
    with serving(kept_system) as started:
        yield started


@pytest.fixture
def player(ledger: LedgerHttp) -> Player:
    return Player(ledger)

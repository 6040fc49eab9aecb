"""The casino of an example as a process, and what comes to it over HTTP."""

import sys

import httpx

from tests.servers import reserve_port
from tests.system.processes import EXAMPLE, System
from tests.waiting import until

PLAYER = {"player": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
BET = PLAYER | {"provider": EXAMPLE["providerId"], "amount": "10.00"}


def start_casino(system: System, module: str) -> str:
    """Its URL, where it answers."""
    port = reserve_port()
    system.environment["CASINO_PORT"] = str(port)
    system.start("casino", sys.executable, "-m", module)
    url = f"http://127.0.0.1:{port}"
    until(lambda: _answers(url), "the casino has not started", seconds=60)
    return url


def bets_meet_their_cancels(system: System) -> None:
    """A cancel gives the stake back, once; a bet that comes after its cancel is refused; a settled
    bet stays so; a number for an amount is refused."""
    url = f"http://127.0.0.1:{system.environment['CASINO_PORT']}"
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as http:

        def post(path: str, document: object) -> object:
            return http.post(path, json=document).json()

        def cash() -> str:
            return str(http.get("/balance", params=PLAYER).json()["cash"])

        assert post("/deposit", PLAYER | {"amount": "100.00"}) == {
            "cash": "100.00",
            "bonus": "0.00",
        }
        for _ in range(2):
            placed = post("/bet", BET | {"reference": "placed"})
            assert placed == {"taken": True, "state": "placed"}
        assert cash() == "90.00"
        assert [system.cancel(reference="placed")["error"] for _ in range(2)] == [0, 0]
        assert cash() == "100.00"

        assert system.cancel(reference="late")["error"] == 0
        late = post("/bet", BET | {"reference": "late"})
        assert late == {"taken": False, "state": "cancelled"}

        post("/bet", BET | {"reference": "settled"})
        result = {"provider": BET["provider"], "reference": "settled", "amount": "25.00"}
        assert post("/result", result) == {"state": "settled"}
        assert system.cancel(reference="settled")["error"] == 120
        assert cash() == "115.00"

        assert http.post("/bet", json=BET | {"reference": "r", "amount": 10.1}).status_code == 422


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/openapi.json", trust_env=False).is_success
    except httpx.HTTPError:
        return False

"""`unbet wallet check`, as an operator runs it, is green on the wallet service on MariaDB."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlalchemy import Engine

from tests.servers import reserve_port
from tests.system.processes import System
from tests.waiting import until
from tests.wallets.service import SECRET

RACES: Final = 200
LIMIT_S: Final = 540


@pytest.fixture
def system(idle_system: System, casino_engine: Engine) -> System:
    """The service, and what Unbet is told of it."""
    port = reserve_port()
    idle_system.environment |= {
        "CASINO_DATABASE_URL": casino_engine.url.render_as_string(hide_password=False),
        "CASINO_WALLET_SECRETS": SECRET,
        "CASINO_PORT": str(port),
        "UNBET_WALLET": "http",
        "UNBET_WALLET_URL": f"http://127.0.0.1:{port}",
        "UNBET_WALLET_SECRETS": SECRET,
        "UNBET_WALLET_CLOSES_UNKNOWN": "true",
    }
    idle_system.start("wallet", sys.executable, "-m", "examples.wallet_http")
    until(lambda: _listens(idle_system), "the service has not started", seconds=60)
    return idle_system


@pytest.mark.timeout(LIMIT_S + 60)
def test_every_rule_is_kept(system: System) -> None:
    ran = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("unbet")), "wallet", "check", "--json"),
            *("--command", f"{sys.executable} -m examples.wallet_http.check_bets"),
            *("--races", str(RACES)),
        ],
        env=os.environ | system.environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = json.loads(ran.stdout)
    assert [one for one in report["rules"] if one["verdict"] != "kept"] == []


def test_bets_over_http_meet_their_cancels(system: System) -> None:
    player = {"player": "123456", "currency": "USD"}
    bet = player | {"provider": "LuckyMonaco", "amount": "10.00"}
    system.start_both()
    assert _post(system, "/deposit", player | {"amount": "100.00"}) == {
        "cash": "100.00",
        "bonus": "0.00",
    }
    assert _post(system, "/bet", bet | {"reference": "r1"}) == {"taken": True, "state": "placed"}
    assert system.cancel(reference="r1")["error"] == 0
    assert httpx.get(_url(system, "/balance"), params=player, trust_env=False).json() == {
        "cash": "100.00",
        "bonus": "0.00",
    }
    assert system.cancel(reference="r2")["error"] == 0
    assert _post(system, "/bet", bet | {"reference": "r2"}) == {
        "taken": False,
        "state": "cancelled",
    }


def _post(system: System, path: str, document: object) -> object:
    return httpx.post(_url(system, path), json=document, timeout=10, trust_env=False).json()


def _url(system: System, path: str) -> str:
    return f"{system.environment['UNBET_WALLET_URL']}{path}"


def _listens(system: System) -> bool:
    try:
        return httpx.get(_url(system, "/openapi.json"), trust_env=False).is_success
    except httpx.HTTPError:
        return False

"""`unbet wallet check`, as an operator runs it, is green on the wallet service on MariaDB."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from tests.system.processes import System
from tests.wallets.casino_process import bets_meet_their_cancels, start_casino
from tests.wallets.service import SECRET

RACES: Final = 200
LIMIT_S: Final = 540


@pytest.fixture
def system(idle_system: System, casino_engine: Engine) -> System:
    """The service, and what Unbet is told of it."""
    idle_system.environment |= {
        "CASINO_DATABASE_URL": casino_engine.url.render_as_string(hide_password=False),
        "CASINO_WALLET_SECRETS": SECRET,
        "UNBET_WALLET": "http",
        "UNBET_WALLET_SECRETS": SECRET,
        "UNBET_WALLET_CLOSES_UNKNOWN": "true",
    }
    idle_system.environment["UNBET_WALLET_URL"] = start_casino(idle_system, "examples.wallet_http")
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
    system.start_both()
    bets_meet_their_cancels(system)

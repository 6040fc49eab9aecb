"""What a person sees of cancels that an operator's wallet service has decided, through real
processes."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from tests.making import PROVIDER
from tests.servers import reserve_port
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.http_system import HttpSystem
from tests.wallets.players_casino import PlayersCasino

REFERENCE, PLAYER = EXAMPLE["reference"], EXAMPLE["userId"]
WHOLE = ("--since", "2020-01-01", "--until", "2100-01-01")
ANNA = ("anna", "a-password-of-annas")


class TestLooks(HttpSystem):
    @pytest.fixture
    def console(self, system: System) -> Iterator[httpx.Client]:
        port = reserve_port()
        system.environment |= {
            "UNBET_CONSOLE_PORT": str(port),
            "UNBET_CONSOLE_BASIC_AUTH": ":".join(ANNA),
        }
        system.start("console", sys.executable, "-m", "unbet.console")
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, auth=ANNA, trust_env=False) as client:
            until(lambda: _answers(client), "the console has not started", seconds=30)
            yield client

    def test_explain_says_what_the_wallet_told_of_each_cancel(
        self, system: System, casino: PlayersCasino, proxy: Proxy
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        assert [system.cancel()["error"] for _ in range(2)] == [0, 0]
        shown = _explain(system, REFERENCE)
        assert shown.startswith("Cancelled once: the wallet http returned the stake, recorded on ")
        assert "cash 100.00 USD after it; 1 retransmission answered the same." in shown
        assert f"{REFERENCE} at {PROVIDER}, wallet http, times in UTC" in shown
        assert "No bet" not in shown
        assert "tombstone" not in shown

        history = _document(system, REFERENCE)
        assert history["wallet"] == "http"
        assert [one["wallet"] for one in history["requests"]] == ["http"] * 2
        assert [one["replayed"] for one in history["requests"]] == [False, True]
        assert {one["cash"] for one in history["requests"]} == {"100.00"}

        # The wallet has decided, and its first answer was lost.
        casino.bet("lost", "10.00")
        proxy.faults.append(Fault.DROPPED)
        assert system.cancel(reference="lost")["error"] == 0
        assert "decided before, as the wallet says, cash 100.00 USD" in _explain(system, "lost")

        assert system.cancel(reference="late")["error"] == 0
        assert _explain(system, "late").startswith("No such bet in the wallet http, recorded on ")
        casino.bet("settled", "10.00")
        casino.settle("settled", "25.00")
        assert system.cancel(reference="settled")["error"] == 120
        assert "in the wallet http the bet had its result" in _explain(system, "settled")

    def test_explain_does_not_say_what_a_wallet_without_an_answer_has_done(
        self, system: System, casino: PlayersCasino, proxy: Proxy
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        proxy.faults.extend([Fault.DROPPED] * 1000)
        assert system.cancel()["error"] == 100
        shown = _explain(system, REFERENCE)
        assert shown.startswith("Not decided yet: ")
        assert "the wallet http was first asked on " in shown
        assert "what it has done is not known here" in shown
        assert "nothing was returned" not in shown
        assert casino.money()[0] == 100  # it has

    def test_audit_export_and_reconcile_know_what_the_wallet_told(
        self, system: System, casino: PlayersCasino, casino_engine: Engine, tmp_path: Path
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        assert system.cancel()["error"] == 0
        assert system.cancel(reference="late")["error"] == 0

        audit = system.unbet("audit", "--json")
        assert (audit.returncode, json.loads(audit.stdout)["ok"]) == (0, True), audit.stderr
        assert casino.money()[0] == 100
        exported = system.unbet("export", *WHOLE)
        assert exported.stdout.count(",http,") == 2
        (tmp_path / "list.csv").write_text(exported.stdout)
        reconciled = system.unbet("reconcile", str(tmp_path / "list.csv"), *WHOLE)
        assert reconciled.returncode == 0, reconciled.stdout

        with casino_engine.begin() as connection:
            connection.execute(text("UPDATE casino.bets SET outcome = 'settled'"))
        audit = system.unbet("audit")
        assert audit.returncode == 1
        assert "Does not hold (outcome)" in audit.stdout
        assert REFERENCE in audit.stdout

    def test_the_console_shows_what_the_wallet_told(
        self, system: System, casino: PlayersCasino, console: httpx.Client
    ) -> None:
        casino.bet(REFERENCE, "10.00")
        assert system.cancel()["error"] == 0
        page = console.get("/explain", params={"reference": REFERENCE}).text
        assert 'wallet <span class="key">http</span>' in page
        assert "the wallet http returned the stake" in page
        assert "Told by the wallet" in page
        assert "100.00 USD" in page


def _explain(system: System, reference: str) -> str:
    """On one line."""
    ran = system.unbet("explain", reference)
    assert ran.returncode == 0, ran.stderr
    return " ".join(ran.stdout.split())


def _document(system: System, reference: str) -> dict[str, Any]:
    (history,) = json.loads(system.unbet("explain", reference, "--json").stdout)["stories"]
    return dict(history)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").is_success
    except httpx.TransportError:
        return False

"""Our own endpoint keeps every rule that the conformance kit knows."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.system.processes import ROOT, System

DIALECTS = ["lucky-monaco-v4", "lucky-monaco-v1"]


def unbet(system: System, *arguments: str) -> tuple[int, Any]:
    """Exit status and document of a command."""
    ended = subprocess.run(
        [sys.executable, "-c", "from unbet.cli.main import main; main()", *arguments, "--json"],
        cwd=ROOT,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, json.loads(ended.stdout or "null")


def test_of_bets_of_another_provider_it_says_what_is_wrong(idle_system: System) -> None:
    idle_system.start_both()
    url = f"{idle_system.http.base_url}/{idle_system.environment['UNBET_URL_SECRET']}"
    idle_system.environment["UNBET_PROVIDER_ID"] = "Another"
    ended = idle_system.unbet("conformance", url)
    assert ended.returncode == 1
    assert "The bets were placed for Another (UNBET_PROVIDER_ID)" in ended.stderr


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
def test_our_own_endpoint_keeps_every_rule(idle_system: System, dialect: str) -> None:
    idle_system.environment |= {"UNBET_DIALECT": dialect, "UNBET_ALLOWED_IPS": "127.0.0.1/32"}
    idle_system.start_both()
    url = f"{idle_system.http.base_url}/{idle_system.environment['UNBET_URL_SECRET']}"

    options = ("--dialect", dialect, "--refused-from", "127.0.0.2")
    status, document = unbet(idle_system, "conformance", url, *options)

    wrong = [rule for rule in document["rules"] if rule["verdict"] != "kept"]
    assert wrong == []
    assert (status, document["ok"], document["kept"]) == (0, True, len(document["rules"]))
    assert unbet(idle_system, "audit")[1]["ok"] is True

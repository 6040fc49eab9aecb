"""A short chaos run with each wallet that is not the built-in ledger, each with another provider:
nothing is lost, nothing doubled, by the wallet's own rows. The ledger's run with Lucky Monaco is in
`tests/system/test_chaos.py`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

UNBET = str(Path(sys.executable).with_name("unbet"))
SECONDS = 25

RUNS = [("sql", "bgaming", 7, "200"), ("http", "evolution", 1237, "OK")]
"""Wallet, dialect, seed and a success's code. Of `http`, the first faults are of the service, its
answers and its database."""


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("wallet", "dialect", "seed", "success"), RUNS)
def test_nothing_is_lost_and_nothing_doubled_in_a_wallet_of_ones_own(
    wallet: str, dialect: str, seed: int, success: str, tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    ran = subprocess.run(
        [UNBET, "chaos", "--wallet", wallet, "--dialect", dialect, "--seconds", str(SECONDS),
         "--rate", "30", "--seed", str(seed), "--dir", str(tmp_path / "run"),
         "--json", str(result)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=380,
    )  # fmt: skip
    document: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
    assert ran.returncode == 0, ran.stdout
    assert (document["ok"], document["wallet"], document["dead"]) == (True, wallet, 0)
    assert document["dialect"] == dialect
    assert document["cancels"] > 100
    assert document["answers"][success] > 20
    assert document["faults_not_undone"] == {}
    of_the_wallet = [name for name in document["faults"] if name.startswith("wallet")]
    assert len(of_the_wallet) >= (3 if wallet == "http" else 0)

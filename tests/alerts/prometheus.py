"""A real Prometheus that scrapes a system of the test's, with `deploy/prometheus/alerts.yml`."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx

from tests.servers import reserve_port
from tests.system.processes import ROOT

RULES: Final = ROOT / "deploy" / "prometheus" / "alerts.yml"
NAMES: Final = frozenset(re.findall(r"- alert: (\w+)", RULES.read_text()))
LIMIT_S: Final = 40.0

SOONER: Final = {
    "(rate(unbet_answer_seconds_bucket[5m]))) > 5\n": "> 2\n",
    "max(unbet_queue_oldest_age_seconds) > 10 ": "> 2 ",
    "max(unbet_parked_oldest_age_seconds) > 300\n": "> 2\n",
}
"""Thresholds that a test would wait for too long."""

CONFIGURATION: Final = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}}
rule_files: [{rules}]
scrape_configs:
  - job_name: unbet
    static_configs: [{{targets: [{targets}]}}]
"""


class Prometheus:
    """Minutes are seconds here, so that what fires and clears does so in seconds."""

    def __init__(self, directory: Path, targets: Sequence[str]) -> None:
        directory.mkdir()
        rules, configuration = directory / "alerts.yml", directory / "prometheus.yml"
        rules.write_text(hurried(RULES.read_text()))
        listed = ", ".join(f'"{target}"' for target in targets)
        configuration.write_text(CONFIGURATION.format(rules=rules, targets=listed))
        self._log = directory / "log"
        self._address = f"127.0.0.1:{reserve_port()}"
        self._command = [
            program("prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={self._address}",
            "--query.lookback-delta=5s",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        self.until(self._is_ready, lambda: f"Prometheus did not start: {self._log.read_text()}")

    def firing(self) -> list[dict[str, str]]:
        """The labels of each alert that fires now."""
        alerts = self._ask("/api/v1/alerts").json()["data"]["alerts"]
        return [alert["labels"] for alert in alerts if alert["state"] == "firing"]

    def query(self, expression: str) -> list[Any]:
        """The samples that `expression` finds now."""
        response = self._ask("/api/v1/query", query=expression)
        return list(response.json()["data"]["result"])

    def until(self, true: Callable[[], object], what: Callable[[], str]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < deadline, what()
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self._ask("/-/ready").is_success
        return False

    def _ask(self, path: str, **parameters: str) -> httpx.Response:
        url = f"http://{self._address}{path}"
        return httpx.get(url, params=parameters, timeout=5, trust_env=False)


def hurried(rules: str) -> str:
    """The rules with short times; each threshold that is to be exchanged must be there once."""
    for there, sooner in SOONER.items():
        assert rules.count(there) == 1, there
        rules = rules.replace(there, there.rpartition(">")[0] + sooner)
    rules = re.sub(r"offset \d+d", "offset 10s", re.sub(r"\[\d+[mhd]\]", "[6s]", rules))
    return re.sub(r"for: \d+m", "for: 1s", rules)


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is not installed: `apt-get install prometheus`"
    return found

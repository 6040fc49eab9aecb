"""`unbet run` as a newcomer sees it: the demonstration, what its pages show, whose roles."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from sqlalchemy import Engine, text

from tests.ledger.rights import rights_of
from tests.servers import services
from tests.system.processes import EXAMPLE
from tests.waiting import until

SCRIPT = str(Path(sys.executable).with_name("unbet"))
ROLES_AT_WORK = {
    ("unbet-console", "unbet_console_login"),
    ("unbet-receiver", "unbet_receiver_login"),
    ("unbet-sweep", "unbet_worker_login"),
    ("unbet-worker", "unbet_worker_login"),
}


def test_run_does_its_demonstration_and_leaves_no_process_behind(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UNBET_PORT": "0",
        "UNBET_CONSOLE_PORT": "0",
        "UNBET_FLOWER_PORT": "0",
    }
    command = [SCRIPT, "run", "--dir", str(tmp_path / "data")]
    said = ""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                said += line
                if "Ctrl-C" in line:
                    break
            family = psutil.Process(process.pid).children(recursive=True)
            assert "Press Ctrl-C" in said, said
            assert "ledger, for LuckyMonaco (lucky-monaco-v4)" in said
            assert "P1  A bet is reversed at most once, for ever." in said
            ready = next(word for word in said.split() if word.endswith("/readyz"))
            counted = httpx.get(ready.replace("/readyz", "/metrics"), trust_env=False).text
            flower = next(word for word in said.split() if word.endswith("/tasks"))
            password = (tmp_path / "data" / "flower-password").read_text()
            _shows(flower, password, _address(said))
            address = said.partition("Console ")[2].split()[0]
            login = ("unbet", (tmp_path / "data" / "console-password").read_text())
            console = httpx.get(address, auth=login, trust_env=False)
            until(lambda: _roles_at_work(tmp_path / "data") == ROLES_AT_WORK, "other roles")
            process.send_signal(signal.SIGINT)
            said += process.communicate(timeout=60)[0]
        finally:
            # Gently first: killed, it would leave behind what it started.
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
    assert process.returncode == 0, said
    assert password not in said
    assert (
        'unbet_answers_total{code="0",dialect="lucky-monaco-v4",outcome="reversed",'
        'provider="LuckyMonaco"} 1.0' in counted
    )
    assert "balance   100.00 USD\n" in said
    assert "balance    90.00 USD\n" in said
    assert '{"error": 0, "description": "Success", "reference": "585c1306f89c56f5ecfc2f5d"}' in said
    assert said.count("as user `unbet`; its password is in ") == 2
    assert console.status_code == 200
    assert "<h1" in console.text
    assert len(family) >= 4
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    at_work = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info)]
    assert at_work == []


def _roles_at_work(directory: Path) -> set[tuple[str, str]]:
    """Who is at work in the database of `unbet run`, and with whose rights."""
    url = services.status(directory).services.database_url
    assert url
    query = "SELECT application_name, usename FROM pg_stat_activity WHERE usename <> 'unbet'"
    with psycopg.connect(url) as connection:
        return set(connection.execute(query).fetchall())


@pytest.mark.long
def test_run_leaves_the_roles_of_an_operators_own_database_alone(
    environment: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("REVOKE ALL ON unbet.parked FROM unbet_receiver"))
        before = rights_of(connection)
    result = subprocess.run(
        [SCRIPT, "run", "--no-stay", "--dir", str(tmp_path / "data")],
        env=environment | {"UNBET_PORT": "0", "UNBET_CONSOLE_PORT": "0", "UNBET_FLOWER_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with engine.begin() as connection:
        assert rights_of(connection) == before
    assert list((tmp_path / "data").glob("unbet_*-password")) == []


def _address(said: str) -> str:
    """Where the provider sends its cancels."""
    return next(word for word in said.split() if word.endswith("/V4/Cancel"))


def _shows(url: str, password: str, endpoint: str) -> None:
    """Flower is up and has the task with the reference that it carries. It shows what has happened
    since it came up, and `unbet run` does not wait for that."""
    deadline = time.monotonic() + 20
    rows = f"{url}/datatable"  # what the page's table is filled from
    query: dict[str, str | int] = {"draw": 1, "start": 0, "length": 10, "search[value]": ""}
    query |= {"columns[0][data]": "name", "order[0][column]": 0, "order[0][dir]": "asc"}
    page = ""
    while str(EXAMPLE["reference"]) not in page:
        assert time.monotonic() < deadline, page
        httpx.post(endpoint, json=EXAMPLE, trust_env=False, timeout=10)
        try:
            page = httpx.get(
                rows, params=query, auth=("unbet", password), timeout=5, trust_env=False
            ).text
        except httpx.TransportError as error:
            page = str(error)
        time.sleep(0.1)


@pytest.mark.long
def test_run_starts_with_a_dialect_that_its_example_is_none_of(tmp_path: Path) -> None:
    endpoint = {"provider": "LuckyMonaco", "dialect": "lucky-monaco-v1"}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UNBET_PORT": "0",
        "UNBET_CONSOLE_PORT": "0",
        "UNBET_FLOWER_PORT": "0",
        "UNBET_ENDPOINTS": json.dumps({"the-secret-of-the-later": endpoint}),
    }
    ended = subprocess.run(
        [SCRIPT, "run", "--no-stay", "--dir", str(tmp_path / "data")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "No demonstration: it has a lucky-monaco-v4 cancel" in ended.stdout

"""What a process says when it cannot start, and that it says it in one sentence."""

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

from ledger.roles import Role
from ops import services
from tests.databases import url_as
from tests.ledger.rights import rights_of
from tests.system.processes import EXAMPLE, ROOT, System
from tests.waiting import until

SCRIPT = str(Path(sys.executable).with_name("unbet"))
RECEIVER = [sys.executable, "-m", "api"]
WORKER = [sys.executable, "-m", "celery", "--app", "worker.app", "worker"]
SWEEP = [sys.executable, "-m", "worker.sweep"]
CONSOLE = [sys.executable, "-m", "ops.console"]


def end_of(command: list[str], environment: dict[str, str]) -> str:
    """Run a process that must not start, in its own role; what it says last."""
    return all_of(command, environment).strip().splitlines()[-1]


def all_of(command: list[str], environment: dict[str, str]) -> str:
    """The same; all that it says."""
    role = {"api": Role.RECEIVER, "ops.console": Role.CONSOLE}.get(command[-1], Role.WORKER)
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"UNBET_DATABASE_URL": url_as(role, environment["UNBET_DATABASE_URL"])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr, result.stderr
    return result.stderr


def test_a_receiver_without_a_secret_does_not_start(environment: dict[str, str]) -> None:
    del environment["UNBET_URL_SECRET"]
    assert "UNBET_URL_SECRET is not set" in end_of(RECEIVER, environment)


def test_a_receiver_that_may_hold_no_connection_does_not_start(
    environment: dict[str, str],
) -> None:
    said = end_of(["sh", "-c", f"ulimit -n 200; exec {sys.executable} -m api"], environment)
    assert "the system allows it 200 open files" in said


def test_a_console_without_a_login_does_not_start(environment: dict[str, str]) -> None:
    assert "UNBET_CONSOLE_BASIC_AUTH is not set" in end_of(CONSOLE, environment)


@pytest.mark.parametrize("command", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_a_wrong_setting_stops_the_start_and_is_named(
    command: list[str], environment: dict[str, str]
) -> None:
    environment["UNBET_UNKNOWN_REFERENCE"] = "maybe"
    said = end_of(command, environment)
    assert said.startswith(("The receiver does not start", "Celery does not start")), said
    assert "UNBET_UNKNOWN_REFERENCE has a wrong value 'maybe'" in said


@pytest.mark.parametrize("command", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_a_database_that_may_forget_commits_stops_the_start(
    command: list[str], environment: dict[str, str], engine: Engine
) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        said = end_of(command, environment)
        connection.execute(text(f"ALTER DATABASE {name} RESET synchronous_commit"))
    assert "synchronous_commit=off" in said


@pytest.mark.parametrize("command", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_a_database_without_schema_stops_the_start(
    command: list[str], environment: dict[str, str], engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    assert "run `unbet migrate`" in end_of(command, environment)


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


def test_run_leaves_the_roles_of_an_operators_own_database_alone(
    environment: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("REVOKE ALL ON parked FROM unbet_receiver"))
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
    columns = {"columns[0][data]": "name", "order[0][column]": 0, "order[0][dir]": "asc"}
    query = {"draw": 1, "start": 0, "length": 10, "search[value]": "", **columns}
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


@pytest.mark.parametrize(
    ("name", "value"),
    [("UNBET_PORT", "99999"), ("UNBET_FLOWER_PORT", "-1"), ("UNBET_CONSOLE_PORT", "²")],
)
def test_run_names_a_port_that_is_none(name: str, value: str, environment: dict[str, str]) -> None:
    said = end_of([SCRIPT, "run"], environment | {name: value})
    assert f"{name} has a wrong value '{value}'" in said


def test_run_names_a_host_that_is_none(environment: dict[str, str]) -> None:
    said = end_of([SCRIPT, "run"], environment | {"UNBET_HOST": "no.such.host.invalid"})
    assert "UNBET_HOST has a wrong value 'no.such.host.invalid'" in said


@pytest.mark.parametrize("command", [RECEIVER, WORKER, CONSOLE, SWEEP])
def test_each_process_warns_of_a_misspelt_setting(
    command: list[str], environment: dict[str, str]
) -> None:
    # And does not start, for another reason, after its warnings.
    told = "00000000-0000-4000-8000-000000000000"
    own = {"UNBET_ALOWED_IPS": "10.0.0.0/8", "UNBET_DEPLOYMENT": told}
    login = {"UNBET_CONSOLE_BASIC_AUTH": "unbet:a-password-for-tests"}
    said = all_of(command, environment | own | login)
    assert "UNBET_ALOWED_IPS is no setting and is ignored; is UNBET_ALLOWED_IPS meant?" in said
    assert f"UNBET_DEPLOYMENT says {told}." in said


def test_a_command_warns_of_a_misspelt_setting_beside_its_document(
    environment: dict[str, str],
) -> None:
    result = subprocess.run(
        [SCRIPT, "deployment", "show", "--json"],
        env=environment | {"UNBET_PROVIDER": "P"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "UNBET_PROVIDER is no setting and is ignored" in result.stderr
    assert json.loads(result.stdout)["at_origin"] is True


def test_run_says_which_port_is_taken(tmp_path: Path, idle_system: System) -> None:
    idle_system.start_receiver()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UNBET_PORT": idle_system.environment["UNBET_PORT"],
    }
    result = subprocess.run(
        [SCRIPT, "run", "--dir", str(tmp_path / "data")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert f"port {environment['UNBET_PORT']} is taken by pid" in result.stderr

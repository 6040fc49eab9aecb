"""What a process says when it cannot start, and that it says it in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.databases import url_as
from tests.servers import Role
from tests.system.processes import ROOT, System
from tests.tiers import long

SCRIPT = str(Path(sys.executable).with_name("unbet"))
RECEIVER = [sys.executable, "-m", "api"]
WORKER = [sys.executable, "-m", "celery", "--app", "worker.app", "worker"]
SWEEP = [sys.executable, "-m", "worker.sweep"]
CONSOLE = [sys.executable, "-m", "unbet.console"]
LEDGER = [sys.executable, "-m", "unbet.ledger_api"]

LEDGER_TOKENS = {"UNBET_LEDGER_TOKENS": f"all:bets:{'t' * 32}"}

ONE_AND_LONG = [RECEIVER, long(WORKER)]

ROLE_OF = {
    "api": Role.RECEIVER,
    "unbet.console": Role.CONSOLE,
    "unbet.ledger_api": Role.OPERATOR,
}


def end_of(command: list[str], environment: dict[str, str]) -> str:
    """Run a process that must not start, in its own role; what it says last."""
    return all_of(command, environment).strip().splitlines()[-1]


def all_of(command: list[str], environment: dict[str, str]) -> str:
    """The same; all that it says."""
    role = ROLE_OF.get(command[-1], Role.WORKER)
    url = url_as(role, environment["UNBET_DATABASE_URL"])
    said = output_of(command, environment | {"UNBET_DATABASE_URL": url})
    assert "Traceback" not in said, said
    return said


def output_of(command: list[str], environment: dict[str, str]) -> str:
    """What a process that must not start writes to standard error."""
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    return result.stderr


def test_a_receiver_without_a_secret_does_not_start(environment: dict[str, str]) -> None:
    del environment["UNBET_URL_SECRET"]
    assert "UNBET_URL_SECRET is not set" in end_of(RECEIVER, environment)


@pytest.mark.long
def test_a_receiver_that_may_hold_no_connection_does_not_start(
    environment: dict[str, str],
) -> None:
    said = end_of(["sh", "-c", f"ulimit -n 200; exec {sys.executable} -m api"], environment)
    assert "the system allows it 200 open files" in said


@pytest.mark.long
def test_a_console_without_a_login_does_not_start(environment: dict[str, str]) -> None:
    assert "UNBET_CONSOLE_BASIC_AUTH is not set" in end_of(CONSOLE, environment)


@pytest.mark.parametrize(
    ("command", "name", "who"),
    [
        (RECEIVER, "UNBET_DIALECT", "The receiver"),
        (WORKER, "UNBET_UNKNOWN_REFERENCE", "The worker"),
        (WORKER, "UNBET_DEPLOYMENT", "Celery"),
        (SWEEP, "UNBET_UNKNOWN_REFERENCE", "The sweep"),
        (CONSOLE, "UNBET_CONSOLE_PORT", "The console"),
        (LEDGER, "UNBET_LEDGER_PORT", "The ledger"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    command: list[str], name: str, who: str, environment: dict[str, str]
) -> None:
    said = end_of(command, environment | {name: "maybe"})
    assert said.startswith(f"{who} does not start"), said
    assert f"{name} has a wrong value 'maybe'" in said


@pytest.mark.parametrize(
    "command", [RECEIVER, WORKER, LEDGER], ids=["receiver", "worker", "ledger"]
)
def test_a_database_that_may_forget_commits_stops_the_start(
    command: list[str], environment: dict[str, str], engine: Engine
) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        said = end_of(command, environment | LEDGER_TOKENS)
        connection.execute(text(f"ALTER DATABASE {name} RESET synchronous_commit"))
    assert "synchronous_commit=off" in said


@pytest.mark.parametrize("command", ONE_AND_LONG, ids=["receiver", "worker"])
def test_a_database_without_schema_stops_the_start(
    command: list[str], environment: dict[str, str], engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE unbet.alembic_version"))
    assert "run `unbet migrate`" in end_of(command, environment)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "value"),
    [("UNBET_PORT", "99999"), ("UNBET_FLOWER_PORT", "-1"), ("UNBET_CONSOLE_PORT", "²")],
)
def test_run_names_a_port_that_is_none(name: str, value: str, environment: dict[str, str]) -> None:
    said = end_of([SCRIPT, "run"], environment | {name: value})
    assert f"{name} has a wrong value '{value}'" in said


@pytest.mark.long
def test_run_names_a_host_that_is_none(environment: dict[str, str]) -> None:
    said = end_of([SCRIPT, "run"], environment | {"UNBET_HOST": "no.such.host.invalid"})
    assert "UNBET_HOST has a wrong value 'no.such.host.invalid'" in said


@pytest.mark.parametrize("command", [*ONE_AND_LONG, *map(long, (CONSOLE, SWEEP, LEDGER))])
def test_each_process_warns_of_a_misspelt_setting(
    command: list[str], environment: dict[str, str]
) -> None:
    # And does not start, for another reason, after its warnings.
    told = "00000000-0000-4000-8000-000000000000"
    own = {"UNBET_ALOWED_IPS": "10.0.0.0/8", "UNBET_DEPLOYMENT": told}
    login = {"UNBET_CONSOLE_BASIC_AUTH": "unbet:a-password-for-tests"}
    said = all_of(command, environment | own | login | LEDGER_TOKENS)
    assert "UNBET_ALOWED_IPS is no setting and is ignored; is UNBET_ALLOWED_IPS meant?" in said
    assert f"UNBET_DEPLOYMENT says {told}." in said


@pytest.mark.long
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


@pytest.mark.long
def test_run_says_which_port_is_taken(tmp_path: Path, idle_system: System) -> None:
    idle_system.start_receiver()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UNBET_PORT": idle_system.environment["UNBET_PORT"],
    }
    said = output_of([SCRIPT, "run", "--dir", str(tmp_path / "data")], environment)
    assert f"port {environment['UNBET_PORT']} is taken by pid" in said


BROKEN_WORKER = """
from worker import app
app._check_dependencies = lambda: {}["a rule"]
app.app.worker_main(["worker"])
"""


def test_a_worker_whose_check_itself_fails_does_not_work_unchecked(
    environment: dict[str, str],
) -> None:
    """Celery logs what a handler raises, and goes on."""
    said = output_of([sys.executable, "-c", BROKEN_WORKER], environment)
    assert "The worker does not start: KeyError: 'a rule'" in said.splitlines()[-1]

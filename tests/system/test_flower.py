"""Flower: shows references to whoever has the password, and changes nothing."""

import base64
import json
import re
import shelve
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import psutil
import pytest
import redis
from flower.urls import handlers

from tests.databases import deployment_at
from tests.servers import reserve_port
from tests.system.processes import MESSAGE_KEY, System

USER, PASSWORD = "unbet", "a-password-for-tests"
LIMIT_S: Final = 20.0
MAX_WRONG: Final = 20
"""Wrong logins in a while, after which no other is looked at."""
MAX_TASKS: Final = 10_000
"""How many groups it remembers."""
OPEN: Final = {"/healthcheck", "/static/(.*)", "/login/?", "/logout", ".*"}
"""What Flower shows to everybody: that it runs, and how it looks."""


class Window:
    """Flower beside a system, and a client with its password."""

    def __init__(self, system: System, directory: Path) -> None:
        self.system = system
        self.file = directory / "flower" / "seen"
        port = reserve_port()
        system.environment |= {
            "UNBET_FLOWER_PORT": str(port),
            "UNBET_FLOWER_BASIC_AUTH": f"{USER}:{PASSWORD}",
            "UNBET_FLOWER_DB": str(self.file),
            # Told, since nothing may be at work yet that says so.
            "UNBET_DEPLOYMENT": str(deployment_at(system.environment["UNBET_DATABASE_URL"])),
        }
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            auth=(USER, PASSWORD),
            timeout=10,
            trust_env=False,
        )

    def start(self) -> None:
        self.system.start("flower", sys.executable, "-m", "unbet.console.flower")
        self.system.wait("Flower", self._is_up)

    def wait_for(self, path: str, told: Callable[[str], bool]) -> str:
        """The page at `path`, once it tells what is waited for."""
        deadline = time.monotonic() + LIMIT_S
        while not told(page := self.http.get(path).text):
            assert time.monotonic() < deadline, page
            time.sleep(0.05)
        return page

    def _is_up(self) -> bool:
        with suppress(httpx.TransportError):
            return self.http.get("/healthcheck").status_code == 200
        return False


@pytest.fixture
def window(idle_system: System, tmp_path: Path) -> Iterator[Window]:
    """Flower on its own."""
    made = Window(idle_system, tmp_path)
    made.start()
    yield made
    made.http.close()


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (None, "UNBET_FLOWER_BASIC_AUTH is not set"),
        ("unbet", "UNBET_FLOWER_BASIC_AUTH has a wrong value: expected user:password"),
    ],
)
def test_flower_does_not_start_without_a_password(
    idle_system: System, login: str | None, said: str
) -> None:
    if login:
        idle_system.environment["UNBET_FLOWER_BASIC_AUTH"] = login
    idle_system.start("flower", sys.executable, "-m", "unbet.console.flower")
    assert idle_system.processes["flower"].wait(LIMIT_S) == 1
    assert said in idle_system.said("flower")
    assert "Traceback" not in idle_system.said("flower")


def test_flower_does_not_choose_between_deployments(idle_system: System) -> None:
    idle_system.environment["UNBET_FLOWER_BASIC_AUTH"] = f"{USER}:{PASSWORD}"
    with redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as client:
        both = [str(uuid4()), str(uuid4())]
        client.zadd("unbet:deployments", dict.fromkeys(both, time.time()))
    idle_system.start("flower", sys.executable, "-m", "unbet.console.flower")
    assert idle_system.processes["flower"].wait(LIMIT_S) == 1
    said = idle_system.said("flower")
    assert "UNBET_DEPLOYMENT is not set and 2 deployments use this Redis" in said
    assert all(deployment in said for deployment in both)


def test_without_the_password_flower_shows_nothing(window: Window) -> None:
    closed = [path for path, _ in _urls() if path not in OPEN]
    assert {"/tasks", "/broker", "/metrics", "/api/tasks"} <= set(closed)
    for auth in (None, (USER, "another-password")):
        with httpx.Client(base_url=window.http.base_url, auth=auth, trust_env=False) as anonymous:
            answers = {path: anonymous.get(_filled(path)).status_code for path in closed}
            refused = (401, 405, 429)
            assert {path: code for path, code in answers.items() if code not in refused} == {}
            for path in ("/login", "/logout"):
                assert MESSAGE_KEY not in anonymous.get(path).text
    assert window.http.get("/metrics").status_code == 200
    connections = psutil.Process(window.system.processes["flower"].pid).net_connections()
    assert {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


@pytest.mark.long
def test_wrong_logins_are_limited_and_the_right_one_is_let_in(window: Window) -> None:
    with httpx.Client(base_url=window.http.base_url, trust_env=False) as anonymous:
        codes = [
            anonymous.get("/api/workers", auth=(USER, f"guess-{number}")).status_code
            for number in range(MAX_WRONG + 10)
        ]
        assert codes == [401] * MAX_WRONG + [429] * 10
        assert anonymous.get("/").status_code == 401, "who says nothing is asked for a login"
    assert window.http.get("/").status_code == 200
    assert window.system.said("flower").count("wrong login") == MAX_WRONG


def test_flower_controls_nothing(window: Window) -> None:
    window.system.start_worker("one")
    window.wait_for("/api/workers?refresh=1", lambda page: "one@test" in page)
    # Those of Flower's own table: one that a later version adds is asked as well.
    controls = [path for path, handler in _urls() if _changes(handler)]
    assert len(controls) >= 14
    for path in controls:
        name = "unbet.cancel" if "/task/" in path else "one@test"
        answer = window.http.post(
            _filled(path, name),
            params={"workername": "one@test", "n": 1, "queue": "other", "terminate": "1"},
            json={"args": ["forged"]} if "/task/" in path else None,
        )
        assert (answer.status_code, answer.text) == (403, "Read only mode is enabled"), path
    page = window.http.get("/worker/one@test").text
    assert "worker-pool-grow" not in page
    assert "worker-shutdown" not in page
    assert window.system.processes["one"].poll() is None
    assert "rejected" not in window.system.said("one")


def test_flower_shows_references_and_neither_players_nor_secrets(window: Window) -> None:
    system = window.system
    system.start_worker("one")
    system.start_receiver()
    system.cancel(reference="shown-as-done", userId="a-player", sessionId="a-session")
    pages = [window.wait_for("/api/tasks", lambda page: "no_bet" in page)]
    children = psutil.Process(system.processes["one"].pid).children()
    for child in children:
        child.suspend()
    with ThreadPoolExecutor(1) as sender:
        waiting = {"reference": "shown-as-waiting", "userId": "a-player", "sessionId": "a-session"}
        answer = sender.submit(system.cancel, **waiting)
        workers = "/api/workers?refresh=1&workername=one@test"
        pages.append(window.wait_for(workers, lambda page: _reserved(page) != []))
        pages.append(window.http.get("/worker/one@test").text)
        for child in children:
            child.resume()
        assert answer.result()["error"] == 0
    pages.append(window.wait_for("/api/tasks", lambda page: "shown-as-waiting" in page))
    tasks = json.loads(pages[-1])
    pages += [window.http.get(f"/task/{task}").text for task in tasks]
    pages += [window.http.get(f"/api/task/info/{task}").text for task in tasks]
    paths = ("/", "/?json=1", "/tasks", "/broker", "/metrics", "/api/queues/length", "/api/workers")
    pages += [window.http.get(path).text for path in paths]
    broker = system.environment["UNBET_BROKER_URL"]
    secrets = {
        "a-player",
        "a-session",
        system.environment["UNBET_URL_SECRET"],
        MESSAGE_KEY,
        PASSWORD,
        broker.removeprefix("redis://:").partition("@")[0],
    }
    text = "\n".join(pages) + window.system.said("flower")
    unpacked = text + "".join(_unpacked(text))
    assert "shown-as-done" in text
    assert "redis://:**@" in window.http.get("/broker").text
    assert {secret for secret in secrets if secret in unpacked} == set()


@pytest.mark.long
def test_what_flower_has_seen_survives_its_restart(window: Window) -> None:
    system = window.system
    system.start_both()
    system.cancel(reference="seen-before")
    before = json.loads(window.wait_for("/api/tasks", lambda page: "no_bet" in page))
    flower = system.processes["flower"]
    flower.terminate()
    assert flower.wait(LIMIT_S) == 0
    window.start()
    assert json.loads(window.http.get("/api/tasks").text) == before
    kept = [file for file in window.file.parent.iterdir() if file.name.startswith("seen")]
    # Its pickles are code to whoever reads them.
    assert {file.stat().st_mode & 0o077 for file in kept} == {0}
    with shelve.open(str(window.file), "r") as seen:  # noqa: S301 - we wrote it
        assert seen["events"].tasks.limit == MAX_TASKS


def _urls() -> Iterator[tuple[str, type]]:
    """Flower's own table of paths."""
    for rule in handlers:
        if isinstance(rule, tuple):
            yield rule[0], rule[1]
        else:
            yield rule.regex.pattern.removesuffix("$"), rule.handler_class


def _filled(path: str, name: str = "one@test") -> str:
    return re.sub(r"\(.*?\)", name, path)


def _changes(handler: type) -> bool:
    # The table of tasks is asked for by POST as well, and so is what is not there.
    reads = ("TasksDataTable", "NotFoundErrorHandler")
    return "post" in vars(handler) and handler.__name__ not in reads


def _reserved(page: str) -> list[Any]:
    worker = json.loads(page).get("one@test", {}) if page.startswith("{") else {}
    return list(worker.get("reserved", []))


def _unpacked(text: str) -> Iterator[str]:
    """What is hidden in the text only by being packed."""
    for packed in re.findall(r"[A-Za-z0-9+/]{60,}={0,2}", text):
        with suppress(ValueError, zlib.error):
            yield zlib.decompress(base64.b64decode(packed)).decode()

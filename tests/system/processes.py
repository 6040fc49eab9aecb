"""Starts the real processes for a test, and ends them whatever becomes of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx

from tests.databases import deployment_at, url_as
from tests.servers import Role, reserve_port

ROOT: Final = Path(__file__).resolve().parents[2]
START_LIMIT_S: Final = 30.0
LOG_TAIL: Final = 4096
MESSAGE_KEY: Final = "a-message-key-for-tests-that-is-long-enough"

ROLE_OF: Final = {
    "receiver": Role.RECEIVER,
    "console": Role.CONSOLE,
    "ledger": Role.OPERATOR,
}
"""The others have a worker's rights."""

EXAMPLE: Final = {
    "providerId": "LuckyMonaco",
    "userId": "123456",
    "sessionId": "<sessionId>",
    "currency": "USD",
    "gameId": "Im_60_tumblefortune",
    "gameName": "tumblefortune",
    "reference": "585c1306f89c56f5ecfc2f5d",
    "uuid": "4a5d375ac1311b04fba2ea66d067b8e5",
}
"""The provider's own example (the seed), as it stands."""


class System:
    """A receiver and any number of workers on one database and one Redis, each in its own role."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self.environment = environment | {"PATH": programs, "UNBET_PORT": str(reserve_port())}
        self.logs = logs
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.environment['UNBET_PORT']}",
            timeout=10,  # the provider's limit
            trust_env=False,
        )

    @property
    def path(self) -> str:
        return f"/{self.environment['UNBET_URL_SECRET']}/V4/Cancel"

    def key(self, name: str) -> str:
        """The key in Redis that this deployment calls `name`."""
        deployment = deployment_at(self.environment["UNBET_DATABASE_URL"])
        return f"unbet:{deployment.hex[:12]}:{name}"

    def start_receiver(self) -> None:
        self._start_receiver()
        self._wait_for_receiver()

    def start_worker(self, name: str = "worker") -> None:
        self._start_worker(name)
        self._wait_for_worker(name)

    def start_both(self) -> None:
        """A worker and a receiver, beside each other."""
        self._start_worker("worker")
        self._start_receiver()
        self._wait_for_worker("worker")
        self._wait_for_receiver()

    def start_console(self) -> None:
        """Needs a port and a login in the environment."""
        self.start("console", sys.executable, "-m", "unbet.console")
        self.wait("console", self._console_listens)

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.environment['UNBET_CONSOLE_PORT']}"

    def _console_listens(self) -> bool:
        try:
            return httpx.get(self.console, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False

    def start_sweep(self, name: str = "sweep") -> None:
        self.start(name, sys.executable, "-m", "worker.sweep")

    def start(self, name: str, *command: str) -> None:
        """Start a process, with the rights that what its name begins with has."""
        role = ROLE_OF.get(name.partition("-")[0], Role.WORKER)
        with (self.logs / f"{name}.log").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment_as(role),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def environment_as(self, role: Role) -> dict[str, str]:
        url = url_as(role, self.environment["UNBET_DATABASE_URL"])
        return self.environment | {"UNBET_DATABASE_URL": url}

    def said(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def cancel(self, **fields: Any) -> dict[str, Any]:
        """Send the example with `fields` changed; the answer."""
        response = self.http.post(self.path, json=EXAMPLE | fields)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def unbet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("unbet")), *arguments],
            env=self.environment_as(Role.OPERATOR),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def stop(self) -> None:
        """End all at once: how they stop by themselves is for tests of that."""
        self.http.close()
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for name, process in self.processes.items():
            process.wait()
            # Shown by pytest where a test has failed.
            sys.stdout.write(f"--- {name} said at last:\n{self.said(name)[-LOG_TAIL:]}\n")

    def alive(self) -> bool:
        return self._is_ok("/healthz")

    def ready(self) -> bool:
        return self._is_ok("/readyz")

    def _is_ok(self, path: str) -> bool:
        with suppress(httpx.TransportError):
            return self.http.get(path).is_success
        return False

    def _start_receiver(self) -> None:
        self.start("receiver", sys.executable, "-m", "api")

    def _wait_for_receiver(self) -> None:
        self.wait("the receiver", self.ready)

    def _start_worker(self, name: str) -> None:
        self.start(
            name,
            *(sys.executable, "-m", "celery", "--app", "worker.app", "worker"),
            *("--hostname", f"{name}@test"),
        )

    def _wait_for_worker(self, name: str) -> None:
        self.wait(name, lambda: f"{name}@test ready" in self.said(name))

    def wait(self, name: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not condition():
            logs = "\n".join(f"{n}: {self.said(n)}" for n in self.processes)
            ended = [n for n, process in self.processes.items() if process.poll() is not None]
            assert not ended, f"{ended} ended:\n{logs}"
            assert time.monotonic() < deadline, f"{name} did not start:\n{logs}"
            time.sleep(0.05)


def environment_of(home: Path, urls: Mapping[str, str], **more: str) -> dict[str, str]:
    """The variables of a system at `home` on the servers at `urls`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "UNBET_URL_SECRET": "a-secret-for-tests-only",
        "UNBET_MESSAGE_KEY": MESSAGE_KEY,
        "UNBET_SPOOL_DIR": str(home / "spool"),
        **urls,
        **more,
    }

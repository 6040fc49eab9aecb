"""Service addresses of the run: commands for the relay process."""

import json
import subprocess
import sys
import threading
from typing import Any, Final, Self
from urllib.parse import urlsplit

from unbet.local.processes import ROOT

POSTGRES: Final = "postgres"
REDIS: Final = "redis"


class Addresses:
    """A relay process. Each call takes a millisecond or so; raises `OSError` if it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """In a session of its own: Ctrl-C must not take the addresses away before their users."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testbed.chaos.relay"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def stop(self) -> None:
        """It ends with its input."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None

    def listen(self, name: str, *targets: int) -> int:
        """A new address, whose connections go to `targets` in turn; its port."""
        self.move(name, *targets)
        return self.listen_again(name)

    def in_front_of(self, name: str, url: str) -> str:
        """An address that leads to the server at `url`; that URL with the address's port."""
        self.listen(name, urlsplit(url).port or 0)
        return self.url(name, url)

    def url(self, name: str, url: str) -> str:
        """`url` with the address's port."""
        parts = urlsplit(url)
        netloc = f"{parts.netloc.rpartition(':')[0]}:{self.ports[name]}"
        return parts._replace(netloc=netloc).geturl()

    def move(self, name: str, *targets: int) -> None:
        """New connections go elsewhere; those that there are stay where they are."""
        self._do(name, "lead_to", *targets)

    def stop_listening(self, name: str) -> None:
        """Nobody is there for new connections, until `listen_again`."""
        self._do(name, "stop_listening")

    def listen_again(self, name: str) -> int:
        """At the same port, which is returned."""
        self.ports[name] = int(self._do(name, "listen"))
        return self.ports[name]

    def refuse(self, name: str) -> None:
        """Reset all connections, and each new one, until `resume`."""
        self._do(name, "set_mode", "refuse")

    def silence_all(self, name: str) -> None:
        """Forward nothing and close nothing, new connections included, until `resume` or
        `resume_new`."""
        self._do(name, "set_mode", "silent")

    def silence_established(self, name: str) -> int:
        """The same for the connections that there are; new ones work. How many are silent."""
        return int(self._do(name, "mute"))

    def resume(self, name: str) -> None:
        """Forward again, also what was held back. New ones that got nowhere are reset."""
        self.resume_new(name)
        self._do(name, "resume")

    def resume_new(self, name: str) -> None:
        """The same for new connections only."""
        self._do(name, "set_mode", "open")

    def reset(self, name: str) -> int:
        """Reset all connections; how many there were."""
        return int(self._do(name, "reset"))

    def _do(self, name: str, method: str, *arguments: object) -> Any:
        with self._turn:
            process = self._process
            if process is None or process.stdin is None or process.stdout is None:
                raise OSError("the service addresses are not there any more")
            process.stdin.write(json.dumps([name, method, arguments]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            raise OSError("the service addresses have ended")
        return json.loads(answer)

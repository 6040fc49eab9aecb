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
        if self._process is None:
            return
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
        self._do("lead_to", name, targets)

    def stop_listening(self, name: str) -> None:
        """Nobody is there for new connections, until `listen_again`."""
        self._do("stop_listening", name)

    def listen_again(self, name: str) -> int:
        """At the same port, which is returned."""
        self.ports[name] = int(self._do("listen", name))
        return self.ports[name]

    def refuse(self, name: str) -> None:
        """Reset all connections, and each new one, until `resume`."""
        self._do("mode", name, "refuse")

    def silence_all(self, name: str) -> None:
        """Forward nothing and close nothing, new connections included, until `resume` or
        `resume_new`."""
        self._do("mode", name, "silent")

    def silence_established(self, name: str) -> int:
        """The same for the connections that there are; new ones work. How many are silent."""
        return int(self._do("silence", name))

    def resume(self, name: str) -> None:
        """Forward again, also what was held back. New ones that got nowhere are reset."""
        self.resume_new(name)
        self._do("resume", name)

    def resume_new(self, name: str) -> None:
        """The same for new connections only."""
        self._do("mode", name, "open")

    def reset(self, name: str) -> int:
        """Reset all connections; how many there were."""
        return int(self._do("reset", name))

    def _do(self, do: str, name: str, value: object = None) -> Any:
        with self._turn:
            if self._process is None or self._process.stdin is None or self._process.stdout is None:
                raise OSError("the service addresses are not there any more")
            self._process.stdin.write(json.dumps({"do": do, "name": name, "value": value}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise OSError("the service addresses have ended")
        return json.loads(answer)

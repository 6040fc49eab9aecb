"""The proxy between Unbet and the operator's wallet service, in a process of its own: `python -m
testbed.chaos.wallet_proxy PORT`, where the service listens.

It says its own port, then takes commands as lines of JSON, `[method, arguments]`, and answers each
with one; it ends with its standard input.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from testbed.wallet.faults import Fault
from testbed.wallet.proxy import Proxy
from unbet.local.processes import ROOT

LOOK_INTERVAL_S: Final = 0.01


class ChaosProxy(Proxy):
    """Spoils a share of all calls until it is told otherwise, and can hold answers back."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._fault, self._share, self._delay_s = Fault.NONE, 1.0, 0.0
        self._holds, self._drops, self._held = False, False, 0
        self._dice = Random(port)  # noqa: S311 - a game's dice, no secret

    def spoil(self, fault: str, share: float) -> None:
        """Such a part of the calls from now on; `Fault.NONE` spoils none."""
        self._fault, self._share = Fault(fault), share

    def slow_down(self, seconds: float) -> None:
        """Each answer comes so much later."""
        self._delay_s = seconds

    def hold_answers(self, within_s: float) -> int:
        """Pass on no answer until `release`; returns once there is one, or after `within_s`: how
        many there are. What they say is committed."""
        self._held, self._holds = 0, True
        until = time.monotonic() + within_s
        while not self._held and time.monotonic() < until:
            time.sleep(LOOK_INTERVAL_S)
        return self._held

    def release(self, drops: bool) -> None:
        """Pass on what was held, or close its connections instead."""
        self._drops, self._holds = drops, False

    def next_fault(self) -> Fault:
        self.calls.clear()  # nobody reads them here
        return self._fault if self._dice.random() < self._share else Fault.NONE

    async def _ask(self, first: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        answer = await super()._ask(first, headers, body)
        await asyncio.sleep(self._delay_s)
        if self._holds:
            self._held += 1
            while self._holds:
                await asyncio.sleep(LOOK_INTERVAL_S)
            if self._drops:
                raise ConnectionResetError
        return answer


class SpoilingProxy:
    """The process, as the run sees it. Raises `OSError` if it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self.port = 0
        """Where it listens, once it has been started."""

    def start(self, port: int) -> None:
        """In front of the service at `port`."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testbed.chaos.wallet_proxy", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout  # noqa: S101 - it is a pipe
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """It ends with its input."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None

    def do(self, method: str, *arguments: object) -> Any:
        """One of `ChaosProxy`'s."""
        with self._turn:
            process = self._process
            if process is None or process.stdin is None or process.stdout is None:
                raise OSError("the wallet's proxy is not there any more")
            process.stdin.write(json.dumps([method, arguments]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            raise OSError("the wallet's proxy has ended")
        return json.loads(answer)


def _main() -> None:
    with ChaosProxy(int(sys.argv[1])) as proxy:
        print(urlsplit(proxy.url).port, flush=True)  # noqa: T201
        for line in sys.stdin:
            method, arguments = json.loads(line)
            print(json.dumps(getattr(proxy, method)(*arguments)), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main()

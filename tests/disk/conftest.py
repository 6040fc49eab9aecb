"""The system of the tests of faults, and a disk of its own for the receiver's spool."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.faults.conftest import engine as engine
from tests.system.faults.conftest import environment as environment
from tests.system.faults.conftest import operator as operator
from tests.system.faults.conftest import own_services as own_services
from tests.system.faults.conftest import service_url as service_url
from tests.system.processes import System

SIZE = "1m"


class OwnDisk:
    """A receiver whose spool is a small file system, mounted for it alone."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._spool = Path(system.environment["UNBET_SPOOL_DIR"])
        self._spool.mkdir(exist_ok=True)
        self._nothing = self._spool.parent / "nothing"

    def start_receiver(self) -> None:
        mount = f'mount -t tmpfs -o size={SIZE},mode=700 none "$UNBET_SPOOL_DIR"'
        python = self._system.environment["PATH"].split(os.pathsep)[0] + "/python"
        start = f'{mount} && exec "{python}" -m api'
        unshare = ("unshare", "--mount", "--propagation", "private")
        self._system.start("receiver", *unshare, "sh", "-c", start)
        self._system.wait("the receiver", self._system.ready)

    @property
    def directory(self) -> Path:
        """The spool as the receiver sees it."""
        pid = self._system.processes["receiver"].pid
        return Path(f"/proc/{pid}/root{self._spool}")

    def remount(self, how: str) -> None:
        pid = str(self._system.processes["receiver"].pid)
        command = ["nsenter", "--target", pid, "--mount", "mount", "-o", f"remount,{how}"]
        subprocess.run([*command, str(self._spool)], check=True, timeout=10)


@pytest.fixture
def disk(idle_system: System) -> OwnDisk:
    """Its receiver is started by the test."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.fail("make test-disk mounts disks: it needs root, and unshare of util-linux")
    return OwnDisk(idle_system)

"""A MariaDB of the tests' own, in a folder of its own, on the loopback interface."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from examples.casino.database import engine_for
from tests.servers import UnixUser, reserve_port
from tests.waiting import until

USER: Final = "casino"
PASSWORD: Final = "for-tests-only"  # noqa: S105
LIMIT_S: Final = 120
"""To make its files, on a busy machine."""


class MariaDB:
    """One server. It may be killed and started again; its files and its port stay."""

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self._log = directory / "mariadbd.log"
        self._account = UnixUser.unprivileged()  # as root it refuses to run
        self._process: subprocess.Popen[bytes] | None = None
        self.port = reserve_port()
        directory.mkdir(mode=0o700)
        accounts = directory / "accounts.sql"
        accounts.write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1';\n"
        )
        self._account.own(directory)
        self._account.open_way_to(directory)
        make = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={self._data}"]
        with self._log.open("ab") as log:
            subprocess.run(make, check=True, timeout=LIMIT_S, **self._options(log))
        self._command = [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self._data}",
            f"--socket={directory / 'socket'}",
            f"--pid-file={directory / 'pid'}",
            f"--init-file={accounts}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
        ]

    @property
    def url(self) -> str:
        """As `CASINO_DATABASE_URL` has it."""
        return f"mariadb://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, **self._options(log))
        until(self._answers, f"MariaDB did not start: {self._log}", LIMIT_S)

    def kill(self) -> None:
        """At once, as a machine dies."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def run(self, script: str) -> None:
        """Statements with `;` at their ends, as the client takes them."""
        engine = engine_for(self.url)
        with engine.begin() as connection:
            for statement in _statements(script):
                connection.execute(text(statement))
        engine.dispose()

    def _options(self, log: IO[bytes]) -> dict[str, Any]:
        return {"stdout": log, "stderr": log, **self._account.for_subprocess()}

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        engine = engine_for(self.url)
        try:
            with engine.connect():
                return True
        except OperationalError:
            return False
        finally:
            engine.dispose()


@contextmanager
def running(directory: Path) -> Iterator[MariaDB]:
    """One that is ended whatever happens."""
    server = MariaDB(directory)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert found, f"there is no {name}: apt-get install mariadb-server"
    return found


def _statements(script: str) -> list[str]:
    lines = [line.split("--")[0] for line in script.splitlines()]
    return [one for one in "\n".join(lines).split(";") if one.strip()]

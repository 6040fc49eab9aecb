"""Measures the audit of a whole ledger: its time, and the memory of client and server."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from sqlalchemy import text

from benchmarks import filling
from benchmarks.checking import CheckError
from benchmarks.environment import Ledger
from benchmarks.filling import cancel_of
from unbet import connect_to
from unbet.wallets.ledger.reversal import reverse

GROUP: Final = 512
SAMPLE_INTERVAL_S: Final = 0.1
LIMIT_S: Final = 3600.0

# The backend of the command line, and the parallel workers that it starts.
_BACKENDS: Final = text("""
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'unbet-command'
""")
_TEMPORARY: Final = text(
    "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()"
)


@dataclass(frozen=True)
class Audited:
    """What an audit took. A backend's memory includes the shared buffers that it has touched."""

    checked: dict[str, int]
    seconds: float
    command_mb: float
    """The most that `unbet audit` held."""
    backend_mb: float
    """The most that one backend held."""
    backends_mb: float
    """The most that all of them held together, what they share counted for each."""
    disk_mb: float
    """What sorts and hashes wrote to temporary files."""

    @property
    def title(self) -> str:
        return f"Audit of {self.checked['entries']:,} entries, {self.checked['bets']:,} bets"

    def rows(self) -> list[tuple[str, str]]:
        """One for each figure."""
        return [
            ("seconds", f"{self.seconds:.1f}"),
            ("unbet audit, most MB", f"{self.command_mb:.0f}"),
            ("one PostgreSQL backend, most MB", f"{self.backend_mb:.0f}"),
            ("all its backends, most MB", f"{self.backends_mb:.0f}"),
            ("temporary files, MB written", f"{self.disk_mb:.0f}"),
        ]


def cancel_some(ledger: Ledger, count: int, say: Callable[[int], None]) -> None:
    """Place `count` bets more and reverse them; `say` is told how many are, again and again."""
    engine = connect_to(ledger.url, name="benchmark", pool_size=1)
    bets = filling.new_bets(filling.references(), count, filling.players())
    filling.place(ledger.engine, bets)
    for start in range(0, count, GROUP):
        with engine.begin() as connection:
            reverse(connection, [cancel_of(bet) for bet in bets[start : start + GROUP]])
        say(min(start + GROUP, count))
    engine.dispose()
    filling.settle_down(ledger.engine)


def carry_out(ledger: Ledger, environment: dict[str, str]) -> Audited:
    """Run `unbet audit` on it. Raises `CheckError` if that finds anything."""
    command, backend, backends = 0.0, 0.0, 0.0
    began = time.monotonic()
    autocommit = ledger.engine.execution_options(isolation_level="AUTOCOMMIT")
    words = [f"{Path(sys.executable).parent}/unbet", "audit", "--json"]
    with (
        autocommit.connect() as connection,
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process,
    ):
        written = connection.execute(_TEMPORARY).scalar_one()
        while process.poll() is None:
            if time.monotonic() - began > LIMIT_S:
                process.kill()
            command = max(command, *_resident_mb([process.pid]), 0.0)
            held = [*_resident_mb(connection.execute(_BACKENDS).scalars()), 0.0]
            backend, backends = max(backend, *held), max(backends, sum(held))
            time.sleep(SAMPLE_INTERVAL_S)
        seconds = round(time.monotonic() - began, 1)
        disk_mb = round((connection.execute(_TEMPORARY).scalar_one() - written) / 2**20, 1)
        assert process.stdout is not None
        document = json.loads(process.stdout.read() or "null")
    if process.returncode != 0:
        raise CheckError(f"`unbet audit` ended with {process.returncode}: {document}")
    return Audited(document["checked"], seconds, command, backend, backends, disk_mb)


def _resident_mb(pids: Iterable[int]) -> list[float]:
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found.append(round(psutil.Process(pid).memory_info().rss / 2**20, 1))
    return found

"""Measures the audit of a whole ledger: its time, and the memory of client and server."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import text

from benchmarks import filling
from benchmarks.cancels import cancel_of
from benchmarks.checking import CheckError
from benchmarks.environment import Ledger
from benchmarks.references import References
from unbet import connect_to
from unbet.cli.display import print_table
from unbet.wallets.ledger.reversal import reverse

GROUP: Final = 512
SAMPLE_INTERVAL_S: Final = 0.1
LIMIT_S: Final = 3600.0

# The backend of the command line, and the parallel workers that it starts.
_BACKENDS: Final = text("""
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'unbet-command'
""")


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


def cancel_some(ledger: Ledger, count: int, say: Callable[[int], None]) -> None:
    """Place `count` bets more and reverse them; `say` is told how many are, again and again."""
    user_ids = filling.players()
    engine = connect_to(ledger.url, name="benchmark", pool_size=1)
    bets = filling.new_bets(References(), count, user_ids)
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
    written = _temporary_mb(ledger)
    began = time.monotonic()
    with subprocess.Popen(
        [Path(sys.executable).with_name("unbet"), "audit", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
    ) as process:
        with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while process.poll() is None:
                if time.monotonic() - began > LIMIT_S:
                    process.kill()
                command = max(command, *_resident_mb([process.pid]), 0.0)
                held = [0.0, *_resident_mb(connection.execute(_BACKENDS).scalars())]
                backend, backends = max(backend, *held), max(backends, sum(held))
                time.sleep(SAMPLE_INTERVAL_S)
        seconds = time.monotonic() - began
        assert process.stdout is not None
        document = json.loads(process.stdout.read() or "null")
    if process.returncode != 0:
        raise CheckError(f"`unbet audit` ended with {process.returncode}: {document}")
    disk = _temporary_mb(ledger) - written
    return Audited(document["checked"], round(seconds, 1), command, backend, backends, disk)


def print_audited(found: Audited) -> None:
    """One row for each figure."""
    print_table(
        f"Audit of {found.checked['entries']:,} entries, {found.checked['bets']:,} bets",
        ["what", "found"],
        [
            ["seconds", f"{found.seconds:.1f}"],
            ["unbet audit, most MB", f"{found.command_mb:.0f}"],
            ["one PostgreSQL backend, most MB", f"{found.backend_mb:.0f}"],
            ["all its backends, most MB", f"{found.backends_mb:.0f}"],
            ["temporary files, MB written", f"{found.disk_mb:.0f}"],
        ],
    )


def document(found: Audited) -> dict[str, Any]:
    """For JSON."""
    return {"audit": vars(found)}


def _resident_mb(pids: Any) -> Iterator[float]:
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            yield round(psutil.Process(pid).memory_info().rss / 2**20, 1)


def _temporary_mb(ledger: Ledger) -> float:
    query = text("SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()")
    with ledger.engine.connect() as connection:
        return round(int(connection.execute(query).scalar_one()) / 2**20, 1)
